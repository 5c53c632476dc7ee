// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include "core/base/utf8.h"
#include "core/tokenizer/characters.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

bool inside_word(std::string_view text, std::size_t begin, std::size_t end)
{
    const bool before = begin > 0 && unicode::is_word(utf8::decode_before(text, begin).code_point);
    const bool after = end < text.size() && unicode::is_word(utf8::decode_at(text, end).code_point);
    return before || after;
}

std::size_t skip_space_back(std::string_view text, std::size_t from, std::size_t limit)
{
    while (from > limit) {
        const utf8::Decoded c = utf8::decode_before(text, from);
        if (!unicode::is_white_space(c.code_point))
            break;
        from -= c.bytes;
    }
    return std::max(from, limit);
}

std::size_t skip_space(std::string_view text, std::size_t from)
{
    while (from < text.size()) {
        const utf8::Decoded c = utf8::decode_at(text, from);
        if (!unicode::is_white_space(c.code_point))
            break;
        from += c.bytes;
    }
    return from;
}

} // namespace

std::vector<AddedToken> read_added_tokens(const JsonPlace& list, const Bpe& model)
{
    std::unordered_map<TokenId, std::string> owner;
    for (const auto& [token, id] : model.entries())
        owner.emplace(id, token);
    std::vector<AddedToken> out;
    std::unordered_map<std::string, std::size_t> index; // into out
    for (const JsonPlace& entry : list.list()) {
        AddedToken token;
        token.content = entry.at("content").text();
        token.id = static_cast<TokenId>(entry.at("id").integer(0, kLargestTokenId));
        token.special = entry.flag("special", false);
        token.single_word = entry.flag("single_word", false);
        token.lstrip = entry.flag("lstrip", false);
        token.rstrip = entry.flag("rstrip", false);
        token.normalized = entry.flag("normalized", !token.special);
        const auto [other, fresh] = owner.try_emplace(token.id, token.content);
        if (!fresh && other->second != token.content)
            entry.wrong(
                fmt::format("id {} for \"{}\", which is \"{}\" already", token.id, token.content, other->second),
                "one token for each id");
        const auto in_vocabulary = model.id_of(token.content);
        const auto [twin, first] = index.try_emplace(token.content, out.size());
        const TokenId expected = in_vocabulary ? *in_vocabulary : first ? token.id : out[twin->second].id;
        if (expected != token.id)
            entry.wrong(fmt::format("id {} for \"{}\", which has id {} already", token.id, token.content, expected),
                        "one id for each token");
        if (first)
            out.push_back(std::move(token));
        else
            out[twin->second] = std::move(token);
    }
    return out;
}

void AddedTokenFinder::add(std::string_view text, const AddedToken& token)
{
    if (text.empty())
        return;
    std::uint32_t node = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        auto& children = nodes_[node].children;
        const auto found =
            std::find_if(children.begin(), children.end(), [byte](const auto& child) { return child.first == byte; });
        if (found != children.end()) {
            node = found->second;
            continue;
        }
        const auto fresh = static_cast<std::uint32_t>(nodes_.size());
        children.emplace_back(byte, fresh);
        nodes_.emplace_back();
        if (node == 0)
            first_[byte] = fresh;
        node = fresh;
    }
    if (nodes_[node].token >= 0) // two contents with one normalised form: the first one added is found
        return;
    nodes_[node].token = static_cast<std::int32_t>(tokens_.size());
    tokens_.push_back({token.id, token.single_word, token.lstrip, token.rstrip});
    any_takes_space_before_ = any_takes_space_before_ || token.lstrip;
}

AddedTokenFinder::Found AddedTokenFinder::longest_at(std::string_view text, std::size_t offset) const
{
    Found best;
    std::uint32_t node = first_[static_cast<unsigned char>(text[offset])];
    for (std::size_t i = offset + 1; node != 0; ++i) {
        if (nodes_[node].token >= 0)
            best = {i, nodes_[node].token, false};
        if (i >= text.size()) {
            best.undecided = !nodes_[node].children.empty();
            break;
        }
        const auto byte = static_cast<unsigned char>(text[i]);
        std::uint32_t next = 0;
        for (const auto& [value, child] : nodes_[node].children) {
            if (value == byte)
                next = child;
        }
        node = next;
    }
    return best;
}

void AddedTokenFinder::cut(std::string_view text, std::vector<Part>& out) const
{
    out.clear();
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size() && !tokens_.empty();) {
        const Found found = longest_at(text, i);
        if (found.token < 0) {
            ++i;
            continue;
        }
        const Flags& token = tokens_[static_cast<std::size_t>(found.token)];
        std::size_t begin = i;
        std::size_t end = found.end;
        i = found.end;
        if (token.single_word && inside_word(text, begin, end))
            continue;
        if (token.lstrip)
            begin = skip_space_back(text, begin, std::min(done, begin));
        if (token.rstrip)
            end = skip_space(text, end);
        if (done < begin)
            out.push_back({done, begin, -1});
        out.push_back({begin, end, token.id});
        done = end;
    }
    if (done < text.size())
        out.push_back({done, text.size(), -1});
}

void AddedTokenScan::begin()
{
    buffer_.clear();
    dropped_ = done_ = from_ = try_again_ = 0;
    open_ = false;
}

void AddedTokenScan::forget_done()
{
    // One character before a token decides whether it stands inside a word.
    std::size_t count = std::min(done_, from_ > 4 ? from_ - 4 : 0);
    count = utf8::character_start(buffer_, count);
    if (2 * count < buffer_.size()) // so that every byte is moved about once
        return;
    buffer_.erase(0, count);
    dropped_ += count;
    done_ -= count;
    from_ -= count;
    try_again_ -= std::min(try_again_, count);
}

/// Writes out the ordinary text before `end`.
void AddedTokenScan::emit_text(std::size_t end, bool ends, std::vector<Part>& out)
{
    if (done_ < end || (open_ && ends)) {
        out.push_back({std::string_view(buffer_).substr(done_, end - done_), dropped_ + done_, -1, !open_, ends});
        open_ = !ends;
    }
    done_ = std::max(done_, end);
}

/// As AddedTokenFinder::cut(). Takes the next token, or sees that none begins at from_; false when that is undecided.
bool AddedTokenScan::find(bool last, std::vector<Part>& out)
{
    const std::size_t size = buffer_.size();
    const AddedTokenFinder::Found found = finder_->longest_at(buffer_, from_);
    if (found.undecided && !last)
        return false;
    if (found.token < 0) {
        ++from_;
        return true;
    }
    const AddedTokenFinder::Flags& token = finder_->tokens_[static_cast<std::size_t>(found.token)];
    std::size_t begin = from_;
    std::size_t end = found.end;
    if (token.single_word) {
        if (end == size && !last)
            return false;
        if (inside_word(buffer_, begin, end)) {
            from_ = end;
            return true;
        }
    }
    if (token.rstrip) {
        end = skip_space(buffer_, end);
        if (end == size && !last)
            return false;
    }
    if (token.lstrip)
        begin = skip_space_back(buffer_, begin, std::min(done_, begin));
    emit_text(begin, true, out);
    out.push_back({std::string_view(), dropped_ + begin, token.id, true, true});
    done_ = end;
    from_ = found.end;
    return true;
}

void AddedTokenScan::feed(std::string_view text, bool last, std::vector<Part>& out)
{
    out.clear();
    forget_done();
    buffer_ += text;
    const std::size_t size = buffer_.size();
    if (!last && size < try_again_)
        return;
    if (finder_->tokens_.empty())
        from_ = size;
    while (from_ < size && find(last, out)) {}
    std::size_t decided = last ? size : from_;
    if (!last && finder_->any_takes_space_before_)
        decided = skip_space_back(buffer_, decided, std::min(done_, decided));
    if (last || done_ < decided)
        emit_text(decided, last, out);
    try_again_ = size + (size - std::min(decided, size));
}

} // namespace kvw
