// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstddef>
#include <cstdint>

namespace kvw::kernels {

/// What a packed matrix is held in. Sums are fp32 either way.
enum class LinearType {
    Fp32,
    Bf16 ///< half the bytes; the rows that it is multiplied by are rounded to bf16 too, at every level of the processor
};

/// Bytes of the packed form of W [n, k]: tiles of 16 rows of W (columns of the result), in them two neighbouring k of each
/// row together; n and k padded with zeros.
std::size_t packed_linear_bytes(LinearType type, std::int64_t n, std::int64_t k) noexcept;
/// w [n, k] fp32 or bf16, row-major, any alignment -> packed (64-byte aligned).
void pack_linear(LinearType type, const void* w, std::int64_t n, std::int64_t k, std::byte* packed) noexcept;
/// The other way: w [n, k], row-major.
void unpack_linear(LinearType type, const std::byte* packed, std::int64_t n, std::int64_t k, void* w) noexcept;

enum class LinearOutput { Store, Add };

/// y = x W^T  (or y += x W^T), sums in fp32. Rows 1..few stream the weights at memory speed; many rows come near the peak of
/// the processor's products (of bf16 pairs where it has them, else of fp32).
struct LinearProduct
{
    LinearType type = LinearType::Bf16;
    std::int64_t rows = 0, n = 0, k = 0;
    const float* x = nullptr; ///< [rows, k]
    std::int64_t x_stride = 0;
    const std::byte* packed = nullptr;
    float* y = nullptr; ///< [rows, n]
    std::int64_t y_stride = 0;
    LinearOutput output = LinearOutput::Store;
};
/// Every element is one chain of (fused, where there is such an instruction) products over ascending k: neither the number
/// of rows nor that of threads changes its bits. BadShape for strides below the widths; Unsupported when there is no memory
/// for the rounded rows.
[[nodiscard]] Status linear(const LinearProduct& args) noexcept;

} // namespace kvw::kernels
