// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/pipe_sink.h"

#include "core/protocol/line_splitter.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include <gtest/gtest.h>

namespace kvw {
namespace {

/// A sink into a pipe, and what came out of it.
class PipeSinkTest : public testing::Test
{
protected:
    PipeSinkTest()
    {
        if (::pipe(ends_.data()) != 0)
            throw std::runtime_error("no pipe");
    }
    ~PipeSinkTest() override
    {
        close_writer();
        ::close(ends_[0]);
    }

    void close_writer()
    {
        if (ends_[1] >= 0)
            ::close(ends_[1]);
        ends_[1] = -1;
    }

    std::vector<protocol::Message> messages()
    {
        close_writer();
        protocol::LineSplitter lines;
        std::array<char, 4096> buffer{};
        for (ssize_t count; (count = ::read(ends_[0], buffer.data(), buffer.size())) > 0;)
            lines.push({buffer.data(), static_cast<std::size_t>(count)});
        std::vector<protocol::Message> out;
        while (const auto item = lines.next())
            out.push_back(std::get<protocol::Message>(protocol::decode(std::get<std::string>(*item))));
        return out;
    }

    std::array<int, 2> ends_{};
    CancelFlag cancel_;
};

TEST_F(PipeSinkTest, PiecesOfTextAreJoinedAndNothingIsLost)
{
    PipeSink sink(ends_[1], cancel_);
    std::string wanted;
    sink.begin_text(2, 3, "k=int8");
    for (int i = 0; i < 400; ++i) {
        const std::string piece = " \xE2\x82\xAC" + std::to_string(i);
        wanted += piece;
        for (const char byte : piece) // as byte-level tokens come
            sink.text({&byte, 1});
    }
    sink.end_text();
    std::string found;
    const std::vector<protocol::Message> all = messages();
    ASSERT_FALSE(all.empty());
    EXPECT_LT(all.size(), 100u);
    for (const protocol::Message& message : all) {
        const auto& text = std::get<protocol::Text>(message);
        EXPECT_EQ(text.index, 2);
        EXPECT_EQ(text.text.find("\xEF\xBF\xBD"), std::string::npos);
        found += text.text;
    }
    EXPECT_EQ(found, wanted);
}

TEST_F(PipeSinkTest, ACharacterThatNeverEndsIsShownAsOneThatIsNone)
{
    PipeSink sink(ends_[1], cancel_);
    sink.begin_text(0, 1, "identity");
    sink.text("a\xE2\x82");
    sink.end_text();
    std::string found;
    for (const protocol::Message& message : messages())
        found += std::get<protocol::Text>(message).text;
    EXPECT_EQ(found.substr(0, 1), "a");
    EXPECT_NE(found.find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(PipeSinkTest, ANewTextForgetsWhatWasLeftOfTheLast)
{
    PipeSink sink(ends_[1], cancel_);
    sink.begin_text(0, 2, "identity");
    sink.text("\xE2");
    sink.begin_text(1, 2, "k=int8");
    sink.text("b");
    sink.end_text();
    const std::vector<protocol::Message> all = messages();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all[0] == protocol::Message(protocol::Text{1, "b"}));
}

TEST_F(PipeSinkTest, AReaderThatIsGoneCancelsTheJob)
{
    ::signal(SIGPIPE, SIG_IGN);
    ::close(ends_[0]);
    PipeSink sink(ends_[1], cancel_);
    sink.begin_text(0, 1, "identity");
    sink.text("a");
    sink.end_text();
    EXPECT_TRUE(cancel_.is_set());
    ends_[0] = -1;
}

} // namespace
} // namespace kvw
