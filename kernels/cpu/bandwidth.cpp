// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/bandwidth.h"

#include "kernels/cpu/crew.h"
#include "kernels/threads.h"

#include <algorithm>
#include <atomic>

namespace kvw::kernels {

double read_all(const float* x, std::int64_t count) noexcept
{
    constexpr std::int64_t piece_floats = 1 << 16, side_by_side = 32, fetched_ahead = 1024;
    std::atomic<double> total{0};
    for_pieces((count + piece_floats - 1) / piece_floats, threads(), Taking::One, [&](std::int64_t piece, int) {
        const float* from = x + piece * piece_floats;
        const std::int64_t here = std::min(count - piece * piece_floats, piece_floats);
        float sums[side_by_side] = {}; // several vectors of them, so that additions do not wait for each other
        std::int64_t i = 0;
        for (; i + side_by_side <= here; i += side_by_side) {
            // As the kernels that stream do: the hardware's own fetching stops at every page.
            __builtin_prefetch(from + i + fetched_ahead, 0, 3);
            __builtin_prefetch(from + i + fetched_ahead + 16, 0, 3);
            for (int lane = 0; lane < side_by_side; ++lane)
                sums[lane] += from[i + lane];
        }
        double sum = 0;
        for (const float each : sums)
            sum += static_cast<double>(each);
        for (; i < here; ++i)
            sum += static_cast<double>(from[i]);
        total.fetch_add(sum);
    });
    return total.load();
}

} // namespace kvw::kernels
