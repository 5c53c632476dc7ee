// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace kvw {

/// LibTorch's fp32 product (MKL or oneDNN) beside our own, many rows by a matrix [n, k] on all threads, in 1e9 operations
/// a second.
///
/// Only fp32: LibTorch rounds the result of its bf16 product to bf16, so it is not the same product.
struct ProductComparison
{
    std::int64_t n = 0, k = 0;
    double own_gflops = 0, library_gflops = 0;

    /// Clearly faster: taking it costs a second copy of the matrix.
    bool library_wins() const { return library_gflops > 1.15 * own_gflops; }
};

/// Rows from which on LibTorch's product is considered.
inline constexpr std::int64_t kLibraryRows = 32;

/// Measured when a shape is first met, in some milliseconds. Not thread-safe.
const ProductComparison& compare_products(std::int64_t n, std::int64_t k);
/// All shapes that were met, in that order.
std::vector<ProductComparison> compared_products();

} // namespace kvw
