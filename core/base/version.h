// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace kvw {

/// The program's version, "0.1.0"; a test holds it equal to the one of CMakeLists.txt.
std::string_view version() noexcept;
/// Compiler and its version, "g++ 12.2.0".
std::string_view compiler() noexcept;

} // namespace kvw
