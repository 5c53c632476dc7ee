// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/pretokenizer_regex.h"
#include "core/tokenizer/tokenizer_json.h"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// A part of the text on its way to words. Of a text that comes in parts a piece may come in parts too: then only the
/// first of a list may lack its beginning and only the last its end, the beginning is never empty, and the part with
/// the end may be.
struct Piece
{
    std::string_view text;
    bool at_start = false; ///< begins where the whole input begins
    bool begins = true;    ///< else it goes on with the last piece of the list before
    bool ends = true;      ///< else the first piece of the next list goes on with it
};

/// The pieces of one text, whole ones never empty, and whatever strings had to be made for them.
struct Pieces
{
    std::vector<Piece> list;
    std::deque<std::string> owned; ///< what views of `list` may point into; grows only

    std::string_view keep(std::string text) { return owned.emplace_back(std::move(text)); }
};

/// Cuts the pieces of a text that comes in parts. What a list of parts decides is written out at once, the rest kept:
/// over all lists the pieces are those of PreTokenizer::apply on the whole. Not for two threads at once.
class PieceStage
{
public:
    virtual ~PieceStage() = default;
    /// Views in the list stay valid until the next call, or until what `pieces` owns goes.
    virtual void apply(Pieces& pieces) = 0;
};

/// Cuts pieces into smaller ones, as the component of the same name of the package `tokenizers` does.
class PreTokenizer
{
public:
    virtual ~PreTokenizer() = default;
    /// All pieces are whole.
    virtual void apply(Pieces& pieces) const = 0;
    /// For one text in parts; must not outlive this. Null where only the whole text decides: patterns with \G, \K or \R, a
    /// Metaspace whose replacement is not one character.
    virtual std::unique_ptr<PieceStage> stage() const = 0;
};

/// ByteLevel, Split, Digits, Metaspace, WhitespaceSplit and Sequence. Throws Error{Unsupported} naming any
/// other, Error{BadInput} for wrong keys.
std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonPlace& json);

/// {"String": ..} or {"Regex": ..}, as in Split and Replace.
Regex read_pattern(const JsonPlace& json);

} // namespace kvw
