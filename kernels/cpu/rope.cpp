// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/rope.h"

#include "kernels/cpu/crew.h"
#include "kernels/threads.h"

namespace kvw::kernels {

Status rope(const Rope& a) noexcept
{
    if (a.dim <= 0 || a.dim % 2 != 0 || a.heads < 0 || a.sequences < 0 || a.tokens < 0
        || a.row_stride < static_cast<std::int64_t>(a.heads) * a.dim)
        return Status::BadShape;
    const std::int64_t rows = a.sequences * a.tokens;
    const int half = a.dim / 2;
    for_pieces(rows, rows >= 32 ? threads() : 1, Taking::Guided, [&](std::int64_t row, int) {
        const float* cosine = a.cosine + (row % a.tokens) * half;
        const float* sine = a.sine + (row % a.tokens) * half;
        for (int head = 0; head < a.heads; ++head) {
            float* low = a.x + row * a.row_stride + static_cast<std::int64_t>(head) * a.dim;
            float* high = low + half;
#pragma omp simd
            for (int i = 0; i < half; ++i) {
                const float x = low[i], y = high[i];
                low[i] = x * cosine[i] - y * sine[i];
                high[i] = y * cosine[i] + x * sine[i];
            }
        }
    });
    return Status::Ok;
}

} // namespace kvw::kernels
