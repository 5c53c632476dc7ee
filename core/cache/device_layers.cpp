// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/device_layers.h"

#include "core/base/error.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;
using kernels::RowType;
using kernels::ScalePer;

[[noreturn]] void refuse(int layer, const char* side, const std::string& what)
{
    throw Error(ErrorKind::Unsupported,
                fmt::format("the CUDA kernels do not store {} (layer {}, {})", what, layer, side));
}

cuda::Format format_of(const SideCodec& codec, int layer, const char* side, bool keys)
{
    if (!codec.coded)
        return cuda::Format::Bf16;
    const kernels::RowFormat& format = codec.format;
    switch (format.type) {
    case RowType::Bf16:
        return cuda::Format::Bf16;
    case RowType::Fp16:
        return cuda::Format::Fp16;
    case RowType::Int8:
        if (format.scale_per != ScalePer::Row)
            refuse(layer, side, "8-bit integers with a scale that is not a token's");
        if (!format.symmetric)
            refuse(layer, side, "8-bit integers with a zero point; write \"int8,sym\"");
        return cuda::Format::Int8;
    case RowType::Int4:
        if (format.symmetric)
            refuse(layer, side, "4-bit integers without a zero point; leave out \"sym\"");
        if (format.scale_per == ScalePer::Row)
            return cuda::Format::Int4;
        if (keys && format.scale_per == ScalePer::Channel && codec.block_tokens == cuda::kTileTokens)
            return cuda::Format::Int4Channel;
        refuse(layer, side, "4-bit integers in other groups than tokens or, for keys, \"channel=32\"");
    case RowType::Fp32:
    case RowType::Int3:
    case RowType::Int2:
        break;
    }
    refuse(layer, side, fmt::format("{}-bit numbers", kernels::bits(format.type)));
}

bool is_orthonormal(const at::Tensor& basis)
{
    const at::Tensor gram = at::matmul(basis.transpose(1, 2), basis);
    return (gram - at::eye(gram.size(2)).unsqueeze(0)).abs().max().item<float>() < 1e-4f;
}

void set_keys(DeviceLayer& out, const SideCodec& codec, const LayerCodec& policy, int layer)
{
    out.format.key_format = format_of(codec, layer, "keys", true);
    out.format.key_width = codec.coded ? codec.width : codec.head_dim;
    if (codec.transform == TransformKind::Identity || !codec.coded)
        return;
    if (!codec.has_basis())
        refuse(layer, "keys", "this transform");
    if (codec.mean.defined())
        refuse(layer, "keys", "a basis around a mean");
    if (policy.sinks > 0 || policy.window > 0)
        refuse(layer, "keys", "a basis beside sinks or a window");
    if (!is_orthonormal(codec.encoder) || !codec.decoder.is_same(codec.encoder))
        refuse(layer, "keys", "a basis that is not orthonormal");
    out.maybe_key_basis = codec.encoder;
}

void set_values(DeviceLayer& out, const SideCodec& codec, int layer)
{
    out.format.value_format = format_of(codec, layer, "values", false);
    out.format.value_width = codec.coded ? codec.width : codec.head_dim;
    if (codec.coded && codec.transform != TransformKind::Identity && !codec.folded)
        refuse(layer, "values", "a basis that is not folded into the weights; add \"fold\"");
    if (out.format.value_width % cuda::kValueWidthStep != 0)
        refuse(layer, "values",
               fmt::format("{} numbers a head: a multiple of {}", out.format.value_width, cuda::kValueWidthStep));
}

std::string known_pairs()
{
    std::string out;
    for (const cuda::FormatPair& pair : cuda::kFormatPairs)
        out += fmt::format("{}{} with {}", out.empty() ? "" : ", ", name(pair.keys), name(pair.values));
    return out;
}

} // namespace

std::vector<DeviceLayer> device_layers(const FittedConfiguration& fitted)
{
    std::vector<DeviceLayer> out;
    for (const LayerCodec& codec : fitted.layers) {
        const int layer = static_cast<int>(out.size());
        DeviceLayer& here = out.emplace_back();
        set_keys(here, codec.k, codec, layer);
        set_values(here, codec.v, layer);
        here.keys_coded = codec.k.coded;
        here.values_coded = codec.v.coded;
        if (!codec.k.coded && !codec.v.coded)
            continue; // sinks and windows of nothing
        // Products are of one 16-bit type for both sides, and codes become fp16.
        if (here.format.key_format == cuda::Format::Bf16 && here.format.value_format != cuda::Format::Bf16)
            here.format.key_format = cuda::Format::Fp16;
        if (here.format.value_format == cuda::Format::Bf16 && here.format.key_format != cuda::Format::Bf16)
            here.format.value_format = cuda::Format::Fp16;
        if (!cuda::is_format_pair(here.format.key_format, here.format.value_format))
            refuse(layer, "keys and values",
                   fmt::format("{} keys with {} values; they store {}", name(here.format.key_format),
                               name(here.format.value_format), known_pairs()));
        if (codec.sinks % cuda::kTileTokens != 0 || codec.window % cuda::kTileTokens != 0)
            refuse(layer, "keys and values",
                   fmt::format("{} sinks and a window of {}: multiples of {}", codec.sinks, codec.window,
                               cuda::kTileTokens));
        if (codec.sinks + codec.window > 0 && (!codec.k.coded || !codec.v.coded))
            refuse(layer, "keys and values", "sinks or a window of one side only");
        if (codec.sinks + codec.window > 0 && cuda::is_16_bit(here.format.key_format)
            && cuda::is_16_bit(here.format.value_format))
            refuse(layer, "keys and values", "sinks or a window beside numbers that have 16 bits themselves");
        here.format.sinks = codec.sinks;
        here.format.window = codec.window;
    }
    return out;
}

std::int64_t predicted_device_reads(std::span<const DeviceLayer> layers, int window_tokens)
{
    std::int64_t pairs = 0;
    for (const DeviceLayer& layer : layers) {
        const bool whole_tiles = layer.format.window > 0 || cuda::scales_by_channel(layer.format.key_format);
        for (int position = 0; position < window_tokens; ++position) {
            const int old = std::max(0, position + 1 - layer.format.sinks - layer.format.window);
            const int coded = whole_tiles ? old / cuda::kTileTokens * cuda::kTileTokens : old;
            pairs += coded * (int{layer.keys_coded} + int{layer.values_coded});
        }
    }
    return pairs;
}

} // namespace kvw
