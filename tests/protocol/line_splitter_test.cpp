// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/protocol/line_splitter.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::protocol {
namespace {

using testing::ElementsAre;

/// Lines as they are, errors as "!message".
std::vector<std::string> drain(LineSplitter& splitter)
{
    std::vector<std::string> items;
    while (const auto item = splitter.next())
        items.push_back(std::holds_alternative<std::string>(*item) ? std::get<std::string>(*item)
                                                                   : "!" + std::get<ProtocolError>(*item).message);
    return items;
}

TEST(LineSplitter, JoinsAndSplits)
{
    LineSplitter splitter;
    EXPECT_FALSE(splitter.next());
    splitter.push("ab");
    EXPECT_THAT(drain(splitter), ElementsAre());
    splitter.push("c\nde\n\nf");
    EXPECT_THAT(drain(splitter), ElementsAre("abc", "de", ""));
    splitter.push("\n");
    EXPECT_THAT(drain(splitter), ElementsAre("f"));
    splitter.finish();
    EXPECT_THAT(drain(splitter), ElementsAre());
}

TEST(LineSplitter, AnUnfinishedLineIsReported)
{
    LineSplitter splitter;
    splitter.push("whole\nhalf");
    splitter.finish();
    EXPECT_THAT(drain(splitter), ElementsAre("whole", "!the last line has 4 bytes and no newline"));
}

TEST(LineSplitter, TheLimitIsExact)
{
    const std::string longest(kMaxLineBytes - 1, 'x');
    LineSplitter splitter;
    splitter.push(longest + "\n" + longest + "y\nnext\n");
    EXPECT_THAT(drain(splitter), ElementsAre(longest, "!a line is longer than 65536 bytes", "next"));
}

TEST(LineSplitter, AnEndlessLineIsReportedOnceAndNotKept)
{
    LineSplitter splitter;
    for (int i = 0; i < 1000; ++i)
        splitter.push(std::string(1000, 'x'));
    splitter.push("\nafter\n");
    EXPECT_THAT(drain(splitter), ElementsAre("!a line is longer than 65536 bytes", "after"));
}

TEST(LineSplitter, AnyCutGivesTheSameLines)
{
    std::mt19937_64 generator(6);
    std::string bytes;
    for (int i = 0; i < 200; ++i)
        bytes += std::string(generator() % 300, static_cast<char>('a' + i % 26)) + "\n";
    bytes += std::string(70000, 'z') + "\nend\nrest";
    LineSplitter whole;
    whole.push(bytes);
    whole.finish();
    const std::vector<std::string> wanted = drain(whole);
    ASSERT_EQ(wanted.size(), 203u);
    for (int round = 0; round < 50; ++round) {
        LineSplitter splitter;
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = generator() % 5000;
            splitter.push(std::string_view(bytes).substr(at, size));
            at += size;
            for (std::string& line : drain(splitter))
                lines.push_back(std::move(line));
        }
        splitter.finish();
        for (std::string& line : drain(splitter))
            lines.push_back(std::move(line));
        ASSERT_EQ(lines, wanted);
    }
}

} // namespace
} // namespace kvw::protocol
