// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tokenizer/tokenizer_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using namespace tokenizer_test;
using ::testing::HasSubstr;

/// A good file with one thing broken.
template<typename Break>
void expect_refused(Break change, ErrorKind kind, const std::string& words)
{
    Json json = byte_level_json();
    json["post_processor"] = {{"type", "ByteLevel"}};
    change(json);
    expect_error([&] { load(json); }, kind, words);
    expect_error([&] { load(json); }, kind, "tokenizer.json");
}

TEST(HostileTokenizer, MissingFileAndFolder)
{
    const testing::TemporaryFolder folder;
    expect_error([&] { Tokenizer::load(folder.path() / "tokenizer.json"); }, ErrorKind::NotFound, "no such file");
    expect_error([&] { Tokenizer::load(folder.path()); }, ErrorKind::BadInput, "is a folder");
}

TEST(HostileTokenizer, TruncatedAnywhere)
{
    const std::string text = words_json({"a", "b", "ab"}, {"a b"}).dump();
    ASSERT_EQ(load_text(text).size(), 3);
    for (std::size_t length = 0; length < text.size(); ++length)
        expect_error([&] { load_text(text.substr(0, length)); }, ErrorKind::BadInput, "not JSON");
}

TEST(HostileTokenizer, OtherJson)
{
    for (const char* text : {"[]", "3", "null", "\"x\""})
        expect_error([&] { load_text(text); }, ErrorKind::BadInput, "wanted an object");
    expect_error([] { load_text("{}"); }, ErrorKind::BadInput, "the key \"model\"");
    expect_error([] { load_text("{\"model\": null}"); }, ErrorKind::BadInput, "model: found null, wanted an object");
    expect_error([] { load_text(std::string(100000, '[')); }, ErrorKind::BadInput, "not JSON");
    expect_error([] { load_text("{\"model\": \"\xFF\"}"); }, ErrorKind::BadInput, "not JSON");
    expect_error([] { load_text(std::string(50000, '[') + std::string(50000, ']')); }, ErrorKind::BadInput,
                 "wanted an object");
}

TEST(HostileTokenizer, Models)
{
    const auto bad = ErrorKind::BadInput;
    expect_refused([](Json& j) { j["model"]["type"] = "Unigram"; }, ErrorKind::Unsupported, "model type \"Unigram\"");
    expect_refused([](Json& j) { j["model"]["dropout"] = 0.1; }, ErrorKind::Unsupported, "dropout 0.1");
    expect_refused([](Json& j) { j["model"]["dropout"] = "x"; }, bad, "model.dropout: found string");
    expect_refused([](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, ErrorKind::Unsupported,
                   "model.end_of_word_suffix");
    expect_refused([](Json& j) { j["model"].erase("vocab"); }, bad, "the key \"vocab\"");
    expect_refused([](Json& j) { j["model"].erase("merges"); }, bad, "the key \"merges\"");
    expect_refused([](Json& j) { j["model"]["vocab"] = Json::array(); }, bad, "model.vocab: found array");
    expect_refused([](Json& j) { j["model"]["vocab"] = Json::object(); }, bad, "model.vocab: found no entries");
    expect_refused([](Json& j) { j["model"]["vocab"]["a"] = -1; }, bad, "model.vocab.a: found -1");
    expect_refused([](Json& j) { j["model"]["vocab"]["a"] = 1.5; }, bad, "model.vocab.a: found 1.5");
    expect_refused([](Json& j) { j["model"]["vocab"]["a"] = "7"; }, bad, "model.vocab.a: found string");
    expect_refused([](Json& j) { j["model"]["vocab"]["a"] = 4000000000u; }, bad, "model.vocab.a: found 4000000000");
    expect_refused([](Json& j) { j["model"]["vocab"]["a"] = ~std::uint64_t{0}; }, bad,
                   "model.vocab.a: found 18446744073709551615");
    expect_refused([](Json& j) { j["model"]["vocab"]["b"] = 'a'; }, bad, "id 97 for both");
    expect_refused([](Json& j) { j["model"]["unk_token"] = "<unk>"; }, bad, "model.unk_token: found \"<unk>\"");
    expect_refused([](Json& j) { j["model"]["ignore_merges"] = 1; }, bad, "model.ignore_merges: found number");
}

TEST(HostileTokenizer, Merges)
{
    const auto with = [](const Json& merges, const std::string& words) {
        expect_refused([&](Json& j) { j["model"]["merges"] = merges; }, ErrorKind::BadInput, words);
    };
    with("a b", "model.merges: found string");
    with({"a b"}, "model.merges[0]: found a merge of or into \"ab\", which the vocabulary does not have");
    with({"zz b"}, "model.merges[0]");
    with({"ab"}, "two tokens with one space");
    with({"a b c"}, "two tokens with one space");
    with(Json::array({Json::array({"a"})}), "model.merges[0]: found 1 elements");
    with(Json::array({Json::array({"a", 3})}), "wanted two strings");
    with({3}, "model.merges[0]: found number");
}

TEST(HostileTokenizer, Components)
{
    const auto unsupported = ErrorKind::Unsupported;
    expect_refused([](Json& j) { j["normalizer"] = {{"type", "NFKC"}}; }, unsupported, "normalizer \"NFKC\"");
    expect_refused(
        [](Json& j) {
            j["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "Lowercase"}}}}};
        },
        unsupported, "normalizer.normalizers[0]: normalizer \"Lowercase\"");
    expect_refused([](Json& j) { j["normalizer"] = "NFC"; }, ErrorKind::BadInput, "normalizer: found string");
    expect_refused(
        [](Json& j) {
            j["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
        },
        unsupported, "pre-tokenizer \"BertPreTokenizer\"");
    expect_refused(
        [](Json& j) {
            j["post_processor"] = {{"type", "BertProcessing"}};
        },
        unsupported, "post-processor \"BertProcessing\"");
    expect_refused([](Json& j) { j["decoder"] = {{"type", "WordPiece"}}; }, unsupported, "decoder \"WordPiece\"");
    expect_refused(
        [](Json& j) {
            j["decoder"] = {{"type", "Strip"}, {"content", ""}, {"start", 1}, {"stop", 0}};
        },
        ErrorKind::BadInput, "decoder.content: found an empty string");
    expect_refused(
        [](Json& j) {
            j["decoder"] = {{"type", "Strip"}, {"content", " "}, {"start", -1}, {"stop", 0}};
        },
        ErrorKind::BadInput, "decoder.start: found -1");
}

TEST(HostileTokenizer, Templates)
{
    const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const auto with = [](const Json& single, const std::string& words) {
        expect_refused(
            [&](Json& j) {
                j["post_processor"] = {
                    {"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", Json::object()}};
            },
            ErrorKind::BadInput, words);
    };
    with(Json::array(), "found the text 0 times");
    with({text, text}, "found the text 2 times");
    with({{{"Sequence", {{"id", "B"}}}}}, "found text \"B\"");
    with({text, {{"SpecialToken", {{"id", "<s>"}}}}}, "the key \"<s>\"");
    with({text, {{"Word", 1}}}, "the key \"SpecialToken\"");
    with("$A", "post_processor.single: found string");
}

} // namespace
} // namespace kvw
