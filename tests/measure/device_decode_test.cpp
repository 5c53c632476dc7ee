// SPDX-License-Identifier: GPL-3.0-or-later
// What a GPU is given for whole decode steps (the model, the cache's layers, the prompt), held against the CPU's own steps:
// a stand-in for the kernels computes from it, by their documented formulas.
#include "core/calibration/calibrate.h"
#include "core/measure/device_run.h"
#include "core/measure/generation.h"
#include "tests/measure/measure_support.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using test::error_of;
using test::fitted;
using test::TinyDecoder;
using ::testing::HasSubstr;

constexpr int kPrompt = 70, kSteps = 12;

at::Tensor rounded(const at::Tensor& x, at::ScalarType type) { return x.to(type).to(at::kFloat); }

/// Where numbers are rounded, to bf16 or to codes. Sums in another order decide otherwise where a number lies near the
/// middle between two; with `shaken`, every number is first moved by up to half a step of bf16, which decides as many as can
/// be otherwise, and codes with them where they are near their own middles.
class Rounder
{
public:
    Rounder() = default;
    explicit Rounder(std::uint64_t seed) : shaken_(at::detail::createCPUGenerator(seed)) {}

    at::Tensor to_bf16(const at::Tensor& x) const { return rounded(moved(x), at::kBFloat16); }

    /// x [..., width] as it is read back (kernels/cuda/kv_store.h).
    at::Tensor stored(const at::Tensor& given, DeviceFormat format) const
    {
        const at::Tensor x = moved(given);
        switch (format) {
        case DeviceFormat::Fp16:
            return rounded(x, at::kHalf);
        case DeviceFormat::Bf16:
            return rounded(x, at::kBFloat16);
        case DeviceFormat::Int8: {
            const at::Tensor scale = rounded(x.abs().amax(-1, true) / 127, at::kHalf);
            return (x / scale).round().clamp(-128, 127) * scale;
        }
        default: {
            const at::Tensor zero = rounded(x.amin(-1, true), at::kHalf);
            const at::Tensor scale = rounded((x.amax(-1, true) - x.amin(-1, true)) / 15, at::kHalf);
            return ((x - zero) / scale).round().clamp(0, 15) * scale + zero;
        }
        }
    }

private:
    at::Tensor moved(const at::Tensor& x) const
    {
        return shaken_ ? x + (at::rand(x.sizes(), *shaken_, x.options()) * 2 - 1) * x.abs() * 0x1p-8 : x;
    }

    std::optional<at::Generator> shaken_;
};

/// The steps of kernels/cuda/decode_step.h in plain tensors. The newest token is read as it came and coded afterwards, as the
/// CPU's cache has it.
class StandIn final : public DeviceDecode
{
public:
    StandIn(DeviceModel model, DeviceDecodeOptions options, Rounder rounder)
        : model_(std::move(model)),
          options_(std::move(options)),
          rounder_(std::move(rounder)),
          keys_(options_.layers.size()),
          values_(options_.layers.size())
    {}

    void fill(int layer, const at::Tensor& k, const at::Tensor& v) override
    {
        const auto i = static_cast<std::size_t>(layer);
        keys_[i] = rounder_.stored(projected(k.to(at::kFloat), i), options_.layers[i].key_format);
        values_[i] = rounder_.stored(v.to(at::kFloat), options_.layers[i].value_format);
    }
    void put(const at::Tensor& tokens) override { tokens_ = tokens; }
    void wait() override {}
    at::Tensor logits() override { return logits_; }
    void step() override
    {
        at::Tensor x = model_.embedding.index_select(0, tokens_).to(at::kFloat);
        for (std::size_t i = 0; i < model_.layers.size(); ++i) {
            const DeviceLayerWeights& w = model_.layers[i];
            const at::Tensor qkv = biased(product(norm(x, w.attention_norm), w.qkv), w.maybe_qkv_bias);
            x = x + biased(product(attention(qkv, i), w.output), w.maybe_output_bias);
            const at::Tensor inner = product(norm(x, w.mlp_norm), w.gate_up);
            const auto halves = inner.chunk(2, 1);
            x = x + product(at::silu(halves[0]) * halves[1], w.down);
        }
        logits_ = product(norm(x, model_.final_norm), model_.head);
        tokens_ = logits_.argmax(1);
    }

private:
    at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const
    {
        return x * at::rsqrt(x.square().mean(1, true) + model_.norm_eps) * weight;
    }
    static at::Tensor biased(const at::Tensor& x, const at::Tensor& maybe_bias)
    {
        return maybe_bias.defined() ? x + maybe_bias : x;
    }
    at::Tensor product(const at::Tensor& x, const at::Tensor& matrix) const
    {
        return at::mm(rounder_.to_bf16(x), matrix.to(at::kFloat).t());
    }
    /// [sequences, tokens, heads, head_dim] times the basis of each one's KV head.
    at::Tensor projected(const at::Tensor& x, std::size_t layer) const
    {
        const at::Tensor& basis = options_.layers[layer].maybe_key_basis;
        if (!basis.defined())
            return x;
        const at::Tensor each = basis.repeat_interleave(x.size(2) / basis.size(0), 0);
        return at::matmul(x.unsqueeze(3), each).squeeze(3);
    }
    at::Tensor rotated(const at::Tensor& x, std::int64_t position) const
    {
        const at::Tensor cosine = model_.cosine.select(0, position), sine = model_.sine.select(0, position);
        const auto halves = x.chunk(2, -1);
        return at::cat({halves[0] * cosine - halves[1] * sine, halves[1] * cosine + halves[0] * sine}, -1);
    }
    at::Tensor attention(const at::Tensor& qkv, std::size_t i)
    {
        const DeviceLayer& cache = options_.layers[i];
        const std::int64_t b = qkv.size(0), d = model_.head_dim, heads = model_.heads, kv = model_.kv_heads;
        const std::int64_t position = keys_[i].size(1);
        const at::Tensor rows = qkv.view({b, 1, -1});
        const at::Tensor q = projected(rotated(rows.narrow(2, 0, heads * d).unflatten(2, {heads, d}), position), i);
        const at::Tensor k = projected(rotated(rows.narrow(2, heads * d, kv * d).unflatten(2, {kv, d}), position), i);
        const at::Tensor v =
            rows.narrow(2, (heads + kv) * d, kv * cache.value_width).unflatten(2, {kv, cache.value_width});
        const auto spread = [&](const at::Tensor& x) {
            return x.permute({0, 2, 1, 3}).repeat_interleave(heads / kv, 1);
        };
        const at::Tensor keys = spread(at::cat({keys_[i], rounder_.to_bf16(k)}, 1));
        const at::Tensor values = spread(at::cat({values_[i], rounder_.to_bf16(v)}, 1));
        const at::Tensor p =
            at::softmax(at::matmul(q.permute({0, 2, 1, 3}), keys.transpose(2, 3)) * model_.softmax_scale, -1);
        keys_[i] = at::cat({keys_[i], rounder_.stored(rounder_.to_bf16(k), cache.key_format)}, 1);
        values_[i] = at::cat({values_[i], rounder_.stored(rounder_.to_bf16(v), cache.value_format)}, 1);
        return at::matmul(p, values).permute({0, 2, 1, 3}).reshape({b, heads * cache.value_width});
    }

    DeviceModel model_;
    DeviceDecodeOptions options_;
    Rounder rounder_;
    std::vector<at::Tensor> keys_, values_; ///< [sequences, tokens, kv_heads, width] as read back
    at::Tensor tokens_, logits_;
};

std::unique_ptr<DeviceDecode> stand_in(const DeviceModel& model, const DeviceDecodeOptions& options)
{
    return std::make_unique<StandIn>(model, options, Rounder());
}

class DeviceSteps : public ::testing::Test
{
protected:
    DeviceSteps() : model_(test::TinyModel{.tied = false}, ComputeType::Bf16)
    {
        text_ = test::random_tokens(kPrompt + kSteps, model_->config().vocab_size, 5);
        CalibrationOptions options;
        options.window_tokens = 41;
        calibration_ = calibrate(*model_, text_, options, [](const CalibrationProgress&) {});
    }

    std::shared_ptr<const FittedConfiguration> fit_to(const char* configuration) const
    {
        return fitted(*model_, configuration, &calibration_);
    }

    /// Logits of kSteps steps after the prompt, [kSteps, vocab], by the cache of the CPU and by the stand-in.
    at::Tensor on_cpu(const FittedConfiguration& codec) const
    {
        CodedCache cache(model_->attention_shape(), std::make_shared<FittedConfiguration>(codec), {});
        Decoder& decoder = decoder_for(codec, *model_);
        prefill(decoder, cache, prompt());
        std::vector<at::Tensor> out;
        for (int i = 0; i < kSteps; ++i)
            out.push_back(decoder.logits(decoder.forward(token(i).view({1, 1}), cache.length(), cache).view({1, -1})));
        return at::cat(out);
    }
    at::Tensor on_device(const FittedConfiguration& codec, const Rounder& rounder = {}) const
    {
        DeviceRun run(*model_, codec, 1, kPrompt, kSteps,
                      [&](const DeviceModel& model, const DeviceDecodeOptions& options) {
                          return std::make_unique<StandIn>(model, options, rounder);
                      });
        prefill(run.decoder(), run.past(), prompt());
        run.store_prompt();
        std::vector<at::Tensor> out;
        for (int i = 0; i < kSteps; ++i) {
            run.decode().put(token(i));
            run.decode().step();
            out.push_back(run.decode().logits());
        }
        return at::cat(out);
    }

    at::Tensor prompt() const { return test::as_row(text_).narrow(1, 0, kPrompt); }
    at::Tensor token(int step) const { return test::as_row(text_).select(0, 0).narrow(0, kPrompt + step, 1); }

    std::string refusal(const char* configuration) const
    {
        const auto error = error_of([&] { static_cast<void>(device_layers(*fit_to(configuration))); });
        return error && error->kind() == ErrorKind::Unsupported ? error->what() : "not refused";
    }

    TinyDecoder model_;
    std::vector<std::int32_t> text_;
    Calibration calibration_;
    c10::InferenceMode inference_;
};

TEST_F(DeviceSteps, GiveTheLogitsOfTheCpu)
{
    // How far two computations may be apart that round at the same places: as far as the same one with all of its roundings
    // shaken, which is what the model makes of them and nothing of the processor's. (Of those few that differ in truth, the
    // largest effect is about half of that at every level.)
    for (const char* configuration :
         {"identity", "k=int8,sym v=int8,sym", "k=int4 v=int4", "k=int8,sym v=int4", "v=pca:8,weighted,fold",
          "k=int8,sym v=pca:8,weighted,fold+int8,sym", "k=rotate+int8,sym v=int8,sym"}) {
        SCOPED_TRACE(configuration);
        const auto codec = fit_to(configuration);
        const at::Tensor wanted = on_cpu(*codec), got = on_device(*codec);
        double largest = 0, mean = 0;
        for (const std::uint64_t seed : {1, 2, 3, 4}) {
            const at::Tensor strayed = (on_device(*codec, Rounder(seed)) - got).abs();
            largest = std::max(largest, strayed.max().item<double>());
            mean = std::max(mean, strayed.mean().item<double>());
        }
        const at::Tensor apart = (wanted - got).abs();
        const double size = wanted.abs().max().item<double>();
        RecordProperty(configuration, fmt::format("{:.4f} of {:.4f}", apart.max().item<double>(), largest));
        EXPECT_LT(largest, size / 4) << "shaking must not make everything right";
        EXPECT_LE(apart.max().item<double>(), largest);
        EXPECT_LE(apart.mean().item<double>(), mean);
    }
}

TEST_F(DeviceSteps, ANewPromptReplacesTheOldOne)
{
    const auto codec = fit_to("k=int8,sym v=int8,sym");
    DeviceRun run(*model_, *codec, 1, kPrompt, kSteps, stand_in);
    prefill(run.decoder(), run.past(), prompt());
    const auto first_logits = [&] {
        run.store_prompt();
        run.decode().put(token(0));
        run.decode().step();
        return run.decode().logits().clone();
    };
    const at::Tensor once = first_logits();
    run.decode().step();
    EXPECT_TRUE(at::equal(once, first_logits()));
}

TEST_F(DeviceSteps, LayersAreNamedAsTheKernelsStoreThem)
{
    const std::vector<DeviceLayer> mixed = device_layers(*fit_to("k=int8,sym sinks=32 v=int4,token window=64"));
    ASSERT_EQ(mixed.size(), 2u);
    EXPECT_EQ(mixed[1].key_format, DeviceFormat::Int8);
    EXPECT_EQ(mixed[1].value_format, DeviceFormat::Int4);
    EXPECT_EQ(mixed[1].sinks, 32);
    EXPECT_EQ(mixed[1].window, 64);
    const DeviceLayer one_side = device_layers(*fit_to("v=int8,sym")).front();
    EXPECT_EQ(one_side.key_format, DeviceFormat::Fp16); // beside codes, which become fp16
    EXPECT_EQ(one_side.value_format, DeviceFormat::Int8);
    EXPECT_EQ(device_layers(*fit_to("k=int4,channel=32 v=int4")).front().key_format, DeviceFormat::Int4Channel);
    const DeviceLayer folded = device_layers(*fit_to("v=pca:8,weighted,fold")).front();
    EXPECT_EQ(folded.value_width, 8);
    EXPECT_EQ(folded.value_format, DeviceFormat::Bf16);
}

TEST_F(DeviceSteps, WhatTheKernelsDoNotStoreIsNamed)
{
    EXPECT_THAT(refusal("k=int8"), HasSubstr("write \"int8,sym\""));
    EXPECT_THAT(refusal("v=pca:8,weighted"), HasSubstr("add \"fold\""));
    EXPECT_THAT(refusal("v=pca:5,weighted,fold"), HasSubstr("multiple of 8"));
    EXPECT_THAT(refusal("k=int4,channel=16 v=int4"), HasSubstr("channel=32"));
    EXPECT_THAT(refusal("k=int2 v=int4"), HasSubstr("2-bit"));
    EXPECT_THAT(refusal("k=int8,sym v=int8,sym sinks=4"), HasSubstr("4 sinks"));
    EXPECT_THAT(refusal("k=pca:8"), HasSubstr("a basis"));
}

TEST_F(DeviceSteps, BytesAreThoseOfTheTiles)
{
    const AttentionShape shape = model_->attention_shape();
    const std::vector<DeviceLayer> layers = device_layers(*fit_to("k=int8,sym v=int8,sym"));
    const Ledger ledger = device_ledger(layers, shape, 1, 64);
    // 2 layers x 2 KV heads x 64 tokens x (keys of 16 padded to 32, values of 16, two scales of 2 bytes).
    EXPECT_EQ(ledger.payload_bytes, 2 * 2 * 64 * (32 + 16));
    EXPECT_EQ(ledger.scales_bytes, 2 * 2 * 64 * 4);
    EXPECT_EQ(ledger.padding_bytes, 0);
    EXPECT_GT(device_ledger(layers, shape, 1, 65).padding_bytes, 0);
}

TEST(DeviceModels, WhatTheKernelsDoNotKnowIsNamed)
{
    const TinyDecoder fp32;
    const auto of_fp32 = error_of([&] { fp32->device_model(8); });
    ASSERT_TRUE(of_fp32);
    EXPECT_EQ(of_fp32->kind(), ErrorKind::Unsupported);
    EXPECT_THAT(of_fp32->what(), HasSubstr("fp32"));
    const TinyDecoder odd(test::TinyModel{.hidden = 40}, ComputeType::Bf16);
    const auto of_odd = error_of([&] { odd->device_model(8); });
    ASSERT_TRUE(of_odd);
    EXPECT_THAT(of_odd->what(), HasSubstr("hidden size of 40"));
}

} // namespace
} // namespace kvw
