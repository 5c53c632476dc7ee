// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

static_assert(std::endian::native == std::endian::little, "the store's blobs are little endian and copied as they are");

/// Bytes of a BLOB column.
struct Blob
{
    std::string bytes;
};

template<typename T>
std::string_view bytes_of(std::span<T> numbers)
{
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

/// False when the bytes are no whole number of T.
template<typename T>
bool numbers_of(std::string_view bytes, std::vector<T>& numbers)
{
    if (bytes.size() % sizeof(T) != 0)
        return false;
    numbers.resize(bytes.size() / sizeof(T));
    if (!numbers.empty())
        std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return true;
}

/// Of moments: a larger matrix is refused, also when a damaged file asks for it.
inline constexpr int kMaxStoredDim = 4096;

/// A [dim, dim] matrix, lossless: zstd over the upper triangle by rows, or over all of it where it is not symmetric to
/// the last bit. matrix.size() is dim * dim.
Blob pack_matrix(std::span<const double> matrix, int dim);
/// The whole matrix back; nothing when the blob is not that of a [dim, dim] matrix. dim 0..kMaxStoredDim.
std::optional<std::vector<double>> unpack_matrix(const Blob& blob, int dim);

} // namespace kvw
