// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/protocol/message.h"
#include "tests/support/paths.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::protocol {
namespace {

using ::testing::HasSubstr;

const std::vector<Message> kTranscript = {
    Hello{1, "0.1.0", "54968da", {"cpu", "cuda:0 \"big\""}},
    Stage{0, 2, "calibrate"},
    Progress{512, 16384, "tokens", 12.5},
    Progress{3, 0, "files", {}},
    Metric{"nll_nats", 1, 2.75},
    Text{1, "\n caf\xC3\xA9 \"|\""},
    Committed{{"run", "quality"}, 7},
    Committed{{"environment"}, {}},
    Warning{"text shorter than asked for", "give more text\nor fewer --tokens"},
    Heartbeat{2},
    Result{Status::Failed, "bad_input", "caf\xC3\xA9: NaN in layer 3", ""},
    Cancel{},
};

std::string error_text(std::string_view line)
{
    const Decoded decoded = decode(line);
    const auto* error = std::get_if<ProtocolError>(&decoded);
    return error ? error->message : "accepted";
}

TEST(Protocol, TheGoldenTranscriptIsWrittenAndRead)
{
    std::ifstream file(kvw::testing::source_folder() / "tests/protocol/transcript.jsonl", std::ios::binary);
    ASSERT_TRUE(file);
    std::size_t index = 0;
    for (std::string line; std::getline(file, line); ++index) {
        ASSERT_LT(index, kTranscript.size());
        EXPECT_EQ(encode(kTranscript[index]), line + "\n");
        const Decoded decoded = decode(line);
        ASSERT_TRUE(std::holds_alternative<Message>(decoded)) << std::get<ProtocolError>(decoded).message;
        EXPECT_TRUE(std::get<Message>(decoded) == kTranscript[index]) << line;
    }
    EXPECT_EQ(index, kTranscript.size());
}

TEST(Protocol, EveryTypeHasItsOwnName)
{
    std::set<std::string> names;
    for (const Message& message : kTranscript) {
        EXPECT_EQ(std::get<Message>(decode(encode(message))).index(), message.index());
        names.insert(type_name(message));
    }
    EXPECT_EQ(names.size(), std::variant_size_v<Message> - 1);
    EXPECT_EQ(type_name(Unknown{"telemetry"}), "telemetry");
}

TEST(Protocol, UnknownTypesAndFieldsAreTolerated)
{
    const Decoded unknown = decode(R"({"type":"telemetry","deep":{"a":[1]}})");
    ASSERT_TRUE(std::holds_alternative<Message>(unknown));
    EXPECT_TRUE(std::get<Message>(unknown) == Message(Unknown{"telemetry"}));
    const Decoded known = decode(R"({"type":"heartbeat","elapsed_s":4,"new":true})");
    ASSERT_TRUE(std::holds_alternative<Message>(known));
    EXPECT_TRUE(std::get<Message>(known) == Message(Heartbeat{4}));
}

TEST(Protocol, AMetricMayBeNoNumber)
{
    for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        const std::string line = encode(Metric{"kl", 3, value});
        EXPECT_THAT(line, HasSubstr("\"value\":null"));
        const Decoded decoded = decode(line);
        ASSERT_TRUE(std::holds_alternative<Message>(decoded));
        EXPECT_TRUE(std::isnan(std::get<Metric>(std::get<Message>(decoded)).value));
    }
}

TEST(Protocol, OtherNumbersMustBeFinite)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(encode(Progress{nan, 1, "tokens", {}}), Error);
    EXPECT_THROW(encode(Progress{1, 1, "tokens", std::numeric_limits<double>::infinity()}), Error);
    EXPECT_THROW(encode(Metric{"x", nan, 1}), Error);
    EXPECT_THROW(encode(Heartbeat{nan}), Error);
}

TEST(Protocol, LongAndBrokenTextsArriveWithinTheLimit)
{
    for (const std::string& unit :
         {std::string("x"), std::string("\x01"), std::string("\xFF"), std::string("\xF0\x9F\x98\x80")}) {
        std::string text;
        while (text.size() < 200'000)
            text += unit;
        const std::vector<std::string> many(100, text);
        for (const Message& message : {Message(Result{Status::Failed, text, text, text}), Message(Warning{text, text}),
                                       Message(Hello{1, text, text, many}), Message(Committed{many, 1})}) {
            const std::string line = encode(message);
            EXPECT_LE(line.size(), kMaxLineBytes);
            EXPECT_EQ(line.find('\n'), line.size() - 1);
            EXPECT_EQ(error_text(line), "accepted");
        }
    }
    const auto result = std::get<Result>(
        std::get<Message>(decode(encode(Result{Status::Failed, "internal", std::string(5000, 'a'), {}}))));
    EXPECT_EQ(result.message, std::string(4093, 'a') + "...");
}

TEST(Protocol, BytesThatAreNoUtf8AreReplaced)
{
    EXPECT_THAT(encode(Warning{"a\xFF"
                               "b",
                               ""}),
                HasSubstr("a\xEF\xBF\xBD"
                          "b"));
}

TEST(Protocol, WhatIsNoMessageIsNamed)
{
    EXPECT_THAT(error_text(""), HasSubstr("empty"));
    EXPECT_THAT(error_text("\n"), HasSubstr("empty"));
    EXPECT_THAT(error_text("hello"), HasSubstr("not JSON"));
    EXPECT_THAT(error_text("[1]"), HasSubstr("not a JSON object"));
    EXPECT_THAT(error_text("{}"), HasSubstr("\"type\" is missing"));
    EXPECT_THAT(error_text(R"({"type":3})"), HasSubstr("\"type\" is not a string"));
    EXPECT_THAT(error_text(R"({"type":"cancel"} {})"), HasSubstr("not JSON"));
    EXPECT_THAT(error_text(R"({"type":"cancel","type":"hello"})"), HasSubstr("\"type\" stands twice"));
    EXPECT_THAT(error_text(R"({"type":"x","a":{"b":{"c":{"d":{"e":1}}}}})"), HasSubstr("nested more than 4"));
    EXPECT_THAT(error_text(std::string(60000, '[')), HasSubstr("nested"));
    EXPECT_THAT(error_text("{\"type\":\"" + std::string(300, 'x') + "\"}"), HasSubstr("300 bytes, more than 256"));
    EXPECT_THAT(error_text(std::string(65537, ' ')), HasSubstr("65537 bytes, more than 65536"));
    EXPECT_THAT(error_text("{\"type\":\"warning\",\"message\":\"\xFF\",\"hint\":\"\"}"), HasSubstr("not JSON"));
    EXPECT_THAT(error_text(R"({"type":"heartbeat","elapsed_s":1e999})"), HasSubstr("out of range"));
}

TEST(Protocol, WrongFieldsAreNamed)
{
    EXPECT_THAT(error_text(R"({"type":"heartbeat"})"), HasSubstr("\"elapsed_s\" is missing"));
    EXPECT_THAT(error_text(R"({"type":"heartbeat","elapsed_s":"2"})"), HasSubstr("not a number"));
    EXPECT_THAT(error_text(R"({"type":"heartbeat","elapsed_s":-1})"), HasSubstr("out of range"));
    EXPECT_THAT(error_text(R"({"type":"stage","index":2,"count":2,"name":"x"})"),
                HasSubstr("\"index\" is 2, out of range"));
    EXPECT_THAT(error_text(R"({"type":"stage","index":0,"count":0,"name":"x"})"), HasSubstr("\"count\""));
    EXPECT_THAT(error_text(R"({"type":"stage","index":0.5,"count":2,"name":"x"})"), HasSubstr("not a whole number"));
    EXPECT_THAT(error_text(R"({"type":"stage","index":18446744073709551615,"count":2,"name":"x"})"),
                HasSubstr("out of range"));
    EXPECT_THAT(error_text(R"({"type":"hello","protocol":0,"version":"","build":"","devices":[]})"),
                HasSubstr("\"protocol\""));
    EXPECT_THAT(error_text(R"({"type":"hello","protocol":1,"version":"","build":"","devices":"cpu"})"),
                HasSubstr("not a list"));
    EXPECT_THAT(error_text(R"({"type":"committed","tables":[1]})"), HasSubstr("not a string"));
    EXPECT_THAT(error_text(R"({"type":"committed","tables":[],"run":-1})"), HasSubstr("\"run\""));
    EXPECT_THAT(error_text(R"({"type":"result","status":"maybe","code":"","message":"","hint":""})"),
                HasSubstr("\"maybe\""));
    EXPECT_THAT(
        error_text(
            R"({"type":"committed","tables":["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"]})"),
        HasSubstr("17 items, more than 16"));
}

TEST(Protocol, DamagedLinesNeverEscape)
{
    std::mt19937_64 generator(5);
    int accepted = 0, refused = 0;
    for (int i = 0; i < 40000; ++i) {
        std::string line = encode(kTranscript[generator() % kTranscript.size()]);
        for (std::size_t changes = 1 + generator() % 3; changes > 0; --changes) {
            const std::size_t at = generator() % line.size();
            const char byte =
                generator() % 4 ? "{}[],:\"0-9.eEnulltrue\\"[generator() % 22] : static_cast<char>(generator());
            switch (generator() % 4) {
            case 0:
                line[at] = byte;
                break;
            case 1:
                line.insert(at, 1, byte);
                break;
            case 2:
                line.erase(at, 1 + generator() % 5);
                break;
            default:
                line += line.substr(at);
                break;
            }
            if (line.empty())
                line.push_back(' ');
        }
        const Decoded decoded = decode(line);
        if (const auto* error = std::get_if<ProtocolError>(&decoded)) {
            ++refused;
            ASSERT_FALSE(error->message.empty());
            ASSERT_LT(error->message.size(), 400u);
            for (const char c : error->message)
                ASSERT_TRUE(c >= 0x20 && c < 0x7F) << error->message;
            continue;
        }
        ++accepted;
        const Message& message = std::get<Message>(decoded);
        const std::string again = encode(message);
        ASSERT_TRUE(std::holds_alternative<Message>(decode(again))) << again;
    }
    EXPECT_GT(accepted, 1000);
    EXPECT_GT(refused, 10000);
}

} // namespace
} // namespace kvw::protocol
