// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/bytes.h"

#include "core/base/error.h"

#include <zstd.h>

namespace kvw {
namespace {

constexpr int kLevel = 3; // higher ones win less than 1 % on moments

/// By their bits, so that a NaN is a value like any other and -0 is not 0.
bool is_symmetric(std::span<const double> matrix, std::size_t n)
{
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i + 1; j < n; ++j)
            if (std::bit_cast<std::uint64_t>(matrix[i * n + j]) != std::bit_cast<std::uint64_t>(matrix[j * n + i]))
                return false;
    return true;
}

Blob compressed(std::string_view bytes)
{
    Blob blob;
    blob.bytes.resize(ZSTD_compressBound(bytes.size()));
    const std::size_t size = ZSTD_compress(blob.bytes.data(), blob.bytes.size(), bytes.data(), bytes.size(), kLevel);
    if (ZSTD_isError(size))
        throw Error(ErrorKind::Internal, std::string("zstd: ") + ZSTD_getErrorName(size));
    blob.bytes.resize(size);
    return blob;
}

} // namespace

Blob pack_matrix(std::span<const double> matrix, int dim)
{
    const auto n = static_cast<std::size_t>(dim);
    if (!is_symmetric(matrix, n))
        return compressed(bytes_of(matrix));
    std::vector<double> triangle;
    triangle.reserve(n * (n + 1) / 2);
    for (std::size_t i = 0; i < n; ++i)
        triangle.insert(triangle.end(), matrix.begin() + static_cast<std::ptrdiff_t>(i * n + i),
                        matrix.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
    return compressed(bytes_of(std::span(triangle)));
}

std::optional<std::vector<double>> unpack_matrix(const Blob& blob, int dim)
{
    if (dim < 0 || dim > kMaxStoredDim)
        return std::nullopt;
    const auto n = static_cast<std::size_t>(dim);
    const std::size_t all = n * n, upper = n * (n + 1) / 2;
    const unsigned long long bytes = ZSTD_getFrameContentSize(blob.bytes.data(), blob.bytes.size());
    if (bytes != all * sizeof(double) && bytes != upper * sizeof(double))
        return std::nullopt;
    std::vector<double> stored(bytes / sizeof(double));
    const std::size_t size = ZSTD_decompress(stored.data(), bytes, blob.bytes.data(), blob.bytes.size());
    if (ZSTD_isError(size) || size != bytes)
        return std::nullopt;
    if (stored.size() == all)
        return stored;
    std::vector<double> matrix(all);
    auto next = stored.begin();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i; j < n; ++j)
            matrix[i * n + j] = matrix[j * n + i] = *next++;
    return matrix;
}

} // namespace kvw
