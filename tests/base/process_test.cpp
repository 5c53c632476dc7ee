// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/process.h"

#include <array>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kvw {
namespace {

std::vector<std::string> words(const std::string& text)
{
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

/// This process' identity with one word replaced.
std::string changed(std::size_t word, const std::string& value)
{
    std::vector<std::string> all = words(process_identity());
    all.at(word) = value;
    return all[0] + " " + all[1] + " " + all[2] + " " + all[3];
}

/// A child that says who it is and then waits; it never outlives the object.
class WaitingChild
{
public:
    explicit WaitingChild(const char* name)
    {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0)
            return;
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::prctl(PR_SET_NAME, name);
            const std::string identity = process_identity();
            if (::write(pipe[1], identity.data(), identity.size()) < 0)
                ::_exit(1);
            ::close(pipe[1]);
            for (;;)
                ::pause();
        }
        ::close(pipe[1]);
        std::array<char, 512> buffer{};
        for (ssize_t count = 0; pid_ > 0 && (count = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
            identity_.append(buffer.data(), static_cast<std::size_t>(count));
        ::close(pipe[0]);
    }
    WaitingChild(const WaitingChild&) = delete;
    WaitingChild& operator=(const WaitingChild&) = delete;
    ~WaitingChild()
    {
        kill();
        collect();
    }

    const std::string& identity() const { return identity_; }
    /// Ends it and waits until it has, without collecting it: a zombie is left.
    void kill()
    {
        siginfo_t info{};
        if (pid_ > 0 && ::kill(pid_, SIGKILL) == 0)
            ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }
    void collect()
    {
        if (pid_ > 0)
            ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    pid_t pid_ = -1;
    std::string identity_;
};

TEST(Process, IdentityHasFourWords)
{
    const std::vector<std::string> parts = words(process_identity());
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[2], std::to_string(::getpid()));
    EXPECT_NE(parts[3], "0");
    EXPECT_EQ(process_identity(), process_identity());
}

TEST(Process, ItselfIsAlive) { EXPECT_EQ(process_liveness(process_identity()), Liveness::Alive); }

TEST(Process, AChildIsAliveThenDead)
{
    WaitingChild child("worker");
    ASSERT_FALSE(child.identity().empty());
    EXPECT_NE(child.identity(), process_identity());
    EXPECT_EQ(process_liveness(child.identity()), Liveness::Alive);
    child.kill();
    EXPECT_EQ(process_liveness(child.identity()), Liveness::Dead) << "not yet collected by its parent";
    child.collect();
    EXPECT_EQ(process_liveness(child.identity()), Liveness::Dead);
}

TEST(Process, AProgramNameWithBracketsAndBlanksDoesNotConfuse)
{
    const WaitingChild child(") Z 1 (x) y");
    ASSERT_EQ(words(child.identity()).size(), 4u);
    EXPECT_EQ(process_liveness(child.identity()), Liveness::Alive);
}

TEST(Process, AnotherProcessWithTheSameNumberIsNotIt)
{
    EXPECT_EQ(process_liveness(changed(3, "12345678901")), Liveness::Dead);
}

TEST(Process, AnEarlierBootIsDeadAndAnotherHostUnknown)
{
    EXPECT_EQ(process_liveness(changed(1, "00000000-0000-0000-0000-000000000000")), Liveness::Dead);
    EXPECT_EQ(process_liveness(changed(0, "some-other-host")), Liveness::Unknown);
}

TEST(Process, WithoutAStartOnlyAMissingProcessIsCertainlyDead)
{
    EXPECT_EQ(process_liveness(changed(3, "0")), Liveness::Unknown);
    WaitingChild child("worker");
    std::vector<std::string> parts = words(child.identity());
    ASSERT_EQ(parts.size(), 4u);
    child.kill();
    child.collect();
    EXPECT_EQ(process_liveness(parts[0] + " " + parts[1] + " " + parts[2] + " 0"), Liveness::Dead);
}

TEST(Process, RubbishIsUnknown)
{
    for (const std::string text : {"", " ", "word", "a b c", "\n\n\n"})
        EXPECT_EQ(process_liveness(text), Liveness::Unknown) << text;
    EXPECT_EQ(process_liveness(process_identity() + " more"), Liveness::Unknown);
    for (const std::string pid : {"x", "-1", "1x", "0", "../self", "99999999999999999999", "4294967296"})
        EXPECT_EQ(process_liveness(changed(2, pid)), Liveness::Unknown) << pid;
    for (const std::string start : {"x", "-1", "1.5"})
        EXPECT_EQ(process_liveness(changed(3, start)), Liveness::Unknown) << start;
}

} // namespace
} // namespace kvw
