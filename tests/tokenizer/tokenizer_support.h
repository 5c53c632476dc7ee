// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/tokenizer/bpe_bytes.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace kvw::tokenizer_test {

using Json = nlohmann::json;

/// A tokenizer.json of nothing but a vocabulary, in the order of the ids, and merges.
inline Json words_json(const std::vector<std::string>& vocabulary, const std::vector<std::string>& merges)
{
    Json vocab = Json::object();
    for (std::size_t i = 0; i < vocabulary.size(); ++i)
        vocab[vocabulary[i]] = i;
    Json rules = Json::array();
    for (const std::string& merge : merges)
        rules.push_back(merge);
    return {{"version", "1.0"}, {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", rules}}}};
}

/// The 256 bytes as tokens, id = byte, with a ByteLevel pre-tokenizer and decoder.
inline Json byte_level_json()
{
    std::vector<std::string> alphabet;
    for (int byte = 0; byte < 256; ++byte) {
        alphabet.emplace_back();
        append_byte_characters(alphabet.back(), std::string(1, static_cast<char>(byte)));
    }
    Json json = words_json(alphabet, {});
    json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
    json["decoder"] = {{"type", "ByteLevel"}};
    return json;
}

inline Tokenizer load_text(const std::string& text)
{
    const testing::TemporaryFolder folder;
    folder.write("tokenizer.json", text);
    return Tokenizer::load(folder.path() / "tokenizer.json");
}

inline Tokenizer load(const Json& json) { return load_text(json.dump()); }

/// The text as tokens, in what each stands for in text.
inline std::vector<std::string> tokens(const Tokenizer& tokenizer, const std::string& text)
{
    std::vector<std::string> out;
    for (const TokenId id : tokenizer.encode(text))
        out.push_back(tokenizer.token_bytes(id));
    return out;
}

template<typename Action>
void expect_error(Action action, ErrorKind kind, const std::string& words)
{
    try {
        action();
        ADD_FAILURE() << "no error; wanted: " << words;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.message();
        EXPECT_THAT(error.message(), ::testing::HasSubstr(words));
    }
}

} // namespace kvw::tokenizer_test
