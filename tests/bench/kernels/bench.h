// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/cpu_features.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace kvw::bench {

/// What this machine's memory and processor allow, measured in this process before anything else.
struct Bounds
{
    double read_bytes_per_s = 0;
    double bf16_flops = 0; ///< 0 where there is no such instruction
    double fp32_flops = 0;
};
const Bounds& bounds();

/// Counters of a benchmark whose every iteration reads `bytes` from memory and computes `flops`: rates, and the share of the
/// bound, the longer of bytes / bandwidth and flops / peak.
void count(benchmark::State& state, double bytes, double flops, double peak_flops);

/// The level that --level names, for kernels that can be held to one; else the one in force. Kernels that cannot be held to one
/// are not measured then.
kernels::CpuLevel level();

void register_attend();
void register_attend_prefill();
void register_linear();
void register_elementwise();
void register_moments();

/// Memory at the start of a page, as the arenas of the engine have it.
template<typename T>
struct PageAllocator
{
    using value_type = T;
    PageAllocator() = default;
    template<typename U>
    PageAllocator(const PageAllocator<U>&)
    {}
    T* allocate(std::size_t count)
    {
        void* memory = std::aligned_alloc(4096, (count * sizeof(T) + 4095) / 4096 * 4096);
        if (memory == nullptr)
            throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }
    bool operator==(const PageAllocator&) const { return true; }
};

} // namespace kvw::bench
