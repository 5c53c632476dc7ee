// SPDX-License-Identifier: GPL-3.0-or-later
// What the canaries of the table of words store.
#include "tests/cache/cache_support.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using test::fitted;
using test::kShape;
using test::largest_difference;
using test::random_rows;

/// The values that one token is read as: with one position the attention's output is its value.
at::Tensor value_read(CodedCache& cache, int layer)
{
    const at::Tensor x = random_rows(1, 1, kShape.kv_heads, 1), q = random_rows(1, 1, kShape.heads, 2);
    cache.append(layer, x, x);
    return cache.attend(layer, q).clone();
}

CodedCache cache_of(const std::string& text)
{
    CacheOptions options;
    options.code_when = CodeWhen::Immediately;
    return {kShape, fitted(text), options};
}

TEST(Noise, EveryLayerAndSideHasAStreamOfItsOwn)
{
    const c10::InferenceMode inference;
    const at::Tensor x = random_rows(1, 5, kShape.kv_heads, 1);
    for (const char* text : {"k=noise v=noise", "k=noise,seed=7 v=noise,seed=7", "k=noise v=noise,seed=7"}) {
        SCOPED_TRACE(text);
        const auto codec = fitted(text);
        std::vector<at::Tensor> all;
        for (const LayerCodec& layer : codec->layers)
            for (const SideCodec* side : {&layer.k, &layer.v}) {
                RandomGenerator noise(side->noise_seed);
                all.push_back(encode_latents(*side, x, noise));
            }
        ASSERT_EQ(all.size(), 2u * static_cast<unsigned>(kShape.layers()));
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                EXPECT_GT(largest_difference(all[i], all[j]), 0.1) << i << " and " << j;
    }
}

TEST(Noise, OfTheValuesDoesNotDependOnTheKeys)
{
    const c10::InferenceMode inference;
    CodedCache alone = cache_of("v=noise,seed=7"), beside = cache_of("v=noise,seed=7 k=noise"),
               other = cache_of("v=noise,seed=8 k=noise");
    const at::Tensor wanted = value_read(alone, 0);
    EXPECT_EQ(largest_difference(value_read(beside, 0), wanted), 0);
    EXPECT_GT(largest_difference(value_read(other, 0), wanted), 0.1);
    EXPECT_GT(largest_difference(value_read(alone, 1), wanted), 0.1);
}

TEST(Noise, IsTheSameInEveryRunAndGoesOnInAClone)
{
    const c10::InferenceMode inference;
    CacheOptions options;
    CodedCache cache(kShape, fitted("k=noise v=noise"), options), again(kShape, fitted("k=noise v=noise"), options);
    EXPECT_EQ(largest_difference(test::run(cache, 1, 30, 5), test::run(again, 1, 30, 5)), 0);
    const auto clone = cache.clone();
    const at::Tensor x = random_rows(1, 6, kShape.kv_heads, 3), q = random_rows(1, 6, kShape.heads, 4);
    at::Tensor read[2];
    CodedCache* const both[] = {&cache, clone.get()};
    for (std::size_t i = 0; i < 2; ++i) {
        both[i]->append(0, x, x);
        both[i]->append(0, x, x); // codes what was raw before
        read[i] = both[i]->attend(0, q).clone();
    }
    EXPECT_EQ(largest_difference(read[0], read[1]), 0);
}

TEST(Zero, IsReadAsNothing)
{
    const c10::InferenceMode inference;
    CodedCache cache = cache_of("v=zero");
    EXPECT_EQ(value_read(cache, 0).abs().max().item<float>(), 0);
}

} // namespace
} // namespace kvw
