// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/version.h"

namespace kvw {

std::string_view version() noexcept { return "0.1.0"; }

std::string_view compiler() noexcept
{
#if defined(__clang__)
    return "clang++ " __clang_version__;
#elif defined(__GNUC__)
    return "g++ " __VERSION__;
#else
    return "unknown";
#endif
}

} // namespace kvw
