// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/tokenizer_json.h"

#include <vector>

namespace kvw {

/// What the post-processor of tokenizer.json puts around the ids of a text when special tokens are asked for.
struct TokenFrame
{
    std::vector<TokenId> before;
    std::vector<TokenId> after;
};

/// TemplateProcessing (its template for one text), ByteLevel (which concerns offsets only) and Sequence. Throws
/// Error{Unsupported} naming any other, Error{BadInput} for a template that names unknown tokens or not exactly one
/// text.
TokenFrame read_token_frame(const JsonPlace& post_processor);

} // namespace kvw
