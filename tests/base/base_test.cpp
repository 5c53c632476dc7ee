// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "tests/support/paths.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace kvw {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using ::testing::ContainsRegex;
using ::testing::MatchesRegex;

constexpr std::pair<ErrorKind, const char*> kKinds[] = {
    {ErrorKind::InvalidArgument, "invalid_argument"},
    {ErrorKind::BadInput, "bad_input"},
    {ErrorKind::NotFinite, "not_finite"},
    {ErrorKind::Unsupported, "unsupported"},
    {ErrorKind::NotFound, "not_found"},
    {ErrorKind::Busy, "busy"},
    {ErrorKind::OutOfMemory, "out_of_memory"},
    {ErrorKind::NoSpace, "no_space"},
    {ErrorKind::DeviceFault, "device_fault"},
    {ErrorKind::Cancelled, "cancelled"},
    {ErrorKind::Internal, "internal"},
};

TEST(Error, NamesOfTheKinds)
{
    std::set<std::string_view> names;
    int next = 0;
    for (const auto& [kind, word] : kKinds) {
        EXPECT_EQ(static_cast<int>(kind), next++) << "a kind is missing in this list";
        EXPECT_EQ(name(kind), word);
        EXPECT_TRUE(names.insert(name(kind)).second) << word;
    }
    EXPECT_EQ(name(static_cast<ErrorKind>(next)), "internal") << "a kind is missing in this list";
}

TEST(Error, ExitCodes)
{
    for (const auto& [kind, word] : kKinds)
        EXPECT_EQ(exit_code(kind),
                  kind == ErrorKind::InvalidArgument ? 2
                      : kind == ErrorKind::Cancelled ? 130
                                                     : 1)
            << word;
}

TEST(Error, HasMessageAndHint)
{
    const Error error(ErrorKind::BadInput, "layer 3: 7 heads, 8 wanted", "convert the model again");
    EXPECT_EQ(error.kind(), ErrorKind::BadInput);
    EXPECT_EQ(error.message(), "layer 3: 7 heads, 8 wanted");
    EXPECT_STREQ(error.what(), "layer 3: 7 heads, 8 wanted");
    EXPECT_EQ(error.hint(), "convert the model again");
    EXPECT_EQ(Error(ErrorKind::Internal, "x").hint(), "");
    EXPECT_THROW(throw Error(ErrorKind::Internal, "x"), std::runtime_error);
}

TEST(Time, KnownMoments)
{
    const auto text = [](std::int64_t since_1970) {
        return utc_text(system_clock::time_point(milliseconds(since_1970)));
    };
    EXPECT_EQ(text(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(text(1740832496789), "2025-03-01T12:34:56.789Z");
    EXPECT_EQ(text(1709251199999), "2024-02-29T23:59:59.999Z");
    EXPECT_EQ(text(1709251200000), "2024-03-01T00:00:00.000Z");
    EXPECT_EQ(text(946684800007), "2000-01-01T00:00:00.007Z");
    EXPECT_EQ(text(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(text(-86400000), "1969-12-31T00:00:00.000Z");
    EXPECT_EQ(utc_text(system_clock::time_point(std::chrono::nanoseconds(1999999))), "1970-01-01T00:00:00.001Z")
        << "cut, not rounded";
}

TEST(Time, OrderOfTextsIsOrderOfTime)
{
    std::mt19937_64 random(1);
    // From 1900 to 2200, all within the clock's range.
    std::uniform_int_distribution<std::int64_t> any(-2208988800000, 7258118400000);
    std::vector<std::int64_t> times(2000);
    std::generate(times.begin(), times.end(), [&] { return any(random); });
    std::sort(times.begin(), times.end());
    std::vector<std::string> texts;
    for (const std::int64_t time : times)
        texts.push_back(utc_text(system_clock::time_point(milliseconds(time))));
    EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end()));
    for (const std::string& text : texts)
        EXPECT_EQ(text.size(), 24u) << text;
}

TEST(Time, NowIsBetweenBeforeAndAfter)
{
    const std::string before = utc_text(system_clock::now());
    const std::string now = utc_now();
    const std::string after = utc_text(system_clock::now());
    EXPECT_LE(before, now);
    EXPECT_LE(now, after);
    EXPECT_THAT(now, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"));
}

TEST(Time, AStopwatchRuns)
{
    const Stopwatch watch;
    const double first = watch.seconds();
    std::this_thread::sleep_for(milliseconds(20));
    const double second = watch.seconds();
    EXPECT_GE(first, 0);
    EXPECT_GE(second - first, 0.020);
}

TEST(Version, IsTheOneOfCMake)
{
    std::ifstream stream(kvw::testing::source_folder() / "CMakeLists.txt");
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const std::size_t project = text.find("\nproject(");
    ASSERT_NE(project, std::string::npos);
    const std::size_t at = text.find("VERSION ", project);
    ASSERT_LT(at, text.find(')', project));
    EXPECT_EQ(version(), text.substr(at + 8, text.find_first_of(" )\n", at + 8) - at - 8));
}

TEST(Version, TheCompilerHasANameAndAVersion)
{
    EXPECT_THAT(std::string(compiler()), ContainsRegex("^(g|clang)\\+\\+ [0-9]+\\."));
}

} // namespace
} // namespace kvw
