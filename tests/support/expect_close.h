// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <ranges>

#include <gtest/gtest.h>

namespace kvw::testing {

/// |actual - expected| <= absolute + relative |expected|
struct Tolerance
{
    double absolute = 0;
    double relative = 0;
};

/// For EXPECT_TRUE: every number of `actual` is within tolerance of the one of `expected` at the same place.
/// Fails for different lengths, for nothing at all (a test that compared nothing), and for every NaN or infinity on
/// either side, equal ones included. Any two ranges of numbers with a size.
template<std::ranges::sized_range Actual, std::ranges::sized_range Expected>
::testing::AssertionResult close(const Actual& actual, const Expected& expected, Tolerance tolerance)
{
    const auto size = static_cast<std::size_t>(std::ranges::size(actual));
    if (size != static_cast<std::size_t>(std::ranges::size(expected)))
        return ::testing::AssertionFailure() << size << " numbers, " << std::ranges::size(expected) << " were expected";
    if (size == 0)
        return ::testing::AssertionFailure() << "no numbers were compared";
    if (!(tolerance.absolute >= 0) || !(tolerance.relative >= 0) || !std::isfinite(tolerance.absolute)
        || !std::isfinite(tolerance.relative))
        return ::testing::AssertionFailure() << "the tolerance must be finite and not negative";
    std::size_t wrong = 0, first = 0, index = 0;
    double first_actual = 0, first_expected = 0, largest = 0;
    auto other = std::ranges::begin(expected);
    for (auto it = std::ranges::begin(actual); it != std::ranges::end(actual); ++it, ++other, ++index) {
        const auto a = static_cast<double>(*it), e = static_cast<double>(*other);
        const double difference = std::fabs(a - e);
        if (std::isfinite(a) && std::isfinite(e)
            && difference <= tolerance.absolute + tolerance.relative * std::fabs(e))
            continue;
        if (wrong++ == 0) {
            first = index;
            first_actual = a;
            first_expected = e;
        }
        largest = std::fmax(largest, difference);
    }
    if (wrong == 0)
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << wrong << " of " << size << " numbers differ by up to " << largest
                                         << ", first at [" << first << "]: " << ::testing::PrintToString(first_actual)
                                         << ", " << ::testing::PrintToString(first_expected) << " was expected";
}

/// The same for two numbers.
inline ::testing::AssertionResult close(double actual, double expected, Tolerance tolerance)
{
    const double one[1] = {actual}, other[1] = {expected};
    return close(one, other, tolerance);
}

/// Adds a failure to the running test, with the caller's line when used through EXPECT_CLOSE.
#define EXPECT_CLOSE(actual, expected, absolute_tolerance, relative_tolerance)                                         \
    EXPECT_TRUE(                                                                                                       \
        ::kvw::testing::close(actual, expected, ::kvw::testing::Tolerance{absolute_tolerance, relative_tolerance}))

} // namespace kvw::testing
