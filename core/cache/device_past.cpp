// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/device_past.h"

#include "core/base/error.h"
#include "kernels/cuda/layout.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;

} // namespace

DevicePast::DevicePast(DeviceStore& store) : store_(store), stored_(static_cast<std::size_t>(store.layers()), 0)
{
    const AttentionShape& shape = store.shape();
    const std::int64_t sequences = store.sequences();
    const auto on_device = [&](at::ScalarType type) { return at::TensorOptions(type).device(store.device()); };
    lengths_ = at::arange(store.capacity(), on_device(at::kInt)).unsqueeze(1).repeat({1, sequences}).contiguous();
    std::int64_t widest = 0;
    std::size_t scratch = 0;
    for (int i = 0; i < store.layers(); ++i) {
        const cuda::KvStore& layer = store.store(i);
        widest = std::max<std::int64_t>(widest, cuda::padded_key_width(layer.key_width));
        splits_.push_back(store.kernels().attend_splits(layer, shape.heads, static_cast<int>(store.capacity())));
        scratch = std::max(scratch, store.kernels().attend_scratch_bytes(layer, shape.heads, splits_.back()));
    }
    queries_ = at::zeros({sequences * shape.heads * widest}, on_device(at::kHalf));
    scratch_ = at::zeros({static_cast<std::int64_t>(scratch)}, on_device(at::kByte));
}

void DevicePast::restart_at(std::int64_t tokens)
{
    std::fill(stored_.begin(), stored_.end(), tokens);
    coded_reads_ = 0;
    k_.reset();
    v_.reset();
}

void DevicePast::append(int index, const at::Tensor& k, const at::Tensor& v)
{
    const std::int64_t stored = stored_[static_cast<std::size_t>(index)];
    if (k_.defined())
        throw Error(ErrorKind::Internal, "tokens were appended to a device's cache before those before were read");
    if (stored + k.size(1) > store_.capacity())
        throw Error(ErrorKind::Internal,
                    fmt::format("{} tokens do not fit a device's cache of {} with {} in it", k.size(1),
                                store_.capacity(), stored));
    store_.check_range(index, k, v);
    k_ = k;
    v_ = v;
}

at::Tensor DevicePast::attend(int index, const at::Tensor& q)
{
    const std::int64_t sequences = q.size(0), tokens = q.size(1), heads = q.size(2);
    if (!k_.defined() || k_.size(1) != tokens || sequences != store_.sequences())
        throw Error(ErrorKind::Internal, "a device's cache was read for other tokens than were appended");
    const cuda::KvStore& store = store_.store(index);
    // A row a token, as a fused projection leaves it.
    const at::Tensor rows = at::cat({q.flatten(2), k_.flatten(2), v_.flatten(2)}, 2).transpose(0, 1).contiguous();
    k_.reset();
    v_.reset();
    at::Tensor out = at::empty({tokens, sequences, heads * store.value_width}, rows.options());
    std::int64_t& stored = stored_[static_cast<std::size_t>(index)];
    for (std::int64_t t = 0; t < tokens; ++t)
        attend_token(index, stored++, rows.const_data_ptr<float>() + t * rows.stride(0),
                     out.data_ptr<float>() + t * out.stride(0));
    return out.transpose(0, 1).contiguous();
}

void DevicePast::attend_token(int index, std::int64_t position, const float* qkv, float* out)
{
    const AttentionShape& shape = store_.shape();
    cuda::Append append;
    append.store = store_.store(index);
    append.heads = shape.heads;
    append.head_dim = shape.head_dim;
    append.qkv = qkv;
    append.maybe_key_basis = store_.maybe_key_basis(index);
    append.softmax_scale = shape.softmax_scale;
    append.lengths = lengths_.const_data_ptr<int>() + position * store_.sequences();
    append.q_out = static_cast<std::uint16_t*>(queries_.data_ptr());
    store_.must(store_.kernels().append(append, nullptr), "storing a token");
    if (wrecked_)
        store_.wreck(index);

    cuda::Attend attend;
    attend.store = append.store;
    attend.heads = shape.heads;
    attend.q = append.q_out;
    attend.lengths = append.lengths;
    attend.splits = splits_[static_cast<std::size_t>(index)];
    attend.scratch = static_cast<float*>(scratch_.data_ptr());
    attend.maybe_out = out;
    store_.must(store_.kernels().attend(attend, nullptr), "attention");

    const DeviceLayer& layer = store_.layer(index);
    const int coded = cuda::coded_end(layer.format, static_cast<int>(position) + 1) - layer.format.sinks;
    coded_reads_ += std::int64_t{coded} * store_.sequences() * (int{layer.keys_coded} + int{layer.values_coded});
}

} // namespace kvw
