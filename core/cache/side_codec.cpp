// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/side_codec.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

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

void encode_few(const SideCodec& codec, const at::Tensor& x, at::Tensor& out)
{
    const std::int64_t sequences = x.size(0), tokens = x.size(1), heads = x.size(2);
    const int d = codec.head_dim, r = codec.width;
    std::vector<float> centred(static_cast<std::size_t>(d));
    const float* encoder = codec.encoder.data_ptr<float>();
    const float* mean = codec.mean.defined() ? codec.mean.data_ptr<float>() : nullptr;
    for (std::int64_t b = 0; b < sequences; ++b) {
        for (std::int64_t g = 0; g < heads; ++g) {
            for (std::int64_t t = 0; t < tokens; ++t) {
                const float* row = x.data_ptr<float>() + b * x.stride(0) + t * x.stride(1) + g * x.stride(2);
                for (int i = 0; i < d; ++i)
                    centred[static_cast<std::size_t>(i)] = row[i] - (mean ? mean[g * d + i] : 0.0f);
                multiply_rows(encoder + g * r * d, r, d, centred.data(),
                              out.data_ptr<float>() + ((b * heads + g) * tokens + t) * r);
            }
        }
    }
}

} // namespace

void multiply_rows(const float* rows, int count, int dim, const float* x, float* out) noexcept
{
    for (int r = 0; r < count; ++r) {
        float sum = 0;
        const float* row = rows + static_cast<std::int64_t>(r) * dim;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < dim; ++i)
            sum += row[i] * x[i];
        out[r] = sum;
    }
}

at::Tensor encode_latents(const SideCodec& codec, const at::Tensor& x, RandomGenerator& noise)
{
    if (codec.transform == TransformKind::Noise)
        return noise_like(x, noise);
    const std::int64_t sequences = x.size(0), tokens = x.size(1), heads = x.size(2);
    if (codec.transform == TransformKind::Zero)
        return at::zeros({sequences, heads, tokens, codec.width}, at::kFloat);
    if (!codec.has_basis())
        return x.permute({0, 2, 1, 3}).contiguous();
    if (tokens <= kFewVectors && x.stride(3) == 1) {
        at::Tensor out = at::empty({sequences, heads, tokens, codec.width}, at::kFloat);
        encode_few(codec, x, out);
        return out;
    }
    at::Tensor rows = x.permute({0, 2, 1, 3}); // [B, G, n, d]
    if (codec.mean.defined())
        rows = rows - codec.mean.view({1, heads, 1, codec.head_dim});
    return at::matmul(rows, codec.encoder.transpose(1, 2)).contiguous();
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
