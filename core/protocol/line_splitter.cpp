// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/protocol/line_splitter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvw::protocol {

void LineSplitter::push(std::string_view bytes)
{
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        if (!too_long_ && line_.size() + end >= kMaxLineBytes) { // the newline counts
            too_long_ = true;
            line_.clear();
            line_.shrink_to_fit();
            ready_.emplace_back(ProtocolError{fmt::format("a line is longer than {} bytes", kMaxLineBytes)});
        }
        if (!too_long_)
            line_.append(bytes.substr(0, end));
        if (end == bytes.size())
            return;
        end_line();
        bytes.remove_prefix(end + 1);
    }
}

void LineSplitter::end_line()
{
    if (!too_long_)
        ready_.emplace_back(std::exchange(line_, {}));
    too_long_ = false;
}

void LineSplitter::finish()
{
    if (!too_long_ && !line_.empty())
        ready_.emplace_back(ProtocolError{fmt::format("the last line has {} bytes and no newline", line_.size())});
    line_.clear();
    too_long_ = false;
}

std::optional<LineSplitter::Item> LineSplitter::next()
{
    if (ready_.empty())
        return std::nullopt;
    Item item = std::move(ready_.front());
    ready_.pop_front();
    return item;
}

} // namespace kvw::protocol
