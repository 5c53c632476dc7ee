// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/library_product.h"

#include "core/base/time.h"
#include "kernels/linear.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <new>

namespace kvw {
namespace {

constexpr std::int64_t kRows = 144;
constexpr std::int64_t kMostColumns = 2048; ///< of a matrix that is wider, a part answers as well
constexpr int kRounds = 4;

double seconds_of(const auto& work)
{
    const Stopwatch watch;
    work();
    return watch.seconds();
}

ProductComparison measure(std::int64_t n, std::int64_t k)
{
    const c10::InferenceMode inference;
    const std::int64_t columns = std::min(n, kMostColumns);
    const at::Tensor x = at::ones({kRows, k}), w = at::ones({columns, k});
    at::Tensor ours = at::empty({kRows, columns}), theirs = at::empty({kRows, columns});
    const auto type = kernels::LinearType::Fp32;
    const at::Tensor packed =
        at::empty({static_cast<std::int64_t>(kernels::packed_linear_bytes(type, columns, k)) + 64}, at::kByte);
    void* memory = packed.data_ptr();
    std::size_t space = static_cast<std::size_t>(packed.numel());
    auto* aligned = static_cast<std::byte*>(std::align(64, space - 64, memory, space));
    kernels::pack_linear(type, w.data_ptr<float>(), columns, k, aligned);
    kernels::LinearProduct args;
    args.type = type;
    args.rows = kRows;
    args.n = columns;
    args.k = k;
    args.x = x.data_ptr<float>();
    args.x_stride = k;
    args.packed = aligned;
    args.y = ours.data_ptr<float>();
    args.y_stride = columns;
    ProductComparison out{n, k, 0, 0};
    const double operations = 2e-9 * static_cast<double>(kRows * columns * k);
    for (int round = 0; round < kRounds; ++round) {
        const double own = seconds_of([&] {
            if (kernels::linear(args) != kernels::Status::Ok)
                throw std::bad_alloc();
        });
        const double library = seconds_of([&] { at::mm_out(theirs, x, w.t()); });
        if (round > 0) { // the first one wakes threads and makes plans
            out.own_gflops = std::max(out.own_gflops, operations / own);
            out.library_gflops = std::max(out.library_gflops, operations / library);
        }
    }
    return out;
}

std::deque<ProductComparison>& met()
{
    static std::deque<ProductComparison> comparisons;
    return comparisons;
}

} // namespace

const ProductComparison& compare_products(std::int64_t n, std::int64_t k)
{
    for (const ProductComparison& each : met())
        if (each.n == n && each.k == k)
            return each;
    return met().emplace_back(measure(n, k));
}

std::vector<ProductComparison> compared_products() { return {met().begin(), met().end()}; }

} // namespace kvw
