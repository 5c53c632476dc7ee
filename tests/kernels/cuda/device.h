// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

namespace kvw::kernels::cuda::test {

/// Throws with the name of the error; tests of kernels check their own calls.
inline void must(cudaError_t error, const char* what = "CUDA")
{
    if (error != cudaSuccess)
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

/// An array in device memory, zeroed.
template<typename T>
class Array
{
public:
    Array() = default;
    explicit Array(std::size_t count) : count_(count)
    {
        if (count == 0)
            return;
        must(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)));
        must(cudaMemset(data_, 0, count * sizeof(T)));
    }
    ~Array() { cudaFree(data_); }
    explicit Array(const std::vector<T>& values) : Array(values.size()) { copy_from(values); }
    Array(Array&& other) noexcept { swap(other); }
    Array& operator=(Array&& other) noexcept
    {
        swap(other);
        return *this;
    }

    /// Allocates where there is nothing yet.
    void copy_from(const std::vector<T>& values)
    {
        if (count_ < values.size()) {
            cudaFree(data_);
            data_ = nullptr;
            must(cudaMalloc(reinterpret_cast<void**>(&data_), values.size() * sizeof(T)));
            count_ = values.size();
        }
        must(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
    }
    std::vector<T> to_host() const
    {
        std::vector<T> values(count_);
        must(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
        return values;
    }
    T* data() const { return data_; }
    std::size_t size() const { return count_; }

private:
    void swap(Array& other) noexcept
    {
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }
    T* data_ = nullptr;
    std::size_t count_ = 0;
};

/// Skips with a sentence where there is no device.
class OnDevice : public testing::Test
{
protected:
    void SetUp() override
    {
        int count = 0;
        if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess || count == 0)
            GTEST_SKIP() << "this machine has no CUDA device"
                         << (error != cudaSuccess ? std::string(" (") + cudaGetErrorString(error) + ")" : "");
    }
};

inline std::uint16_t bf16(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16); // finite values only
}
inline float from_bf16(std::uint16_t value)
{
    const std::uint32_t bits = std::uint32_t(value) << 16;
    float result = 0;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}
/// Where element (row, column) lies in blocks; see kernels/cuda/linear.h.
constexpr std::size_t in_blocks(int row, int column)
{
    return std::size_t(column / 32) * 256 + std::size_t(row) * 32 + std::size_t(column % 32);
}

} // namespace kvw::kernels::cuda::test
