// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/device_layers.h"

#include "core/base/error.h"
#include "kernels/cuda/kv_store.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;
using kernels::RowType;
using kernels::ScalePer;

static_assert(static_cast<int>(DeviceFormat::Int4Channel) == static_cast<int>(cuda::Format::Int4Channel));

[[noreturn]] void refuse(int layer, const char* side, const std::string& what)
{
    throw Error(ErrorKind::Unsupported,
                fmt::format("the CUDA kernels do not store {} (layer {}, {})", what, layer, side));
}

DeviceFormat format_of(const SideCodec& codec, int layer, const char* side, bool keys)
{
    if (!codec.coded)
        return DeviceFormat::Bf16;
    const kernels::RowFormat& format = codec.format;
    switch (format.type) {
    case RowType::Bf16:
        return DeviceFormat::Bf16;
    case RowType::Fp16:
        return DeviceFormat::Fp16;
    case RowType::Int8:
        if (format.scale_per != ScalePer::Row)
            refuse(layer, side, "8-bit integers with a scale that is not a token's");
        if (!format.symmetric)
            refuse(layer, side, "8-bit integers with a zero point; write \"int8,sym\"");
        return DeviceFormat::Int8;
    case RowType::Int4:
        if (format.symmetric)
            refuse(layer, side, "4-bit integers without a zero point; leave out \"sym\"");
        if (format.scale_per == ScalePer::Row)
            return DeviceFormat::Int4;
        if (keys && format.scale_per == ScalePer::Channel && codec.block_tokens == cuda::kTileTokens)
            return DeviceFormat::Int4Channel;
        refuse(layer, side, "4-bit integers in other groups than tokens or, for keys, \"channel=32\"");
    default:
        refuse(layer, side, fmt::format("{}-bit numbers", kernels::bits(format.type)));
    }
}

bool is_orthonormal(const at::Tensor& basis)
{
    const at::Tensor gram = at::matmul(basis.transpose(1, 2), basis);
    return (gram - at::eye(gram.size(2)).unsqueeze(0)).abs().max().item<float>() < 1e-4f;
}

void set_keys(DeviceLayer& out, const SideCodec& codec, const LayerCodec& policy, int layer)
{
    out.key_format = format_of(codec, layer, "keys", true);
    out.key_width = codec.coded ? codec.width : codec.head_dim;
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
    out.value_format = format_of(codec, layer, "values", false);
    out.value_width = codec.coded ? codec.width : codec.head_dim;
    if (codec.coded && codec.transform != TransformKind::Identity && !codec.folded)
        refuse(layer, "values", "a basis that is not folded into the weights; add \"fold\"");
    if (out.value_width % 8 != 0)
        refuse(layer, "values", fmt::format("{} numbers a head: a multiple of 8", out.value_width));
}

cuda::KvStore store_of(const DeviceLayer& layer, const AttentionShape& shape, int sequences)
{
    cuda::KvStore store;
    store.key_format = static_cast<cuda::Format>(layer.key_format);
    store.value_format = static_cast<cuda::Format>(layer.value_format);
    store.key_width = layer.key_width;
    store.value_width = layer.value_width;
    store.sequences = sequences;
    store.kv_heads = shape.kv_heads;
    store.sinks = layer.sinks;
    store.window = layer.window;
    return store;
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
        if (!codec.k.coded && !codec.v.coded)
            continue; // sinks and windows of nothing
        // Products are of one 16-bit type for both sides, and codes become fp16.
        if (here.key_format == DeviceFormat::Bf16 && here.value_format != DeviceFormat::Bf16)
            here.key_format = DeviceFormat::Fp16;
        if (here.value_format == DeviceFormat::Bf16 && here.key_format != DeviceFormat::Bf16)
            here.value_format = DeviceFormat::Fp16;
        if (codec.sinks % cuda::kTileTokens != 0 || codec.window % cuda::kTileTokens != 0)
            refuse(layer, "keys and values",
                   fmt::format("{} sinks and a window of {}: multiples of {}", codec.sinks, codec.window,
                               cuda::kTileTokens));
        if (codec.sinks + codec.window > 0 && (!codec.k.coded || !codec.v.coded))
            refuse(layer, "keys and values", "sinks or a window of one side only");
        here.sinks = codec.sinks;
        here.window = codec.window;
    }
    return out;
}

Ledger device_ledger(std::span<const DeviceLayer> layers, const AttentionShape& shape, int sequences,
                     std::int64_t tokens)
{
    Ledger ledger;
    for (const DeviceLayer& layer : layers) {
        const cuda::KvStore store = store_of(layer, shape, sequences);
        const cuda::TileParts parts = cuda::tile_parts(store);
        const double heads = static_cast<double>(sequences) * shape.kv_heads;
        const double tiles = heads * static_cast<double>((tokens + cuda::kTileTokens - 1) / cuda::kTileTokens);
        const double filled = heads * static_cast<double>(tokens) / cuda::kTileTokens;
        ledger.payload_bytes += filled * parts.key_scales;
        ledger.scales_bytes += filled * (parts.end - parts.key_scales);
        ledger.padding_bytes += (tiles - filled) * parts.end;
        ledger.raw_bytes += heads * cuda::exact_tiles(store) * cuda::exact_tile_bytes(store);
        if (layer.maybe_key_basis.defined())
            ledger.fixed_bytes += static_cast<double>(layer.maybe_key_basis.numel()) * 2;
        ledger.values += 2.0 * heads * static_cast<double>(tokens) * shape.head_dim;
    }
    return ledger;
}

} // namespace kvw
