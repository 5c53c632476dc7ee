// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/cancel_flag.h"

#include "core/base/error.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using ::testing::HasSubstr;

TEST(CancelFlag, NothingHappensUntilItIsSet)
{
    const CancelFlag flag;
    EXPECT_FALSE(flag.is_set());
    EXPECT_NO_THROW(flag.check());
}

TEST(CancelFlag, SaysWhatSetItFirst)
{
    CancelFlag flag;
    flag.set_by(SIGTERM);
    flag.set_by(SIGINT);
    flag.set();
    EXPECT_THAT(flag.reason(), HasSubstr("SIGTERM"));
    EXPECT_EQ(flag.exit_code(), 128 + SIGTERM);
    try {
        flag.check();
        FAIL() << "a set flag must end the job";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
        EXPECT_THAT(error.message(), HasSubstr("SIGTERM"));
        EXPECT_THAT(error.message(), HasSubstr("in the store"));
    }
}

TEST(CancelFlag, ARequestIsNoSignal)
{
    CancelFlag flag;
    flag.set();
    EXPECT_TRUE(flag.is_set());
    EXPECT_EQ(flag.reason(), "cancelled");
    EXPECT_EQ(flag.exit_code(), 130);
}

TEST(CancelFlag, ASignalWithoutANameIsToldByItsNumber)
{
    CancelFlag flag;
    flag.set_by(SIGUSR1);
    EXPECT_THAT(flag.reason(), HasSubstr(std::to_string(SIGUSR1)));
    EXPECT_EQ(flag.exit_code(), 128 + SIGUSR1);
}

} // namespace
} // namespace kvw
