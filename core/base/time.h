// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace kvw {

/// "2025-03-01T12:34:56.789Z": UTC, ISO 8601, always this long, so that text order is time order.
std::string utc_text(std::chrono::system_clock::time_point time);
std::string utc_now();

/// Seconds since it was made, by a clock that never goes back.
class Stopwatch
{
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace kvw
