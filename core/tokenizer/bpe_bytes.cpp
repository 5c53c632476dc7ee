// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_bytes.h"

#include "core/base/utf8.h"

#include <array>
#include <cstdint>

namespace kvw {
namespace {

constexpr char32_t kCharacters = 0x144; ///< one more than the last character used

struct Alphabet
{
    std::array<std::string, 256> character;
    std::array<std::int16_t, kCharacters> byte; ///< -1: none

    Alphabet()
    {
        byte.fill(-1);
        char32_t next = 0x100;
        for (unsigned value = 0; value < 256; ++value) {
            const bool visible = (value >= 33 && value <= 126) || (value >= 161 && value <= 172) || value >= 174;
            const char32_t c = visible ? value : next++;
            utf8::append(character[value], c);
            byte[c] = static_cast<std::int16_t>(value);
        }
    }
};

const Alphabet& alphabet()
{
    static const Alphabet table;
    return table;
}

} // namespace

void append_byte_characters(std::string& out, std::string_view bytes)
{
    const Alphabet& table = alphabet();
    for (const char byte : bytes)
        out += table.character[static_cast<unsigned char>(byte)];
}

std::string bytes_of_characters(std::string_view token)
{
    const Alphabet& table = alphabet();
    std::string out;
    for (std::size_t i = 0; i < token.size();) {
        const utf8::Decoded c = utf8::decode_at(token, i);
        if (c.code_point >= kCharacters || table.byte[c.code_point] < 0)
            return std::string(token);
        out.push_back(static_cast<char>(static_cast<unsigned char>(table.byte[c.code_point])));
        i += c.bytes;
    }
    return out;
}

} // namespace kvw
