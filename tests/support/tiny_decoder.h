// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/lm/decoder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kvw::test {

inline std::unique_ptr<Decoder> open_folder(const std::filesystem::path& folder, ComputeType type = ComputeType::Fp32)
{
    return open_decoder(read_model_config(folder), std::make_shared<const WeightFiles>(WeightFiles::open(folder)),
                        {type, "cpu"});
}

/// A tiny model on disk and the decoder that reads it.
struct TinyDecoder
{
    explicit TinyDecoder(const TinyModel& model = {}, ComputeType type = ComputeType::Fp32, std::uint64_t seed = 1)
    {
        model.write(folder.path(), seed);
        decoder = open_folder(folder.path(), type);
    }
    Decoder& operator*() const { return *decoder; }
    Decoder* operator->() const { return decoder.get(); }

    testing::TemporaryFolder folder;
    std::unique_ptr<Decoder> decoder;
};

inline std::vector<std::int32_t> random_tokens(int count, int vocab, std::uint64_t seed)
{
    RandomGenerator random(seed);
    std::vector<std::int32_t> out;
    for (int i = 0; i < count; ++i)
        out.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(vocab))));
    return out;
}

/// [1, count] int64, as a decoder takes them.
inline at::Tensor as_row(std::span<const std::int32_t> tokens)
{
    const auto count = static_cast<std::int64_t>(tokens.size());
    return at::from_blob(const_cast<std::int32_t*>(tokens.data()), {1, count}, at::kInt).to(at::kLong);
}

/// max |a - b|; NaN where there is one or the shapes differ, so that a comparison fails.
inline double largest_difference(const at::Tensor& a, const at::Tensor& b)
{
    if (a.sizes() != b.sizes() || a.numel() == 0)
        return std::nan("");
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

inline std::vector<double> as_vector(const at::Tensor& x)
{
    const at::Tensor flat = x.to(at::kDouble).contiguous();
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

/// The Error that the action throws; whatever else it throws passes through and fails the test.
inline std::optional<Error> error_of(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

} // namespace kvw::test
