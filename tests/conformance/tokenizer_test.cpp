// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"
#include "core/text/text_file.h"
#include "core/tokenizer/chat_template.h"
#include "core/tokenizer/token_stream.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/conformance/reference_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kvw {
namespace {

using namespace conformance;

/// Where two lists differ, in words; empty when they are equal. A million ids are too many to print.
template<typename T>
std::string difference(const T& got, const T& wanted, const Tokenizer& tokenizer)
{
    if (got == wanted)
        return {};
    const auto at = std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end());
    const auto text = [&](auto from, auto end) {
        std::string out;
        for (int i = 0; i < 8 && from != end; ++i, ++from)
            out.append(" ").append(std::to_string(*from)).append(" \"").append(tokenizer.token_bytes(*from)) += '"';
        return out;
    };
    return std::to_string(got.size()) + " and " + std::to_string(wanted.size()) + " ids, from number "
        + std::to_string(at.first - got.begin()) + " on" + text(at.first, got.end()) + " instead of"
        + text(at.second, wanted.end());
}

/// The ids of a text that comes in parts, of so many bytes and the rest of a character.
std::vector<TokenId> ids_in_parts(const Tokenizer& tokenizer, std::string_view text, std::size_t bytes)
{
    TokenStream stream(tokenizer);
    while (!text.empty()) {
        std::size_t end = std::min(bytes, text.size());
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u)
            ++end;
        stream.push(text.substr(0, end));
        text.remove_prefix(end);
    }
    return stream.finish();
}

constexpr std::size_t kPartSizes[] = {1, 7, 100, 4096, 65536};

/// Ids of a text and the text that they decode to, against the package.
void compare_with_package(const Reference& reference, const std::filesystem::path& text_file)
{
    const Tokenizer tokenizer = Tokenizer::load(reference.model() / "tokenizer.json");
    const std::string text = read_bytes(text_file);
    ASSERT_GT(text.size(), 100000u);

    const std::vector<TokenId> ids = tokenizer.encode(text);
    ::testing::Test::RecordProperty("tokens", std::to_string(ids.size()));

    reference.run({"tokens", reference.model(), text_file, reference.folder() / "ids.i32"});
    const std::vector<TokenId> wanted = read_ids(reference.folder() / "ids.i32");
    ASSERT_GT(wanted.size(), 10000u);
    EXPECT_EQ(difference(ids, wanted, tokenizer), "");
    for (const std::size_t bytes : kPartSizes)
        EXPECT_EQ(difference(ids_in_parts(tokenizer, text, bytes), wanted, tokenizer), "") << bytes;

    reference.run({"decode", reference.model(), reference.folder() / "ids.i32", reference.folder() / "decoded.txt"});
    const std::string decoded = tokenizer.decode(wanted);
    EXPECT_TRUE(decoded == read_bytes(reference.folder() / "decoded.txt"));
    std::string streamed;
    for (const TokenId id : wanted)
        streamed += tokenizer.token_bytes(id);
    EXPECT_TRUE(utf8::lossy(streamed) == decoded);
}

TEST(TokenizerConformance, SampleModelOnWikiText)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    KVW_REQUIRE(missing_data());
    compare_with_package(reference, data_file("wikitext2/wiki.test.raw"));
}

TEST(TokenizerConformance, SampleModelOnHostileText)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    reference.run({"hostile", reference.folder() / "hostile.txt"});
    compare_with_package(reference, reference.folder() / "hostile.txt");
}

TEST(TokenizerConformance, ChatTemplateOfTheSampleModel)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    const ChatFormat format = read_chat_format(reference.model());
    const std::vector<std::string> said = {"Why is the sky blue?", "Because of\n scattering. ",
                                           "  \u00DCber 'quotes' & \"more\"\n"};
    for (const std::size_t count : {std::size_t{1}, said.size()}) {
        std::vector<std::string> arguments = {"chat", reference.model(), reference.folder() / "chat.txt"};
        std::vector<ChatMessage> messages;
        for (std::size_t i = 0; i < count; ++i) {
            arguments.push_back(said[i]);
            messages.push_back({i % 2 == 0 ? "user" : "assistant", said[i]});
        }
        reference.run(arguments);
        EXPECT_EQ(apply_chat_template(format, messages), read_bytes(reference.folder() / "chat.txt"));
    }
}

/// One tokenizer of make_tokenizers.py against the ids and texts beside it.
void compare_kind(const std::filesystem::path& kind, const std::string& text)
{
    SCOPED_TRACE(kind.filename());
    const Tokenizer tokenizer = Tokenizer::load(kind / "tokenizer.json");
    const std::vector<TokenId> wanted = read_ids(kind / "ids.i32");
    ASSERT_GT(wanted.size(), 100u);
    EXPECT_EQ(difference(tokenizer.encode(text), wanted, tokenizer), "");
    EXPECT_TRUE(TokenStream(tokenizer).streams());
    for (const std::size_t bytes : kPartSizes)
        EXPECT_EQ(difference(ids_in_parts(tokenizer, text, bytes), wanted, tokenizer), "") << bytes;
    const auto special = Tokenizer::SpecialTokens::AsConfigured;
    EXPECT_EQ(difference(tokenizer.encode(text, special), read_ids(kind / "special.i32"), tokenizer), "");
    EXPECT_TRUE(tokenizer.decode(wanted) == read_bytes(kind / "decoded.txt"));
    EXPECT_TRUE(tokenizer.decode(wanted, Tokenizer::OnSpecial::Skip) == read_bytes(kind / "skipped.txt"));
}

TEST(TokenizerConformance, SmallTokenizersOfManyKinds)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_python());
    KVW_REQUIRE(missing_data());
    const std::filesystem::path made = reference.folder() / "made";
    reference.run({"hostile", reference.folder() / "hostile.txt"});
    reference.run({data_file("wikitext2/wiki.valid.raw"), reference.folder() / "hostile.txt", made},
                  "make_tokenizers.py");
    int kinds = 0;
    for (const char* text : {"whole", "short"}) {
        const std::string content = read_bytes(made / (std::string(text) == "whole" ? "text.txt" : "short.txt"));
        for (const auto& kind : std::filesystem::directory_iterator(made / text)) {
            compare_kind(kind.path(), content);
            ++kinds;
        }
    }
    EXPECT_GE(kinds, 60);
}

} // namespace
} // namespace kvw
