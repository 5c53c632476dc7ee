// SPDX-License-Identifier: GPL-3.0-or-later
// Whole decode steps on a device, by the reference of its kernels, held against the CPU's own steps.
#include "tests/measure/device_support.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>

namespace kvw {
namespace {

using test::error_of;
using test::TinyDecoder;
using ::testing::HasSubstr;
namespace cuda = kernels::cuda;

constexpr int kPrompt = 70, kSteps = 12;

/// The CPU's cache as the device's store is without a window: a token is coded before its own query reads it.
class SettledPast final : public Past
{
public:
    SettledPast(CodedCache& cache) : cache_(cache) {}
    void append(int layer, const at::Tensor& k, const at::Tensor& v) override
    {
        cache_.append(layer, k, v);
        cache_.settle();
    }
    at::Tensor attend(int layer, const at::Tensor& q) override { return cache_.attend(layer, q); }
    std::int64_t length() const override { return cache_.length(); }

private:
    CodedCache& cache_;
};

class DeviceSteps : public test::DeviceTest
{
protected:
    DeviceSteps() : DeviceTest(kPrompt + kSteps) {}

    /// Logits of kSteps steps after the prompt, [kSteps, vocab], by the cache of the CPU.
    at::Tensor on_cpu(const FittedConfiguration& codec) const
    {
        CodedCache cache(model_->attention_shape(), std::make_shared<FittedConfiguration>(codec), {});
        Decoder& decoder = decoder_for(codec, *model_);
        prefill(decoder, cache, prompt()); // in one piece, which reads itself uncoded
        SettledPast past(cache);
        return by_layers(decoder, past);
    }
    /// By whole steps.
    at::Tensor on_device(const FittedConfiguration& codec, const cuda::Operations& kernels) const
    {
        DeviceRun run(*model_, codec, plan(codec, kernels), 1, kPrompt, kSteps);
        prefill(run.decoder(), run.prompt_past(), prompt());
        run.store_prompt();
        std::vector<at::Tensor> out;
        for (int i = 0; i < kSteps; ++i) {
            run.decode().put(token(i));
            run.decode().step();
            out.push_back(run.decode().logits());
        }
        return at::cat(out);
    }
    /// By the decoder over the same store.
    at::Tensor through_past(const FittedConfiguration& codec) const
    {
        DeviceRun run(*model_, codec, plan(codec, cuda::reference_operations()), 1, kPrompt, kSteps);
        prefill(run.decoder(), run.prompt_past(), prompt());
        run.store_prompt();
        return by_layers(run.decoder(), run.past());
    }
    at::Tensor by_layers(Decoder& decoder, Past& past) const
    {
        std::vector<at::Tensor> out;
        for (int i = 0; i < kSteps; ++i)
            out.push_back(decoder.logits(decoder.forward(token(i).view({1, 1}), past.length(), past).view({1, -1})));
        return at::cat(out);
    }

    at::Tensor prompt() const { return test::as_row(text_).narrow(1, 0, kPrompt); }
    at::Tensor token(int step) const { return test::as_row(text_).select(0, 0).narrow(0, kPrompt + step, 1); }

    std::string refusal(const char* configuration) const
    {
        const auto error = error_of([&] { static_cast<void>(device_layers(*fit_to(configuration))); });
        return error && error->kind() == ErrorKind::Unsupported ? error->what() : "not refused";
    }
    std::string why_not(const DeviceDemand& demand, const Decoder& decoder) const
    {
        std::string sentence;
        const auto codec = fit_to("identity");
        return choose_device(decoder, *codec, &cuda::reference_operations(), demand, sentence) ? "chosen" : sentence;
    }
};

TEST_F(DeviceSteps, GiveTheLogitsOfTheCpu)
{
    // How far two computations may be apart that round at the same places: as far as the same one with all of its roundings
    // shaken, which is what the model makes of them and nothing of the processor's.
    for (const char* configuration :
         {"identity", "k=int8,sym v=int8,sym", "k=int4 v=int4", "k=int8,sym v=int4", "v=int8,sym",
          "v=pca:8,weighted,fold", "k=int8,sym v=pca:8,weighted,fold+int8,sym", "k=rotate+int8,sym v=int8,sym"}) {
        SCOPED_TRACE(configuration);
        const auto codec = fit_to(configuration);
        const at::Tensor wanted = on_cpu(*codec), got = on_device(*codec, cuda::reference_operations());
        const at::Tensor layered = through_past(*codec);
        double largest = 0, mean = 0;
        for (const std::uint64_t seed : {1, 2, 3, 4}) {
            const at::Tensor strayed = (on_device(*codec, test::shaken_operations(seed)) - got).abs();
            largest = std::max(largest, strayed.max().item<double>());
            mean = std::max(mean, strayed.mean().item<double>());
        }
        const double size = wanted.abs().max().item<double>();
        EXPECT_LT(largest, size / 4) << "shaking must not make everything right";
        for (const auto& [other, name] : {std::pair{wanted, "the CPU's cache"}, std::pair{layered, "DevicePast"}}) {
            const at::Tensor apart = (other - got).abs();
            RecordProperty(configuration,
                           fmt::format("{}: {:.4f} of {:.4f}", name, apart.max().item<double>(), largest));
            EXPECT_LE(apart.max().item<double>(), largest) << name;
            EXPECT_LE(apart.mean().item<double>(), mean) << name;
        }
    }
}

TEST_F(DeviceSteps, ANewPromptReplacesTheOldOne)
{
    const auto codec = fit_to("k=int8,sym v=int8,sym");
    DeviceRun run(*model_, *codec, plan(*codec, cuda::reference_operations()), 1, kPrompt, kSteps);
    prefill(run.decoder(), run.prompt_past(), prompt());
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

TEST_F(DeviceSteps, ChooseTheTokenOfTheirOwnLogits)
{
    const auto codec = fit_to("k=int8,sym v=int8,sym");
    const auto steps = [&](bool put_each) {
        DeviceRun run(*model_, *codec, plan(*codec, cuda::reference_operations()), 1, kPrompt, kSteps);
        prefill(run.decoder(), run.prompt_past(), prompt());
        run.store_prompt();
        run.decode().put(token(0));
        run.decode().step();
        for (int i = 1; i < kSteps; ++i) {
            if (put_each)
                run.decode().put(run.decode().logits().argmax(1));
            run.decode().step();
        }
        return run.decode().logits().clone();
    };
    EXPECT_TRUE(at::equal(steps(true), steps(false)));
}

TEST_F(DeviceSteps, LayersAreNamedAsTheKernelsStoreThem)
{
    const std::vector<DeviceLayer> mixed = device_layers(*fit_to("k=int8,sym sinks=32 v=int4,token window=64"));
    ASSERT_EQ(mixed.size(), 2u);
    EXPECT_EQ(mixed[1].format.key_format, cuda::Format::Int8);
    EXPECT_EQ(mixed[1].format.value_format, cuda::Format::Int4);
    EXPECT_EQ(mixed[1].format.sinks, 32);
    EXPECT_EQ(mixed[1].format.window, 64);
    const DeviceLayer one_side = device_layers(*fit_to("v=int8,sym")).front();
    EXPECT_EQ(one_side.format.key_format, cuda::Format::Fp16); // beside codes, which become fp16
    EXPECT_EQ(one_side.format.value_format, cuda::Format::Int8);
    EXPECT_EQ(device_layers(*fit_to("k=int4,channel=32 v=int4")).front().format.key_format, cuda::Format::Int4Channel);
    const DeviceLayer folded = device_layers(*fit_to("v=pca:8,weighted,fold")).front();
    EXPECT_EQ(folded.format.value_width, 8);
    EXPECT_EQ(folded.format.value_format, cuda::Format::Bf16);
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
    EXPECT_THAT(refusal("k=int4 v=int8,sym"), HasSubstr("int4 keys with int8 values; they store fp16 with fp16"));
    EXPECT_THAT(refusal("k=rotate+int8,sym v=int8,sym sinks=32"), HasSubstr("a basis beside sinks"));
    EXPECT_THAT(refusal("k=fp16 v=fp16 sinks=32"), HasSubstr("sinks or a window beside numbers that have 16 bits"));
    EXPECT_THAT(refusal("k=zero v=zero"), HasSubstr("this transform"));
}

TEST_F(DeviceSteps, WhatIsAskedBesideTheConfigurationIsNamedWhereItCannotBe)
{
    EXPECT_EQ(why_not({cuda::kMaxSequences, std::nullopt}, *model_), "chosen");
    EXPECT_THAT(why_not({cuda::kMaxSequences + 1, std::nullopt}, *model_),
                HasSubstr(fmt::format("decode {} sequences at a time at most, and {} were asked for",
                                      cuda::kMaxSequences, cuda::kMaxSequences + 1)));
    EXPECT_EQ(why_not({0, parse_protocol("all")}, *model_), "chosen");
    EXPECT_EQ(why_not({0, parse_protocol("step")}, *model_), "chosen");
    EXPECT_THAT(why_not({0, parse_protocol("past:64")}, *model_), HasSubstr("protocol past:64"));
    const TinyDecoder fp32;
    EXPECT_THAT(why_not({}, *fp32), HasSubstr("identity: read on the CPU instead: "));
    EXPECT_THAT(why_not({}, *fp32), HasSubstr("fp32"));
}

TEST_F(DeviceSteps, NumbersBeyondTheStoreAreNamed)
{
    const auto codec = fit_to("k=int8,sym v=int8,sym");
    const auto store = plan(*codec, cuda::reference_operations()).make_store(1, 8);
    const at::Tensor good = at::ones({1, 2, 2, 16}), bad = good * 1e5,
                     nan = good * std::numeric_limits<float>::quiet_NaN();
    EXPECT_NO_THROW(store->check_range(0, good, good));
    for (const auto& [k, v, said] : {std::tuple{bad, good, "layer 1: keys of up to 100000"},
                                     std::tuple{good, nan, "layer 1: values that are not numbers"}}) {
        const auto error = error_of([&] { store->check_range(1, k, v); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::NotFinite);
        EXPECT_THAT(error->message(), HasSubstr(said));
    }
    EXPECT_EQ(error_of([&] { store->fill(0, bad, good); })->kind(), ErrorKind::NotFinite);
}

TEST_F(DeviceSteps, BytesAreThoseOfTheTiles)
{
    const auto codec = fit_to("k=int8,sym v=int8,sym");
    const auto store = plan(*codec, cuda::reference_operations()).make_store(1, 128);
    const Ledger ledger = store->ledger(64);
    // 2 layers x 2 KV heads x 64 tokens x (keys of 16 padded to 32, values of 16, two scales of 2 bytes).
    EXPECT_EQ(ledger.payload_bytes, 2 * 2 * 64 * (32 + 16));
    EXPECT_EQ(ledger.scales_bytes, 2 * 2 * 64 * 4);
    EXPECT_EQ(ledger.padding_bytes, 0);
    EXPECT_GT(store->ledger(65).padding_bytes, 0);
}

TEST(DeviceModels, WhatTheKernelsDoNotKnowIsNamed)
{
    const TinyDecoder fp32;
    const auto of_fp32 = error_of([&] { fp32->require_device_kernels(); });
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
