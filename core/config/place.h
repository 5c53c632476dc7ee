// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace kvw::config {

inline constexpr std::size_t kMaxTextBytes = 64 * 1024; ///< of a configuration or grid

/// Bytes of the UTF-8 character at text[offset]; 1 for a byte that does not begin one; offset < text.size().
std::size_t length_at(std::string_view text, std::size_t offset) noexcept;
/// The column of a byte, from 1, in Unicode code points; a byte that is not UTF-8 counts as one.
std::size_t column_of(std::string_view text, std::size_t offset) noexcept;
/// The text on one line: control characters and bytes that are not UTF-8 as \xNN.
std::string printable(std::string_view text);
/// `"word"`, printable and shortened.
std::string quoted(std::string_view word);

/// An error about one place of a text. The message is "TEXT: column N: sentence"; a long text is shortened around the
/// place.
class PlacedError : public Error
{
public:
    PlacedError(ErrorKind kind, std::string_view text, std::size_t offset, std::string sentence, std::string hint = {});

    std::size_t offset() const noexcept { return offset_; } ///< in bytes
    const std::string& sentence() const noexcept { return sentence_; }

private:
    std::size_t offset_;
    std::string sentence_;
};

} // namespace kvw::config
