// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/linear.h"

#include "core/base/error.h"
#include "core/lm/kernel_type.h"
#include "core/lm/library_product.h"
#include "kernels/cpu/cpu_features.h"
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
    linear.type_ = type;
    linear.k_ = columns;
    for (const MatrixName& part : parts)
        linear.n_ += part.rows;
    if (type == ComputeType::Bf16) {
        std::vector<std::uint16_t> bits = read_bf16_stacked(files, parts, columns);
        linear.hold(at::from_blob(bits.data(), {linear.n_, linear.k_}, at::kBFloat16), device, arena);
        return linear;
    }
    std::vector<at::Tensor> matrices;
    for (const MatrixName& part : parts) {
        const std::int64_t shape[] = {part.rows, columns};
        matrices.push_back(read_fp32(files, part.name, shape));
    }
    linear.hold(matrices.size() == 1 ? matrices[0] : at::cat(matrices), device, arena);
    return linear;
}

Linear Linear::make(const at::Tensor& weight, ComputeType type, const at::Device& device,
                    const std::shared_ptr<Arena>& arena)
{
    Linear linear;
    linear.type_ = type;
    linear.n_ = weight.size(0);
    linear.k_ = weight.size(1);
    linear.hold(weight.to(type == ComputeType::Bf16 ? at::kBFloat16 : at::kFloat), device, arena);
    return linear;
}

/// weight [n, k] in the compute type on the CPU; it is copied.
void Linear::hold(const at::Tensor& weight, const at::Device& device, const std::shared_ptr<Arena>& arena)
{
    bytes_ = static_cast<double>(n_ * k_) * static_cast<double>(weight.element_size());
    if (!device.is_cpu()) {
        maybe_weight_ = weight.to(device); // a copy, there
        return;
    }
    const at::Tensor rows = weight.contiguous();
    packed_ = in_arena(arena, {static_cast<std::int64_t>(kernels::packed_linear_bytes(kernel_type(type_), n_, k_))},
                       at::kByte);
    kernels::pack_linear(kernel_type(type_), rows.data_ptr(), n_, k_,
                         reinterpret_cast<std::byte*>(packed_.data_ptr<std::uint8_t>()));
    if (type_ == ComputeType::Fp32 && !kernels::reference_kernels_wanted() && compare_products(n_, k_).library_wins()) {
        maybe_weight_ = in_arena(arena, {n_, k_}, at::kFloat);
        maybe_weight_.copy_(rows);
    }
}

bool Linear::takes_library(const at::Tensor& x) const
{
    return maybe_weight_.defined() && (!packed_.defined() || x.size(0) >= kLibraryRows);
}

void Linear::apply_packed(const at::Tensor& x, std::int64_t first, at::Tensor& y, Output output) const
{
    const kernels::LinearType type = kernel_type(type_);
    kernels::LinearProduct args;
    args.type = type;
    args.rows = x.size(0);
    args.n = y.size(1);
    args.k = k_;
    args.x = x.data_ptr<float>();
    args.x_stride = x.stride(0);
    args.packed = reinterpret_cast<const std::byte*>(packed_.data_ptr<std::uint8_t>())
        + kernels::packed_linear_bytes(type, first, k_);
    args.y = y.data_ptr<float>();
    args.y_stride = y.stride(0);
    args.output = output == Output::Add ? kernels::LinearOutput::Add : kernels::LinearOutput::Store;
    if (kernels::linear(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal,
                    fmt::format("the product of [{}, {}] by [{}, {}] was refused", args.rows, k_, args.n, k_));
}

at::Tensor Linear::matrix() const
{
    if (maybe_weight_.defined())
        return maybe_weight_;
    at::Tensor out = at::empty({n_, k_}, type_ == ComputeType::Bf16 ? at::kBFloat16 : at::kFloat);
    kernels::unpack_linear(kernel_type(type_), reinterpret_cast<const std::byte*>(packed_.data_ptr<std::uint8_t>()), n_,
                           k_, out.data_ptr());
    return out;
}

void Linear::apply(const at::Tensor& x, at::Tensor& y, Output output) const
{
    if (!takes_library(x)) {
        apply_packed(x, 0, y, output);
        return;
    }
    if (maybe_weight_.scalar_type() == at::kFloat) {
        if (output == Output::Add)
            y.addmm_(x, maybe_weight_.t());
        else
            at::mm_out(y, x, maybe_weight_.t());
        return;
    }
    const at::Tensor product = at::mm(x.to(maybe_weight_.scalar_type()), maybe_weight_.t());
    if (output == Output::Add)
        y.add_(product);
    else
        y.copy_(product);
}

void Linear::apply_part(const at::Tensor& x, std::int64_t first, at::Tensor& y) const
{
    if (!takes_library(x)) {
        apply_packed(x, first, y, Output::Store);
        return;
    }
    const at::Tensor part = maybe_weight_.narrow(0, first, y.size(1)).t();
    if (maybe_weight_.scalar_type() == at::kFloat)
        at::mm_out(y, x, part);
    else
        y.copy_(at::mm(x.to(maybe_weight_.scalar_type()), part));
}

} // namespace kvw
