// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/place.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvw::config {
namespace {

constexpr std::size_t kShownBytes = 160; // of a text in a message
constexpr std::size_t kShownWord = 40;

unsigned byte_at(std::string_view text, std::size_t offset) { return static_cast<unsigned char>(text[offset]); }

/// Moves an offset back to the start of the sequence that it may stand in.
std::size_t sequence_start(std::string_view text, std::size_t offset)
{
    for (std::size_t back = 0; back < 3 && offset > 0 && offset < text.size(); ++back) {
        if ((byte_at(text, offset) & 0xC0) != 0x80)
            break;
        --offset;
    }
    return offset;
}

std::string excerpt(std::string_view text, std::size_t offset)
{
    if (text.size() <= kShownBytes)
        return printable(text);
    const std::size_t half = kShownBytes / 2;
    const std::size_t first = sequence_start(text, offset > half ? std::min(offset, text.size()) - half : 0);
    const std::size_t last = sequence_start(text, std::min(first + kShownBytes, text.size()));
    return fmt::format("{}{}{}", first > 0 ? "..." : "", printable(text.substr(first, last - first)),
                       last < text.size() ? "..." : "");
}

} // namespace

std::size_t utf8_length(std::string_view text, std::size_t offset) noexcept
{
    if (offset >= text.size())
        return 0;
    const unsigned lead = byte_at(text, offset);
    const std::size_t length = lead < 0x80 ? 1
        : lead >= 0xC2 && lead < 0xE0      ? 2
        : (lead & 0xF0) == 0xE0            ? 3
        : lead >= 0xF0 && lead < 0xF5      ? 4
                                           : 0;
    if (length == 0 || length > text.size() - offset)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte_at(text, offset + i) & 0xC0) != 0x80)
            return 0;
    if (length > 2) { // too long a form, surrogates, beyond U+10FFFF
        const unsigned second = byte_at(text, offset + 1);
        if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) || (lead == 0xF0 && second < 0x90)
            || (lead == 0xF4 && second >= 0x90))
            return 0;
    }
    return length;
}

std::size_t column_of(std::string_view text, std::size_t offset) noexcept
{
    std::size_t column = 1;
    for (std::size_t i = 0; i < std::min(offset, text.size()); ++column)
        i += std::max<std::size_t>(utf8_length(text, i), 1);
    return column;
}

std::string printable(std::string_view text)
{
    std::string shown;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        if (length == 0 || byte_at(text, i) < 0x20 || byte_at(text, i) == 0x7F) {
            shown += fmt::format("\\x{:02X}", byte_at(text, i));
            ++i;
        } else {
            shown += text.substr(i, length);
            i += length;
        }
    }
    return shown;
}

std::string quoted(std::string_view word)
{
    if (word.size() <= kShownWord)
        return fmt::format("\"{}\"", printable(word));
    return fmt::format("\"{}...\"", printable(word.substr(0, sequence_start(word, kShownWord))));
}

PlacedError::PlacedError(ErrorKind kind, std::string_view text, std::size_t offset, std::string sentence,
                         std::string hint)
    : Error(kind, fmt::format("{}: column {}: {}", excerpt(text, offset), column_of(text, offset), sentence),
            std::move(hint)),
      offset_(offset),
      sentence_(std::move(sentence))
{}

} // namespace kvw::config
