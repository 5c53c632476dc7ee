// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/place.h"

#include "core/base/utf8.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvw::config {
namespace {

constexpr std::size_t kShownBytes = 160; // of a text in a message
constexpr std::size_t kShownWord = 40;

unsigned byte_at(std::string_view text, std::size_t offset) { return static_cast<unsigned char>(text[offset]); }

std::string excerpt(std::string_view text, std::size_t offset)
{
    if (text.size() <= kShownBytes)
        return printable(text);
    const std::size_t half = kShownBytes / 2;
    const std::size_t first = utf8::character_start(text, offset > half ? std::min(offset, text.size()) - half : 0);
    const std::size_t last = utf8::character_start(text, std::min(first + kShownBytes, text.size()));
    return fmt::format("{}{}{}", first > 0 ? "..." : "", printable(text.substr(first, last - first)),
                       last < text.size() ? "..." : "");
}

} // namespace

std::size_t length_at(std::string_view text, std::size_t offset) noexcept
{
    const utf8::Decoded c = utf8::decode_at(text, offset);
    return c.valid ? c.bytes : std::min<std::size_t>(1, text.size() - offset);
}

std::size_t column_of(std::string_view text, std::size_t offset) noexcept
{
    std::size_t column = 1;
    for (std::size_t i = 0; i < std::min(offset, text.size()); ++column)
        i += length_at(text, i);
    return column;
}

std::string printable(std::string_view text)
{
    std::string shown;
    for (std::size_t i = 0; i < text.size();) {
        const utf8::Decoded c = utf8::decode_at(text, i);
        if (!c.valid || byte_at(text, i) < 0x20 || byte_at(text, i) == 0x7F) {
            shown += fmt::format("\\x{:02X}", byte_at(text, i));
            ++i;
        } else {
            shown += text.substr(i, c.bytes);
            i += c.bytes;
        }
    }
    return shown;
}

std::string quoted(std::string_view word)
{
    if (word.size() <= kShownWord)
        return fmt::format("\"{}\"", printable(word));
    return fmt::format("\"{}...\"", printable(utf8::truncated(word, kShownWord)));
}

PlacedError::PlacedError(ErrorKind kind, std::string_view text, std::size_t offset, std::string sentence,
                         std::string hint)
    : Error(kind, fmt::format("{}: column {}: {}", excerpt(text, offset), column_of(text, offset), sentence),
            std::move(hint)),
      offset_(offset),
      sentence_(std::move(sentence))
{}

} // namespace kvw::config
