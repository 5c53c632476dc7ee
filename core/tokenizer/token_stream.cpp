// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_stream.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/tokenizer/tokenizer_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

namespace kvw {
namespace {

/// So many ids are stored together.
constexpr std::size_t kBlock = std::size_t{1} << 20;
/// Of longer words parts are encoded where they can be cut.
constexpr std::size_t kLongWord = std::size_t{1} << 15;

std::size_t limit_of(std::int64_t limit)
{
    if (limit < 0)
        throw Error(ErrorKind::InvalidArgument, fmt::format("a limit of {} tokens", limit), "use 0 for no limit");
    return limit == 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
}

} // namespace

struct TokenStream::State
{
    State(const Tokenizer& owner, std::int64_t most);

    bool full() const { return stored_count_ + ids.size() >= limit; }
    void feed(std::string_view part, bool last);
    std::vector<TokenId> take();

    const Tokenizer& tokenizer;
    const Tokenizer::Impl& impl;
    std::size_t limit;
    std::vector<TokenId> ids; ///< those after the stored ones
    std::size_t pushed_bytes = 0;
    bool streams = true;
    std::string whole; ///< the text so far, where it cannot be encoded in parts

private:
    void ordinary_text(const AddedTokenScan::Part& part);
    void words_of(const AddedTokenScan::Part& part);
    void long_word(const Piece& piece);
    void part_of_word(const Piece& piece);
    void cut_word();
    void store();

    std::vector<std::vector<TokenId>> stored_;
    std::size_t stored_count_ = 0;
    AddedTokenScan plain_;
    AddedTokenScan normalised_;
    std::unique_ptr<NormaliserStage> normaliser_; ///< may be null
    std::unique_ptr<PieceStage> pre_tokenizer_;   ///< may be null
    std::vector<AddedTokenScan::Part> plain_parts_;
    std::vector<AddedTokenScan::Part> normalised_parts_;
    Pieces pieces_;
    WordIds words_;
    std::string word_;             ///< what has come of a word and is not yet encoded
    bool at_start_ = false;        ///< the ordinary text that is being read begins where the text begins
    bool word_was_cut_ = false;    ///< word_ goes on with what is encoded already
    std::size_t cut_again_at_ = 0; ///< size of word_ at which a cut is looked for
};

TokenStream::State::State(const Tokenizer& owner, std::int64_t most)
    : tokenizer(owner),
      impl(*owner.impl_),
      limit(limit_of(most)),
      plain_(impl.plain),
      normalised_(impl.normalised)
{
    if (impl.normaliser)
        normaliser_ = impl.normaliser->stage();
    if (impl.pre_tokenizer)
        pre_tokenizer_ = impl.pre_tokenizer->stage();
    streams = (!impl.normaliser || normaliser_) && (!impl.pre_tokenizer || pre_tokenizer_);
}

/// One list that grows by doubling would take up to three times its size while it grows.
void TokenStream::State::store()
{
    if (ids.size() < kBlock)
        return;
    stored_count_ += ids.size();
    stored_.push_back(std::move(ids));
    ids = {};
    ids.reserve(kBlock + kBlock / 16); // a part of the text adds some
    words_.forget();
}

/// Everything in one list; the blocks go one by one.
std::vector<TokenId> TokenStream::State::take()
{
    if (stored_.empty()) {
        ids.resize(std::min(ids.size(), limit));
        return std::move(ids);
    }
    stored_.push_back(std::move(ids));
    std::vector<TokenId> out;
    out.reserve(std::min(stored_count_ + stored_.back().size(), limit));
    for (std::vector<TokenId>& block : stored_) {
        const std::size_t count = std::min(block.size(), limit - out.size());
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
        std::vector<TokenId>().swap(block);
    }
    return out;
}

void TokenStream::State::feed(std::string_view part, bool last)
{
    store();
    plain_.feed(part, last, plain_parts_);
    for (const AddedTokenScan::Part& found : plain_parts_) {
        if (full())
            return;
        if (found.id >= 0)
            ids.push_back(found.id);
        else
            ordinary_text(found);
    }
}

void TokenStream::State::ordinary_text(const AddedTokenScan::Part& part)
{
    if (part.begins) {
        at_start_ = part.position == 0;
        normalised_.begin();
        if (normaliser_)
            normaliser_->begin();
    }
    if (normaliser_)
        normalised_.feed(normaliser_->feed(part.text, part.ends), part.ends, normalised_parts_);
    else
        normalised_.feed(part.text, part.ends, normalised_parts_);
    for (const AddedTokenScan::Part& found : normalised_parts_) {
        if (full())
            return;
        if (found.id >= 0)
            ids.push_back(found.id);
        else
            words_of(found);
    }
}

void TokenStream::State::words_of(const AddedTokenScan::Part& part)
{
    pieces_.owned.clear();
    pieces_.list.assign(1, {part.text, at_start_ && part.position == 0, part.begins, part.ends});
    if (pre_tokenizer_)
        pre_tokenizer_->apply(pieces_);
    for (const Piece& piece : pieces_.list) {
        if (full())
            return;
        if (piece.begins && piece.ends && piece.text.size() <= kLongWord)
            words_.encode(impl.model, piece.text, ids);
        else
            long_word(piece);
    }
}

/// In parts, since merging takes many times the memory of what is merged at once.
void TokenStream::State::long_word(const Piece& piece)
{
    std::size_t begin = 0;
    for (std::size_t end = 0; piece.text.size() - begin > kLongWord; begin = end) {
        end = utf8::character_start(piece.text, begin + kLongWord);
        part_of_word({piece.text.substr(begin, end - begin), false, piece.begins && begin == 0, false});
    }
    part_of_word({piece.text.substr(begin), false, piece.begins && begin == 0, piece.ends});
}

void TokenStream::State::part_of_word(const Piece& piece)
{
    if (piece.begins) {
        word_.clear();
        word_was_cut_ = false;
        cut_again_at_ = impl.model.longest_entry_bytes() + 1; // a shorter one may be an entry as a whole
    }
    word_ += piece.text;
    if (word_.size() > kLargestText)
        throw Error(
            ErrorKind::Unsupported,
            fmt::format("a word of more than {} bytes that this tokenizer only encodes as a whole", kLargestText),
            "break the text into lines");
    if (!piece.ends)
        return cut_word();
    if (word_was_cut_)
        impl.model.encode_part(word_, ids, words_.scratch);
    else
        words_.encode(impl.model, word_, ids);
    word_.clear();
}

void TokenStream::State::cut_word()
{
    if (word_.size() < cut_again_at_)
        return;
    if (const std::size_t cut = impl.model.last_cut(word_)) {
        impl.model.encode_part(std::string_view(word_).substr(0, cut), ids, words_.scratch);
        word_.erase(0, cut);
        word_was_cut_ = true;
    }
    cut_again_at_ = 2 * word_.size(); // so that looking takes time in proportion to the word
}

TokenStream::TokenStream(const Tokenizer& tokenizer, std::int64_t limit)
    : state_(std::make_unique<State>(tokenizer, limit))
{}
TokenStream::TokenStream(TokenStream&&) noexcept = default;
TokenStream& TokenStream::operator=(TokenStream&&) noexcept = default;
TokenStream::~TokenStream() = default;

void TokenStream::push(std::string_view part)
{
    if (const auto offset = utf8::first_invalid(part))
        throw Error(ErrorKind::BadInput,
                    fmt::format("the text is not valid UTF-8 at byte {}", state_->pushed_bytes + *offset),
                    "convert it to UTF-8");
    state_->pushed_bytes += part.size();
    if (state_->full())
        return;
    if (state_->streams)
        state_->feed(part, false);
    else
        state_->whole += part;
}

bool TokenStream::full() const { return state_->full(); }
bool TokenStream::streams() const { return state_->streams; }

std::vector<TokenId> TokenStream::finish()
{
    if (!state_->streams)
        state_->ids = state_->tokenizer.encode(state_->whole);
    else if (!state_->full())
        state_->feed({}, true);
    return state_->take();
}

} // namespace kvw
