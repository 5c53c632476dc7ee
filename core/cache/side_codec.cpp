// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/side_codec.h"

#include "core/base/error.h"
#include "kernels/combine_rows.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>

#include <cmath>

namespace kvw {
namespace {

/// Below this many vectors a head, plain loops beat a library call.
constexpr std::int64_t kFewVectors = 4;

at::Tensor noise_like(const at::Tensor& x, RandomGenerator& noise)
{
    at::Tensor out = x.permute({0, 2, 1, 3}).clone(at::MemoryFormat::Contiguous);
    float* values = out.data_ptr<float>();
    const std::int64_t width = out.size(3), rows = out.numel() / width;
    for (std::int64_t row = 0; row < rows; ++row) {
        double square = 0;
        for (std::int64_t i = 0; i < width; ++i)
            square += static_cast<double>(values[row * width + i]) * values[row * width + i];
        // As strong as the vector it replaces, so that only its direction and meaning are destroyed.
        const double scale = std::sqrt(square / static_cast<double>(width));
        for (std::int64_t i = 0; i < width; ++i)
            values[row * width + i] = static_cast<float>(scale * noise.normal());
    }
    return out;
}

} // namespace

bool are_few(const SideCodec& codec, std::int64_t n) noexcept { return codec.has_basis() && n <= kFewVectors; }

void encode_few(const SideCodec& codec, const float* x, std::int64_t sequences, std::int64_t n, float* out,
                std::vector<float>& scratch)
{
    const auto d = static_cast<std::int64_t>(codec.head_dim), r = static_cast<std::int64_t>(codec.width);
    const std::int64_t heads = codec.encoder.size(0);
    const float* mean = codec.mean.defined() ? codec.mean.const_data_ptr<float>() : nullptr;
    const float* encoder = codec.encoder.const_data_ptr<float>();
    kernels::CombineRows args;
    args.vectors = n;
    args.count = codec.head_dim;
    args.width = codec.width;
    scratch.resize(std::max(scratch.size(), static_cast<std::size_t>(n * d)));
    for (std::int64_t lane = 0; lane < sequences * heads; ++lane, x += n * d, out += n * r) {
        const std::int64_t head = lane % heads;
        for (std::int64_t i = 0; mean != nullptr && i < n * d; ++i)
            scratch[static_cast<std::size_t>(i)] = x[i] - mean[head * d + i % d];
        args.rows = encoder + head * d * r;
        args.x = mean != nullptr ? scratch.data() : x;
        args.out = out;
        if (kernels::combine_rows(args) != kernels::Status::Ok)
            throw Error(ErrorKind::Internal, fmt::format("a basis of [{}, {}] was refused", d, r));
    }
}

at::Tensor encode_latents(const SideCodec& codec, const at::Tensor& x, RandomGenerator& noise)
{
    const std::int64_t sequences = x.size(0), tokens = x.size(1), heads = x.size(2);
    switch (codec.canary) {
    case config::Canary::None:
        break;
    case config::Canary::Zeros:
        return at::zeros({sequences, heads, tokens, codec.width}, at::kFloat);
    case config::Canary::Noise:
        return noise_like(x, noise);
    }
    if (!codec.has_basis())
        return x.permute({0, 2, 1, 3}).contiguous();
    at::Tensor rows = x.permute({0, 2, 1, 3}); // [B, G, n, d]
    if (codec.mean.defined())
        rows = rows - codec.mean.view({1, heads, 1, codec.head_dim});
    return at::matmul(rows, codec.encoder).contiguous();
}

at::Tensor lift_latents(const SideCodec& codec, const at::Tensor& z)
{
    if (!codec.has_basis())
        return z;
    at::Tensor out = at::matmul(z, codec.decoder_transposed);
    if (codec.mean.defined())
        out += codec.mean.view({1, codec.mean.size(0), 1, codec.head_dim});
    return out;
}

} // namespace kvw
