// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/pretokenizer_regex.h"
#include "core/model/tokenizer_json.h"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// A part of the text on its way to words.
struct Piece
{
    std::string_view text;
    bool at_start = false; ///< begins where the whole input begins
};

/// The pieces of one text, never empty ones, and whatever strings had to be made for them.
struct Pieces
{
    std::vector<Piece> list;
    std::deque<std::string> owned; ///< what views of `list` may point into; grows only

    std::string_view keep(std::string text) { return owned.emplace_back(std::move(text)); }
};

/// Cuts pieces into smaller ones, as the component of the same name of the package `tokenizers` does.
class PreTokenizer
{
public:
    virtual ~PreTokenizer() = default;
    virtual void apply(Pieces& pieces) const = 0;
};

/// ByteLevel, Split, Digits, Metaspace, WhitespaceSplit and Sequence. Throws Error{Unsupported} naming any
/// other, Error{BadInput} for wrong keys.
std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonPlace& json);

/// {"String": ..} or {"Regex": ..}, as in Split and Replace.
Regex read_pattern(const JsonPlace& json);

} // namespace kvw
