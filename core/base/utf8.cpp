// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <utf8proc.h>

namespace kvw::utf8 {
namespace {

constexpr std::size_t kMostBytes = 4; // of a character
constexpr char32_t kCodePoints = 0x110000;

const utf8proc_uint8_t* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

/// The end of the ASCII that begins at `offset`, eight bytes at a time as long as there are so many.
std::size_t skip_ascii(std::string_view text, std::size_t offset) noexcept
{
    std::uint64_t word = 0;
    for (; offset + sizeof word <= text.size(); offset += sizeof word) {
        std::memcpy(&word, text.data() + offset, sizeof word);
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    while (offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x80)
        ++offset;
    return offset;
}

/// A character begins with these bytes and has more: completed with the least or with the greatest continuation bytes it
/// is one. (What may follow the first byte is an interval, and each interval holds 0x80 or 0xBF.)
bool begins_character(std::string_view bytes) noexcept
{
    for (const char filling : {'\x80', '\xBF'}) {
        std::array<char, kMostBytes> whole;
        whole.fill(filling);
        std::copy(bytes.begin(), bytes.end(), whole.begin());
        utf8proc_int32_t ignored = 0;
        const auto length = utf8proc_iterate(bytes_of({whole.data(), whole.size()}), kMostBytes, &ignored);
        if (length > static_cast<utf8proc_ssize_t>(bytes.size()))
            return true;
    }
    return false;
}

/// The canonical decomposition of one character.
std::size_t decomposed(char32_t c, std::array<utf8proc_int32_t, 8>& out) noexcept
{
    int last_boundclass = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), out.data(), out.size(),
                                               UTF8PROC_DECOMPOSE, &last_boundclass);
    return count > 0 && static_cast<std::size_t>(count) <= out.size() ? static_cast<std::size_t>(count) : 0;
}

int combining_class(char32_t c) noexcept
{
    return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

/// Characters that may become one with a character before them: all that stand behind the first in some decomposition.
const std::bitset<kCodePoints>& joining()
{
    static const std::unique_ptr<const std::bitset<kCodePoints>> characters = [] {
        auto found = std::make_unique<std::bitset<kCodePoints>>();
        std::array<utf8proc_int32_t, 8> parts{};
        for (char32_t c = 0x80; c < kCodePoints; ++c) {
            if (utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_CN)
                continue;
            const std::size_t count = decomposed(c, parts);
            for (std::size_t i = 1; i < count; ++i)
                found->set(static_cast<std::size_t>(parts[i]));
        }
        return found;
    }();
    return *characters;
}

} // namespace

std::optional<std::size_t> first_invalid(std::string_view text) noexcept
{
    for (std::size_t i = skip_ascii(text, 0); i < text.size(); i = skip_ascii(text, i)) {
        utf8proc_int32_t ignored = 0;
        const auto length =
            utf8proc_iterate(bytes_of(text) + i, static_cast<utf8proc_ssize_t>(text.size() - i), &ignored);
        if (length <= 0)
            return i;
        i += static_cast<std::size_t>(length);
    }
    return std::nullopt;
}

Decoded decode_at(std::string_view text, std::size_t offset) noexcept
{
    if (offset >= text.size())
        return {};
    const auto first = static_cast<unsigned char>(text[offset]);
    if (first < 0x80)
        return {first, 1, true};
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(bytes_of(text) + offset, static_cast<utf8proc_ssize_t>(text.size() - offset), &code_point);
    if (length > 0)
        return {static_cast<char32_t>(code_point), static_cast<std::size_t>(length), true};
    std::size_t bytes = std::min(kMostBytes - 1, text.size() - offset);
    while (bytes > 1 && !begins_character(text.substr(offset, bytes)))
        --bytes;
    return {kReplacement, bytes, false};
}

Decoded decode_before(std::string_view text, std::size_t end) noexcept
{
    return decode_at(text, character_start(text, end - 1));
}

std::size_t character_start(std::string_view text, std::size_t offset) noexcept
{
    if (offset >= text.size())
        return offset;
    std::size_t start = offset;
    while (start > 0 && offset - start < kMostBytes - 1 && is_continuation(text[start]))
        --start;
    return is_continuation(text[start]) ? offset : start;
}

std::string_view truncated(std::string_view text, std::size_t limit) noexcept
{
    return text.size() <= limit ? text : text.substr(0, character_start(text, limit));
}

std::size_t complete_size(std::string_view text) noexcept
{
    if (text.empty())
        return 0;
    const std::size_t start = character_start(text, text.size() - 1);
    return begins_character(text.substr(start)) ? start : text.size();
}

void append(std::string& text, char32_t c)
{
    if (!utf8proc_codepoint_valid(static_cast<utf8proc_int32_t>(c)))
        c = kReplacement;
    std::array<utf8proc_uint8_t, kMostBytes> bytes{};
    const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count));
}

std::string lossy(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const Decoded c = decode_at(bytes, i);
        if (c.valid)
            out.append(bytes.substr(i, c.bytes));
        else
            append(out, kReplacement);
        i += c.bytes;
    }
    return out;
}

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const Decoded c = decode_at(text, i);
        width +=
            c.valid ? static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.code_point))) : 1;
        i += c.bytes;
    }
    return width;
}

std::string nfc(std::string_view text)
{
    if (skip_ascii(text, 0) == text.size())
        return std::string(text);
    utf8proc_uint8_t* composed = nullptr;
    const auto size = utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &composed,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
    if (size < 0)
        throw Error(ErrorKind::Internal, std::string("a text could not be normalised: ") + utf8proc_errmsg(size));
    return {reinterpret_cast<const char*>(composed), static_cast<std::size_t>(size)};
}

bool starts_anew(char32_t c)
{
    if (c < 0x80)
        return true;
    std::array<utf8proc_int32_t, 8> parts{};
    const char32_t first = decomposed(c, parts) > 0 ? static_cast<char32_t>(parts[0]) : c;
    return combining_class(first) == 0 && !joining().test(first);
}

} // namespace kvw::utf8
