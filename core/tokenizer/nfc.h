// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kvw {

/// Unicode normalisation form C of valid UTF-8 as the package `tokenizers` computes it: marks that are newer than its
/// tables are ordinary characters there, which neither move nor combine.
std::string tokenizer_nfc(std::string_view text);
/// The length of the longest prefix of valid UTF-8 whose form no text that follows can change: what comes after it begins
/// with a character that does not combine with any before it.
std::size_t tokenizer_nfc_settled_size(std::string_view text);

} // namespace kvw
