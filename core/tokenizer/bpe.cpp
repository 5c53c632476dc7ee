// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

/// Two neighbouring characters as one number.
std::uint64_t pair_of(char32_t first, char32_t second)
{
    return (static_cast<std::uint64_t>(first) << 32) | static_cast<std::uint64_t>(second);
}

void require_absent(const JsonPlace& model, std::string_view key)
{
    const auto found = model.find(key);
    if (found && !found->text().empty())
        found->unsupported(fmt::format("\"{}\"", found->text()), "null");
}

/// Element `i`: "left right" with exactly one space, or ["left", "right"]. Its place is only put in words when it is
/// wrong, since there are hundreds of thousands.
std::pair<std::string_view, std::string_view> read_pair(const JsonPlace& merges, std::size_t i)
{
    const nlohmann::json& value = merges.value()[i];
    if (value.is_array()) {
        if (value.size() != 2)
            merges.element(i).wrong(fmt::format("{} elements", value.size()), "two strings");
        if (!value[0].is_string() || !value[1].is_string())
            merges.element(i).wrong(value.dump(), "two strings");
        return {value[0].get_ref<const std::string&>(), value[1].get_ref<const std::string&>()};
    }
    if (!value.is_string())
        merges.element(i).wrong(value.type_name(), "a string or an array of two strings");
    const std::string_view line = value.get_ref<const std::string&>();
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
        merges.element(i).wrong(fmt::format("\"{}\"", line), "two tokens with one space between them");
    return {line.substr(0, space), line.substr(space + 1)};
}

} // namespace

Bpe::Bpe(const JsonPlace& model)
{
    // Files of before 2021 have no type; a vocabulary and merges are then what makes it BPE.
    const std::string type = model.find("type") ? model.type() : "BPE";
    if (type != "BPE")
        model.unsupported(fmt::format("model type \"{}\"", type), "BPE");
    if (const auto dropout = model.find("dropout")) {
        if (!dropout->value().is_number())
            dropout->wrong(dropout->value().type_name(), "null or a number");
        if (dropout->value() != 0)
            dropout->unsupported(fmt::format("dropout {}, which makes ids random", dropout->value().dump()), "null, 0");
    }
    require_absent(model, "continuing_subword_prefix");
    require_absent(model, "end_of_word_suffix");
    read_vocabulary(model.at("vocab"));
    read_merges(model.at("merges"));
    fuse_unknown_ = model.flag("fuse_unk", false);
    byte_fallback_ = model.flag("byte_fallback", false);
    ignore_merges_ = model.flag("ignore_merges", false);
    if (const auto unknown = model.find("unk_token")) {
        unknown_ = id_of(unknown->text());
        if (!unknown_)
            unknown->wrong(fmt::format("\"{}\"", unknown->text()), "an entry of the vocabulary");
    }
}

void Bpe::read_vocabulary(const JsonPlace& vocab)
{
    if (!vocab.value().is_object())
        vocab.wrong(vocab.value().type_name(), "an object of tokens and their ids");
    entries_.reserve(vocab.value().size());
    std::unordered_map<TokenId, const std::string*> seen;
    for (const auto& [token, value] : vocab.value().items()) {
        const bool good = value.is_number_unsigned() && value.get<std::uint64_t>() <= std::uint64_t{kLargestTokenId};
        const auto id =
            static_cast<TokenId>(good ? value.get<std::int64_t>() : vocab.at(token).integer(0, kLargestTokenId));
        const auto [other, fresh] = seen.try_emplace(id, &token);
        if (!fresh)
            vocab.wrong(fmt::format("id {} for both \"{}\" and \"{}\"", id, *other->second, token),
                        "one token for each id");
        entries_.emplace_back(token, id);
    }
    short_character_.fill(-1);
    byte_.fill(-1);
    ids_.reserve(entries_.size());
    for (const auto& [token, id] : entries_) {
        ids_.emplace(token, id);
        longest_entry_bytes_ = std::max(longest_entry_bytes_, token.size());
        if (!token.empty() && token.size() <= 2) {
            const utf8::Decoded c = utf8::decode_at(token, 0);
            if (c.bytes == token.size() && c.code_point < short_character_.size())
                short_character_[c.code_point] = id;
        }
    }
    for (unsigned byte = 0; byte < 256; ++byte)
        byte_[byte] = id_of(fmt::format("<0x{:02X}>", byte)).value_or(-1);
}

void Bpe::read_merges(const JsonPlace& merges)
{
    if (!merges.value().is_array())
        merges.wrong(merges.value().type_name(), "an array");
    merges_.reserve(merges.value().size());
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < merges.value().size(); ++i) {
        const nlohmann::json& value = merges.value()[i];
        // Files made from merges.txt may have kept its first line.
        if (value.is_string() && value.get_ref<const std::string&>().starts_with("#version"))
            continue;
        const auto [left, right] = read_pair(merges, i);
        const auto known = [&, &merges = merges](std::string_view token) {
            const std::optional<TokenId> id = id_of(token);
            if (!id)
                merges.element(i).wrong(
                    fmt::format("a merge of or into \"{}\", which the vocabulary does not have", token),
                    "tokens of the vocabulary");
            return *id;
        };
        const TokenId result = known(std::string(left) + std::string(right));
        merges_.insert(known(left), known(right), {rank++, result});
        if (!left.empty() && !right.empty())
            joined_.insert(
                pair_of(utf8::decode_before(left, left.size()).code_point, utf8::decode_at(right, 0).code_point));
    }
}

std::optional<TokenId> Bpe::id_of(std::string_view token) const
{
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<TokenId> Bpe::character_id(std::string_view character) const
{
    if (character.size() > 2)
        return id_of(character);
    const TokenId id = short_character_[utf8::decode_at(character, 0).code_point];
    return id < 0 ? std::nullopt : std::optional(id);
}

bool Bpe::as_bytes(std::string_view character, std::vector<TokenId>& out) const
{
    for (const char byte : character) {
        if (byte_[static_cast<unsigned char>(byte)] < 0)
            return false;
    }
    for (const char byte : character)
        out.push_back(byte_[static_cast<unsigned char>(byte)]);
    return true;
}

void Bpe::first_symbols(std::string_view word, std::vector<TokenId>& out) const
{
    bool pending = false; // an unknown character that the next known one, or the end, writes down
    for (std::size_t i = 0; i < word.size();) {
        const std::string_view character = word.substr(i, utf8::decode_at(word, i).bytes);
        i += character.size();
        if (const std::optional<TokenId> id = character_id(character)) {
            if (pending)
                out.push_back(*unknown_);
            pending = false;
            out.push_back(*id);
        } else if (!(byte_fallback_ && as_bytes(character, out)) && unknown_) {
            if (pending && !fuse_unknown_)
                out.push_back(*unknown_);
            pending = true;
        }
    }
    if (pending)
        out.push_back(*unknown_);
}

void Bpe::encode(std::string_view word, std::vector<TokenId>& out, Scratch& scratch) const
{
    if (ignore_merges_) {
        if (const std::optional<TokenId> id = id_of(word)) {
            out.push_back(*id);
            return;
        }
    }
    encode_part(word, out, scratch);
}

void Bpe::encode_part(std::string_view part, std::vector<TokenId>& out, Scratch& scratch) const
{
    scratch.initial.clear();
    first_symbols(part, scratch.initial);
    merge_all(merges_, scratch.initial, out, scratch.merge);
}

std::size_t Bpe::last_cut(std::string_view word) const
{
    if (word.empty())
        return 0;
    std::size_t right = utf8::character_start(word, word.size() - 1);
    std::size_t end = word.size();
    while (right > 0) {
        const std::size_t left = utf8::character_start(word, right - 1);
        const std::string_view first = word.substr(left, right - left);
        const std::string_view second = word.substr(right, end - right);
        if (!joined_.contains(pair_of(utf8::decode_at(first, 0).code_point, utf8::decode_at(second, 0).code_point))
            && character_id(first) && character_id(second))
            return right;
        end = right;
        right = left;
    }
    return 0;
}

} // namespace kvw
