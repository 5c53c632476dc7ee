// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace kvw {

/// What can be done next, not where it happened.
enum class ErrorKind {
    InvalidArgument, ///< the caller's words or numbers are wrong: correct them (exit code 2 on the command line)
    BadInput,        ///< a file's content is wrong
    NotFinite,       ///< NaN or infinity where a number is needed
    Unsupported,     ///< understood, but this build or machine cannot do it
    NotFound,        ///< a file, run or model that was named is not there
    Busy,            ///< someone else holds it: try again later
    OutOfMemory,
    NoSpace, ///< the disk is full or a quota is reached
    DeviceFault,
    Cancelled, ///< the user asked for it (exit code 130, or that of the signal)
    Internal,  ///< our own bug
};

/// The kind's stable lower-case name, as in JSON and in the store: "invalid_argument", "bad_input", ...
std::string_view name(ErrorKind kind) noexcept;

/// The one exception type of core. `message` has the value found, the one wanted and the place (file, layer, column);
/// `hint` is one thing to try and may be empty. what() is the message.
class Error : public std::runtime_error
{
public:
    Error(ErrorKind kind, std::string message, std::string hint = {});

    ErrorKind kind() const noexcept { return kind_; }
    const std::string& message() const noexcept { return message_; }
    const std::string& hint() const noexcept { return hint_; }

private:
    ErrorKind kind_;
    std::string message_;
    std::string hint_;
};

/// The process' exit code for an error that ends it: 2 for InvalidArgument, 130 for Cancelled, else 1.
int exit_code(ErrorKind kind) noexcept;

} // namespace kvw
