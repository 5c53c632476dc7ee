// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/protocol/message.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kvw::protocol {

/// Puts the pieces that a pipe delivers together to lines. Holds at most one line of kMaxLineBytes besides those that
/// are ready; of a longer line one error is reported and the rest, up to its newline, is thrown away.
class LineSplitter
{
public:
    using Item = std::variant<std::string, ProtocolError>; ///< a line without its newline

    void push(std::string_view bytes);
    /// The pipe has ended: what stands there without a newline is reported as an error.
    void finish();
    /// The next line or error in the order of the bytes, none when more bytes are needed.
    std::optional<Item> next();

private:
    void end_line();

    std::string line_;
    bool too_long_ = false;
    std::deque<Item> ready_;
};

} // namespace kvw::protocol
