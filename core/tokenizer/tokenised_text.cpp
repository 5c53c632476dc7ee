// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenised_text.h"

#include "core/base/error.h"
#include "core/tokenizer/token_stream.h"

#include <fmt/format.h>

namespace kvw {

TokenisedText tokenise(const Tokenizer& tokenizer, const std::filesystem::path& file, std::int64_t limit,
                       std::size_t piece_bytes)
{
    if (limit < 0)
        throw Error(ErrorKind::InvalidArgument, fmt::format("{} tokens were asked for", limit),
                    "use --tokens 0 for the whole text, or a positive number");
    TextReader reader(file, piece_bytes);
    TokenStream stream(tokenizer, limit);
    while (!stream.full()) {
        const std::string_view piece = reader.next();
        if (piece.empty())
            break;
        stream.push(piece);
    }
    reader.read_rest();
    TokenisedText out;
    out.tokens = stream.finish();
    out.hash = reader.hash();
    out.name = file.filename().string();
    out.bytes = reader.file_bytes();
    if (out.tokens.size() < 2)
        throw Error(
            ErrorKind::BadInput,
            fmt::format("{}: the text has {} token(s); at least 2 are needed", file.string(), out.tokens.size()),
            "give a longer text");
    return out;
}

} // namespace kvw
