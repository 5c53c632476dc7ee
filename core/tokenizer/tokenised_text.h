// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/text/text_reader.h"
#include "core/tokenizer/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kvw {

/// A text file as tokens.
struct TokenisedText
{
    std::string hash;            ///< SHA-256 of all of the file's bytes, however many tokens were asked for
    std::string name;            ///< file name
    std::int64_t bytes = 0;      ///< of the file
    std::vector<TokenId> tokens; ///< the first ones
};

/// Reads a text once, as read_text() does, and encodes it without special tokens: the first `limit` tokens (0: all), as
/// if the whole text were encoded and then cut. Memory: 4 to 8 bytes a token and a few MB, as long as the tokenizer can
/// be fed in parts (core/tokenizer/token_stream.h). Where the tokens are complete the rest of the file is only read for the
/// hash and checked to be UTF-8.
/// Throws what read_text() throws; Error{BadInput} for a text of fewer than two tokens; Error{InvalidArgument} for a
/// negative limit. piece_bytes: so much of the file is read at a time.
TokenisedText tokenise(const Tokenizer& tokenizer, const std::filesystem::path& file, std::int64_t limit,
                       std::size_t piece_bytes = TextReader::kPieceBytes);

} // namespace kvw
