// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/tokenizer/tokenizer_support.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Small tokenizers of every kind that the program reads, and texts that they stumble over, made without Python.
/// tests/conformance/make_tokenizers.py makes larger ones by the package `tokenizers`.
namespace kvw::tokenizer_test {

inline const char* const kUnderline = "\u2581";

/// The first `count` merges of byte pair encoding on `sample`, cut into characters: the most frequent pair, the first in
/// order among equals. With `within_words` none begins elsewhere than at a word's first character and takes the
/// underline.
inline std::vector<std::string> train_merges(std::vector<std::string> symbols, int count, std::set<std::string>& vocab,
                                             bool within_words)
{
    std::vector<std::string> merges;
    while (static_cast<int>(merges.size()) < count) {
        std::map<std::pair<std::string, std::string>, int> pairs;
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            if (!within_words || !symbols[i + 1].starts_with(kUnderline) || symbols[i].ends_with(kUnderline))
                ++pairs[{symbols[i], symbols[i + 1]}];
        }
        auto best = pairs.begin();
        for (auto at = pairs.begin(); at != pairs.end(); ++at) {
            if (at->second > best->second)
                best = at;
        }
        if (best == pairs.end() || best->second < 2)
            break;
        const auto [left, right] = best->first;
        merges.push_back(left + " " + right);
        vocab.insert(left + right);
        std::vector<std::string> next;
        for (std::size_t i = 0; i < symbols.size(); ++i) {
            if (i + 1 < symbols.size() && symbols[i] == left && symbols[i + 1] == right) {
                next.push_back(left + right);
                ++i;
            } else {
                next.push_back(symbols[i]);
            }
        }
        symbols = std::move(next);
    }
    return merges;
}

inline std::vector<std::string> characters_of(const std::string& text)
{
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u)
            out.back() += text[i];
        else
            out.emplace_back(1, text[i]);
    }
    return out;
}

/// Fragments whose neighbourhoods decide: spaces of all kinds, contractions, marks, joiners, parts of added tokens.
inline const std::vector<std::string> kHostileFragments = {"the",
                                                           "The",
                                                           "then",
                                                           "there is",
                                                           " and",
                                                           "and",
                                                           " ",
                                                           "  ",
                                                           "   ",
                                                           "\n",
                                                           "\r\n",
                                                           "\n\n",
                                                           "\t",
                                                           "\u00A0",
                                                           "\u2003",
                                                           "\u3000",
                                                           "\u00E9",
                                                           "e\u0301",
                                                           "\u4F60",
                                                           "\u597D",
                                                           " x\u00E9 y",
                                                           "\U0001F468\u200D\U0001F469",
                                                           "1",
                                                           "23",
                                                           "4567",
                                                           "\u0663",
                                                           "\u00BD",
                                                           "'s",
                                                           "'S",
                                                           "'ll",
                                                           "'",
                                                           "\u017F",
                                                           "<|end",
                                                           "<|endoftext|>",
                                                           "<|",
                                                           "<s>",
                                                           "<",
                                                           kUnderline,
                                                           std::string(1, '\0'),
                                                           ".",
                                                           "!?",
                                                           "-",
                                                           "_",
                                                           "/",
                                                           "A",
                                                           "BC",
                                                           "word",
                                                           "aaaaaaa",
                                                           "\u0130",
                                                           "\u180E",
                                                           "\u200B",
                                                           "\U00010400",
                                                           "\uFB01",
                                                           " ",
                                                           "a",
                                                           "b",
                                                           "ab",
                                                           "e",
                                                           "E"};

inline std::string hostile_text(std::mt19937& random, std::size_t fragments)
{
    std::string text;
    for (std::size_t i = 0; i < fragments; ++i) {
        const std::string& fragment = kHostileFragments[random() % kHostileFragments.size()];
        const std::size_t times = random() % 12 == 0 ? 1 + random() % 9 : 1;
        for (std::size_t k = 0; k < times; ++k)
            text += fragment;
    }
    return text;
}

/// What merges are learnt from.
inline std::string training_text()
{
    std::string text =
        "the cat and the dog then walked there is a word the end and then aaaa aaaaaaaa ab abab 23 2323 the "
        "\u4F60\u597D \u4F60\u597D e\u0301 e\u0301 \u00E9\u00E9 's 's 'll   and   the ";
    std::mt19937 random(1);
    return text + hostile_text(random, 400);
}

/// The byte alphabet, merges over it (across words too: the pre-tokenizer decides what they meet).
inline Json byte_level_kind(const Json& pre_tokenizer)
{
    static const Json base = [] {
        Json json = byte_level_json();
        std::string mapped;
        append_byte_characters(mapped, training_text());
        std::set<std::string> vocab;
        const std::vector<std::string> merges = train_merges(characters_of(mapped), 250, vocab, false);
        TokenId id = 256;
        for (const std::string& token : vocab)
            json["model"]["vocab"][token] = id++;
        json["model"]["merges"] = merges;
        return json;
    }();
    Json json = base;
    json["pre_tokenizer"] = pre_tokenizer;
    return json;
}

/// The Llama 2 kind: a few characters, the underline for the space, "<0xE2>" for other characters.
inline Json underline_kind(bool within_words)
{
    Json json;
    std::string text = training_text();
    for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at))
        text.replace(at, 1, kUnderline);
    std::vector<std::string> symbols = characters_of(text);
    std::erase(symbols, "\u597D"); // an unknown character
    std::set<std::string> vocab(symbols.begin(), symbols.end());
    const std::vector<std::string> merges = train_merges(symbols, 200, vocab, within_words);
    std::vector<std::string> list = {"<unk>", "<s>", "</s>"};
    for (int byte = 0; byte < 256; ++byte)
        list.push_back("<0x" + std::string(1, "0123456789ABCDEF"[byte / 16]) + "0123456789ABCDEF"[byte % 16] + ">");
    list.insert(list.end(), vocab.begin(), vocab.end());
    json = words_json(list, merges);
    json["model"]["unk_token"] = "<unk>";
    json["model"]["fuse_unk"] = true;
    json["model"]["byte_fallback"] = true;
    return json;
}

inline Json prepend_and_replace()
{
    return {{"type", "Sequence"},
            {"normalizers",
             {{{"type", "Prepend"}, {"prepend", kUnderline}},
              {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kUnderline}}}}};
}

inline void add_tokens(Json& json)
{
    TokenId id = 0;
    for (const auto& [token, value] : json["model"]["vocab"].items())
        id = std::max(id, value.get<TokenId>() + 1);
    Json list = Json::array();
    const auto add = [&](const std::string& content, const std::vector<std::string>& flags) {
        const Json& vocab = json["model"]["vocab"];
        Json token = {{"content", content}, {"id", vocab.contains(content) ? vocab[content].get<TokenId>() : id++}};
        for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized", "special"})
            token[flag] = std::find(flags.begin(), flags.end(), flag) != flags.end();
        list.push_back(token);
    };
    add("the", {"single_word", "normalized"});
    add(" and", {"lstrip", "normalized"});
    add("The", {"rstrip"});
    add("\u4F60", {"lstrip", "rstrip", "normalized"});
    add("then", {"normalized"});
    add("there is", {});
    add(" x\u00E9 y", {"normalized"});
    add("  ", {"normalized"});
    add("e\u0301", {"single_word", "normalized"});
    add("<|endoftext|>", {"lstrip", "rstrip", "special"});
    add("<|end", {"special"});
    json["added_tokens"] = list;
}

} // namespace kvw::tokenizer_test
