// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstddef>
#include <cstdint>

namespace kvw::kernels {

/// Whether this processor has the instructions of the packed bf16 path (AVX512-BF16).
bool linear_bf16_available() noexcept;

/// Bytes of the packed form of W [n, k] (bf16): two neighbouring k of 16-column tiles together, k and n padded.
std::size_t packed_linear_bytes(std::int64_t n, std::int64_t k) noexcept;
/// w [n, k] bf16, row-major, any alignment -> packed (64-byte aligned).
void pack_linear(const std::uint16_t* w, std::int64_t n, std::int64_t k, std::byte* packed) noexcept;

enum class LinearOutput { Store, Add };

/// y = x W^T  (or y += x W^T), x rounded to bf16, products and sums in fp32.
/// rows 1..few stream the weights at memory speed; many rows reach the dot-product instruction's peak.
struct LinearBf16
{
    std::int64_t rows = 0, n = 0, k = 0;
    const float* x = nullptr; ///< [rows, k]
    std::int64_t x_stride = 0;
    const std::byte* packed = nullptr;
    float* y = nullptr; ///< [rows, n]
    std::int64_t y_stride = 0;
    LinearOutput output = LinearOutput::Store;
};
/// Unsupported where linear_bf16_available() is false.
[[nodiscard]] Status linear_bf16(const LinearBf16& args) noexcept;

} // namespace kvw::kernels
