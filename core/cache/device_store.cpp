// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/device_store.h"

#include "core/base/error.h"
#include "kernels/cuda/layout.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;
using kernels::Status;

constexpr float kLargestFp16 = 65504;

std::uint16_t* words(const at::Tensor& x) { return static_cast<std::uint16_t*>(x.data_ptr()); }

at::Tensor zeroed(std::size_t bytes, const at::Device& device)
{
    return at::zeros({static_cast<std::int64_t>(bytes)}, at::TensorOptions(at::kByte).device(device));
}

} // namespace

DeviceStore::DeviceStore(std::vector<DeviceLayer> layers, const AttentionShape& shape, int sequences,
                         std::int64_t capacity, const at::Device& device, const cuda::Operations& kernels)
    : shape_(shape),
      sequences_(sequences),
      capacity_(capacity),
      device_(device),
      kernels_(kernels),
      layers_(std::move(layers))
{
    for (const DeviceLayer& layer : layers_) {
        cuda::KvStore& store = stores_.emplace_back();
        static_cast<cuda::StoreFormat&>(store) = layer.format;
        store.sequences = sequences;
        store.kv_heads = shape.kv_heads;
        store.pages_per_sequence = static_cast<int>((capacity + cuda::kPageTokens - 1) / cuda::kPageTokens);
        must(cuda::check(store), "a store");
        const cuda::KvStoreBytes bytes = cuda::kv_store_bytes(
            store, static_cast<std::size_t>(sequences) * static_cast<std::size_t>(store.pages_per_sequence));
        tiles_.push_back(zeroed(bytes.tiles, device));
        exact_.push_back(zeroed(bytes.exact, device));
        store.tiles = static_cast<std::byte*>(tiles_.back().data_ptr());
        store.exact = bytes.exact > 0 ? static_cast<std::byte*>(exact_.back().data_ptr()) : nullptr;
        maybe_bases_.push_back(layer.maybe_key_basis.defined()
                                   ? layer.maybe_key_basis.to(device).to(at::kHalf).contiguous()
                                   : at::Tensor());
    }
}

const std::uint16_t* DeviceStore::maybe_key_basis(int index) const
{
    const at::Tensor& basis = maybe_bases_[static_cast<std::size_t>(index)];
    return basis.defined() ? words(basis) : nullptr;
}

void DeviceStore::must(Status status, const char* what) const
{
    if (status == Status::Ok)
        return;
    throw Error(ErrorKind::Internal,
                status == Status::LaunchFailed
                    ? fmt::format("{}: {} failed: {}", kernels_.name, what, kernels_.last_error())
                    : fmt::format("the {} kernels refuse {} of these shapes", kernels_.name, what));
}

void DeviceStore::check_range(int index, const at::Tensor& k, const at::Tensor& v) const
{
    const cuda::StoreFormat& format = layer(index).format;
    const float limit = format.key_format == cuda::Format::Bf16 ? std::numeric_limits<float>::max() : kLargestFp16;
    // A coordinate in an orthonormal basis may be as large as the vector is long.
    const at::Tensor largest_key = maybe_key_basis(index) ? k.norm(2, -1).max() : k.abs().max();
    const float keys = largest_key.item<float>(), values = v.abs().max().item<float>();
    for (const auto& [largest, side] : {std::pair{keys, "keys"}, std::pair{values, "values"}})
        if (!(largest <= limit)) // NaN is not
            throw Error(ErrorKind::NotFinite,
                        fmt::format("layer {}: {} {}, and {} holds {} at most", index, side,
                                    std::isnan(largest) ? "that are not numbers" : fmt::format("of up to {}", largest),
                                    format.key_format == cuda::Format::Bf16 ? "bf16" : "fp16", limit));
}

void DeviceStore::fill(int index, const at::Tensor& k, const at::Tensor& v)
{
    if (k.size(1) > capacity_)
        throw Error(ErrorKind::Internal, fmt::format("a prompt of {} tokens for a cache of {}", k.size(1), capacity_));
    check_range(index, k, v);
    const DeviceLayer& here = layer(index);
    const at::ScalarType type = here.format.key_format == cuda::Format::Bf16 ? at::kBFloat16 : at::kHalf;
    at::Tensor keys = k.to(at::kFloat);
    if (here.maybe_key_basis.defined()) // [sequences, tokens, kv_heads, 1, d] x [kv_heads, d, rank]
        keys = at::matmul(keys.unsqueeze(3), here.maybe_key_basis.to(keys.options())).squeeze(3);
    const at::Tensor stored_keys = keys.to(type).contiguous(), stored_values = v.to(type).contiguous();
    cuda::Fill args;
    args.store = store(index);
    args.k = words(stored_keys);
    args.v = words(stored_values);
    args.count = static_cast<int>(k.size(1));
    must(kernels_.fill(args, nullptr), "storing a prompt");
}

void DeviceStore::wreck(int index)
{
    tiles_[static_cast<std::size_t>(index)].zero_();
    exact_[static_cast<std::size_t>(index)].zero_();
}

Ledger DeviceStore::ledger(std::int64_t tokens) const
{
    Ledger ledger;
    for (int i = 0; i < layers(); ++i) {
        const cuda::StoreFormat& format = layer(i).format;
        const cuda::TileParts parts = cuda::tile_parts(format);
        const double heads = static_cast<double>(sequences_) * shape_.kv_heads;
        const double tiles = heads * static_cast<double>((tokens + cuda::kTileTokens - 1) / cuda::kTileTokens);
        const double filled = heads * static_cast<double>(tokens) / cuda::kTileTokens;
        ledger.payload_bytes += filled * parts.key_scales;
        ledger.scales_bytes += filled * (parts.end - parts.key_scales);
        ledger.padding_bytes += (tiles - filled) * parts.end;
        ledger.raw_bytes += heads * cuda::exact_tiles(format) * cuda::exact_tile_bytes(format);
        if (maybe_key_basis(i))
            ledger.fixed_bytes += static_cast<double>(maybe_bases_[static_cast<std::size_t>(i)].nbytes());
        ledger.values += 2.0 * heads * static_cast<double>(tokens) * shape_.head_dim;
    }
    return ledger;
}

double DeviceStore::raw_token_share(std::int64_t tokens) const
{
    double raw = 0, all = 0;
    for (const DeviceLayer& here : layers_) {
        const int coded = cuda::coded_end(here.format, static_cast<int>(tokens)) - here.format.sinks;
        const int sides = int{here.keys_coded} + int{here.values_coded};
        raw += static_cast<double>(sides) * static_cast<double>(tokens - coded);
        all += static_cast<double>(sides) * static_cast<double>(tokens);
    }
    return all > 0 ? raw / all : 1;
}

} // namespace kvw
