// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/operations.h"
#include "kernels/rows.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kvw::kernels::cuda::test {

/// A device and its memory.
class Machine
{
public:
    virtual ~Machine() = default;
    virtual const Operations& operations() const = 0;
    /// Empty when it is there.
    virtual std::string why_absent() const = 0;
    virtual void* allocate(std::size_t bytes) = 0; ///< zeroed
    virtual void release(void* memory) noexcept = 0;
    virtual void to_device(void* to, const void* from, std::size_t bytes) = 0;
    virtual void to_host(void* to, const void* from, std::size_t bytes) = 0;
    virtual void wait() = 0;
};
/// The one that this program tests: a GPU, or the reference.
Machine& machine();
/// The reference, in either program.
Machine& host();

inline const Operations& operations() { return machine().operations(); }

/// An array in a machine's memory, zeroed.
template<typename T>
class Array
{
public:
    Array() = default;
    explicit Array(std::size_t count, Machine& where = machine()) : machine_(&where), count_(count)
    {
        if (count > 0)
            data_ = static_cast<T*>(where.allocate(count * sizeof(T)));
    }
    explicit Array(const std::vector<T>& values, Machine& where = machine()) : Array(values.size(), where)
    {
        copy_from(values);
    }
    ~Array() { release(); }
    Array(Array&& other) noexcept { swap(other); }
    Array& operator=(Array&& other) noexcept
    {
        swap(other);
        return *this;
    }

    /// Allocates where there is too little yet.
    void copy_from(const std::vector<T>& values)
    {
        if (count_ < values.size()) {
            release();
            count_ = values.size();
            data_ = static_cast<T*>(machine_->allocate(count_ * sizeof(T)));
        }
        if (!values.empty())
            machine_->to_device(data_, values.data(), values.size() * sizeof(T));
    }
    std::vector<T> to_host() const
    {
        std::vector<T> values(count_);
        if (count_ > 0)
            machine_->to_host(values.data(), data_, count_ * sizeof(T));
        return values;
    }
    T* data() const { return data_; }
    std::size_t size() const { return count_; }

private:
    void release()
    {
        if (data_)
            machine_->release(data_);
        data_ = nullptr;
    }
    void swap(Array& other) noexcept
    {
        std::swap(machine_, other.machine_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }
    Machine* machine_ = &machine();
    T* data_ = nullptr;
    std::size_t count_ = 0;
};

/// Skips with a sentence where there is no device.
class OnDevice : public testing::Test
{
protected:
    void SetUp() override
    {
        if (const std::string reason = machine().why_absent(); !reason.empty())
            GTEST_SKIP() << reason;
    }
};

inline std::uint16_t bf16(float value) { return to_bf16(value); }
using kernels::from_bf16;

} // namespace kvw::kernels::cuda::test
