// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvw {

/// The alphabet of byte-level BPE: each byte as one visible character. Printable bytes of Latin-1 (33..126, 161..172,
/// 174..255) stand for themselves, the others in their order for U+0100, U+0101, ... (Radford et al. 2019, GPT-2).
void append_byte_characters(std::string& out, std::string_view bytes);

/// The bytes that a token's characters stand for; a token with any other character is its own UTF-8 bytes.
std::string bytes_of_characters(std::string_view token);

} // namespace kvw
