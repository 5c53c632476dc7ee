// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <utility>

namespace kvw {

std::string_view name(ErrorKind kind) noexcept
{
    switch (kind) {
    case ErrorKind::InvalidArgument:
        return "invalid_argument";
    case ErrorKind::BadInput:
        return "bad_input";
    case ErrorKind::NotFinite:
        return "not_finite";
    case ErrorKind::Unsupported:
        return "unsupported";
    case ErrorKind::NotFound:
        return "not_found";
    case ErrorKind::Busy:
        return "busy";
    case ErrorKind::OutOfMemory:
        return "out_of_memory";
    case ErrorKind::NoSpace:
        return "no_space";
    case ErrorKind::DeviceFault:
        return "device_fault";
    case ErrorKind::Cancelled:
        return "cancelled";
    case ErrorKind::Internal:
        return "internal";
    }
    return "internal";
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : std::runtime_error(message),
      kind_(kind),
      message_(std::move(message)),
      hint_(std::move(hint))
{}

int exit_code(ErrorKind kind) noexcept
{
    switch (kind) {
    case ErrorKind::InvalidArgument:
        return 2;
    case ErrorKind::Cancelled:
        return 130;
    default:
        return 1;
    }
}

} // namespace kvw
