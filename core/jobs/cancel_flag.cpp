// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/cancel_flag.h"

#include "core/base/error.h"

#include <csignal>

namespace kvw {

std::string CancelFlag::reason() const
{
    const int cause = cause_.load(std::memory_order_relaxed);
    switch (cause) {
    case SIGINT:
        return "interrupted by Ctrl-C (SIGINT)";
    case SIGTERM:
        return "stopped by SIGTERM";
    case SIGHUP:
        return "stopped by SIGHUP (the terminal is gone)";
    default:
        return cause > 0 ? "stopped by signal " + std::to_string(cause) : "cancelled";
    }
}

void CancelFlag::check() const
{
    if (is_set())
        throw Error(ErrorKind::Cancelled, reason() + "; everything that was finished is in the store");
}

int CancelFlag::exit_code() const noexcept
{
    const int cause = cause_.load(std::memory_order_relaxed);
    return 128 + (cause > 0 ? cause : SIGINT);
}

} // namespace kvw
