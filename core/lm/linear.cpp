// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/linear.h"

#include "core/base/error.h"
#include "kernels/linear.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

namespace kvw {

namespace {

at::Tensor in_arena(const std::shared_ptr<Arena>& arena, at::IntArrayRef shape, at::ScalarType type)
{
    const auto bytes = static_cast<std::size_t>(c10::multiply_integers(shape)) * c10::elementSize(type);
    void* memory = arena->take(bytes);
    return at::from_blob(
        memory, shape, [arena, bytes](void* piece) { arena->give_back(piece, bytes); }, type);
}

} // namespace

Linear Linear::load(const WeightFiles& files, std::span<const MatrixName> parts, std::int64_t columns, ComputeType type,
                    const at::Device& device, const std::shared_ptr<Arena>& arena)
{
    Linear linear;
    linear.k_ = columns;
    for (const MatrixName& part : parts)
        linear.n_ += part.rows;
    linear.bytes_ = static_cast<double>(linear.n_ * linear.k_) * (type == ComputeType::Bf16 ? 2 : 4);
    if (type == ComputeType::Bf16) {
        std::vector<std::uint16_t> bits = read_bf16_stacked(files, parts, columns);
        linear.hold_bf16(bits.data(), device, arena);
        return linear;
    }
    std::vector<at::Tensor> matrices;
    for (const MatrixName& part : parts) {
        const std::int64_t shape[] = {part.rows, columns};
        matrices.push_back(read_fp32(files, part.name, shape));
    }
    if (!device.is_cpu()) {
        linear.weight_ = at::cat(matrices).to(device);
        return linear;
    }
    linear.weight_ = in_arena(arena, {linear.n_, linear.k_}, at::kFloat);
    std::int64_t row = 0;
    for (const at::Tensor& matrix : matrices) {
        linear.weight_.narrow(0, row, matrix.size(0)).copy_(matrix);
        row += matrix.size(0);
    }
    return linear;
}

void Linear::hold_bf16(const std::uint16_t* bits, const at::Device& device, const std::shared_ptr<Arena>& arena)
{
    if (device.is_cpu() && kernels::linear_bf16_available()) {
        const auto bytes = static_cast<std::int64_t>(kernels::packed_linear_bytes(n_, k_));
        packed_ = in_arena(arena, {bytes}, at::kByte);
        kernels::pack_linear(bits, n_, k_, reinterpret_cast<std::byte*>(packed_.data_ptr<std::uint8_t>()));
    } else {
        weight_ = at::from_blob(const_cast<std::uint16_t*>(bits), {n_, k_}, at::kBFloat16).clone().to(device);
    }
}

Linear Linear::make(const at::Tensor& weight, ComputeType type, const at::Device& device,
                    const std::shared_ptr<Arena>& arena)
{
    Linear linear;
    linear.n_ = weight.size(0);
    linear.k_ = weight.size(1);
    linear.bytes_ = static_cast<double>(linear.n_ * linear.k_) * (type == ComputeType::Bf16 ? 2 : 4);
    if (type == ComputeType::Bf16) {
        const at::Tensor rounded = weight.to(at::kBFloat16).contiguous();
        linear.hold_bf16(reinterpret_cast<const std::uint16_t*>(rounded.data_ptr<at::BFloat16>()), device, arena);
        return linear;
    }
    if (!device.is_cpu()) {
        linear.weight_ = weight.to(device);
        return linear;
    }
    linear.weight_ = in_arena(arena, {linear.n_, linear.k_}, at::kFloat);
    linear.weight_.copy_(weight);
    return linear;
}

void Linear::apply_packed(const at::Tensor& x, std::int64_t first, at::Tensor& y, Output output) const
{
    kernels::LinearBf16 args;
    args.rows = x.size(0);
    args.n = y.size(1);
    args.k = k_;
    args.x = x.data_ptr<float>();
    args.x_stride = x.stride(0);
    args.packed =
        reinterpret_cast<const std::byte*>(packed_.data_ptr<std::uint8_t>()) + kernels::packed_linear_bytes(first, k_);
    args.y = y.data_ptr<float>();
    args.y_stride = y.stride(0);
    args.output = output == Output::Add ? kernels::LinearOutput::Add : kernels::LinearOutput::Store;
    if (kernels::linear_bf16(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal,
                    fmt::format("the bf16 product of [{}, {}] by [{}, {}] was refused", args.rows, k_, args.n, k_));
}

at::Tensor Linear::matrix() const
{
    if (!packed_.defined())
        return weight_;
    // Tiles of 16 rows, pairs of columns, as kernels::pack_linear() lays them out.
    const std::int64_t pairs = (k_ + 1) / 2, tiles = packed_.numel() / (pairs * 64);
    return packed_.view(at::kBFloat16)
        .view({tiles, pairs, 16, 2})
        .permute({0, 2, 1, 3})
        .reshape({tiles * 16, pairs * 2})
        .narrow(0, 0, n_)
        .narrow(1, 0, k_)
        .contiguous();
}

void Linear::apply(const at::Tensor& x, at::Tensor& y, Output output) const
{
    if (packed_.defined()) {
        apply_packed(x, 0, y, output);
        return;
    }
    if (weight_.scalar_type() == at::kFloat) {
        if (output == Output::Add)
            y.addmm_(x, weight_.t());
        else
            at::mm_out(y, x, weight_.t());
        return;
    }
    const at::Tensor product = at::mm(x.to(weight_.scalar_type()), weight_.t());
    if (output == Output::Add)
        y.add_(product);
    else
        y.copy_(product);
}

void Linear::apply_part(const at::Tensor& x, std::int64_t first, at::Tensor& y) const
{
    if (packed_.defined()) {
        apply_packed(x, first, y, Output::Store);
        return;
    }
    const at::Tensor part = weight_.narrow(0, first, y.size(1)).t();
    if (weight_.scalar_type() == at::kFloat)
        at::mm_out(y, x, part);
    else
        y.copy_(at::mm(x.to(weight_.scalar_type()), part));
}

} // namespace kvw
