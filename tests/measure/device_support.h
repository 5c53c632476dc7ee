// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/calibration/calibrate.h"
#include "core/measure/device_run.h"
#include "kernels/cuda/operations.h"
#include "tests/measure/measure_support.h"

#include <gtest/gtest.h>

#include <random>

namespace kvw::test {

namespace cuda = kernels::cuda;

/// Every number that the wrapped operations below get is first moved by up to half a step of bf16. Sums in another order
/// decide otherwise where a number lies near the middle between two; this decides as many as can be otherwise, and codes with
/// them where they are near their own middles.
struct Shaker
{
    std::mt19937_64 random;

    float moved(float x) { return x * (1 + std::uniform_real_distribution<float>(-0x1p-8f, 0x1p-8f)(random)); }
};
inline Shaker& shaker()
{
    static Shaker one;
    return one;
}

inline kernels::Status shaken_linear(const cuda::Linear& args, cuda::StreamHandle stream) noexcept
{
    std::vector<std::uint16_t> x(args.x, args.x + cuda::blocks_size(args.k));
    for (int row = 0; row < args.rows; ++row)
        for (int k = 0; k < args.k; ++k) {
            std::uint16_t& bits = x[cuda::in_blocks(row, k)];
            bits = kernels::to_bf16(shaker().moved(kernels::from_bf16(bits)));
        }
    cuda::Linear shaken = args;
    shaken.x = x.data();
    return cuda::reference_operations().linear(shaken, stream);
}

inline kernels::Status shaken_append(const cuda::Append& args, cuda::StreamHandle stream) noexcept
{
    const cuda::KvStore& store = args.store;
    const int width = args.heads * args.head_dim + store.kv_heads * (args.head_dim + store.value_width);
    std::vector<float> qkv(args.qkv, args.qkv + std::ptrdiff_t{width} * store.sequences);
    for (float& x : qkv)
        x = shaker().moved(x);
    cuda::Append shaken = args;
    shaken.qkv = qkv.data();
    return cuda::reference_operations().append(shaken, stream);
}

inline kernels::Status shaken_fill(const cuda::Fill& args, cuda::StreamHandle stream) noexcept
{
    const auto moved = [&](const std::uint16_t* from, int width) {
        const bool bf16 = args.store.key_format == cuda::Format::Bf16;
        std::vector<std::uint16_t> out(
            from, from + std::ptrdiff_t{args.store.sequences} * args.count * args.store.kv_heads * width);
        for (std::uint16_t& bits : out) {
            const float x = shaker().moved(bf16 ? kernels::from_bf16(bits) : kernels::from_fp16(bits));
            bits = bf16 ? kernels::to_bf16(x) : kernels::to_fp16(x);
        }
        return out;
    };
    const std::vector<std::uint16_t> k = moved(args.k, args.store.key_width), v = moved(args.v, args.store.value_width);
    cuda::Fill shaken = args;
    shaken.k = k.data();
    shaken.v = v.data();
    return cuda::reference_operations().fill(shaken, stream);
}

inline const cuda::Operations& shaken_operations(std::uint64_t seed)
{
    static const cuda::Operations operations = [] {
        cuda::Operations out = cuda::reference_operations();
        out.linear = shaken_linear;
        out.append = shaken_append;
        out.fill = shaken_fill;
        return out;
    }();
    shaker().random.seed(seed);
    return operations;
}

/// Makes zero of what is stored before it is read.
inline const cuda::Operations& wrecking_operations()
{
    static const cuda::Operations operations = [] {
        cuda::Operations out = cuda::reference_operations();
        out.attend = [](const cuda::Attend& args, cuda::StreamHandle stream) noexcept {
            const auto pages = static_cast<std::size_t>(args.store.sequences * args.store.pages_per_sequence);
            const cuda::KvStoreBytes bytes = cuda::kv_store_bytes(args.store, pages);
            std::fill_n(args.store.tiles, bytes.tiles, std::byte{0});
            std::fill_n(args.store.exact, bytes.exact, std::byte{0});
            return cuda::reference_operations().attend(args, stream);
        };
        return out;
    }();
    return operations;
}

/// A tiny model in bf16 with a calibration, on the CPU, over whose memory the reference of the kernels computes.
class DeviceTest : public ::testing::Test
{
protected:
    explicit DeviceTest(int tokens) : model_(TinyModel{.tied = false}, ComputeType::Bf16)
    {
        text_ = random_tokens(tokens, model_->config().vocab_size, 5);
        CalibrationOptions options;
        options.window_tokens = 41;
        calibration_ = calibrate(*model_, text_, options, [](const CalibrationProgress&) {});
    }

    std::shared_ptr<const FittedConfiguration> fit_to(std::string_view configuration) const
    {
        return fitted(*model_, configuration, &calibration_);
    }
    DevicePlan plan(const FittedConfiguration& codec, const cuda::Operations& kernels) const
    {
        std::string why_not;
        const auto chosen = choose_device(*model_, codec, &kernels, {}, why_not);
        if (!chosen)
            throw std::runtime_error(why_not);
        return *chosen;
    }

    TinyDecoder model_;
    std::vector<std::int32_t> text_;
    Calibration calibration_;
    c10::InferenceMode inference_;
};

} // namespace kvw::test
