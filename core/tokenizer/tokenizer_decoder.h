// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer_json.h"

#include <memory>
#include <string>
#include <vector>

namespace kvw {

/// Turns tokens, as the vocabulary spells them, into text. Immutable.
class TokenDecoder
{
public:
    virtual ~TokenDecoder() = default;
    /// Changes the tokens of a whole text; may join them. The text is what they give in a row.
    virtual void apply(std::vector<std::string>& tokens) const = 0;
    /// The bytes of one token inside a text: what apply() gives for it where its neighbours and its place do not
    /// matter.
    virtual std::string alone(std::string token) const = 0;
};

/// ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, Sequence. Throws Error{Unsupported} naming any other.
std::unique_ptr<const TokenDecoder> make_token_decoder(const JsonPlace& json);

} // namespace kvw
