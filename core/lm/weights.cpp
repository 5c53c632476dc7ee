// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/weights.h"

#include "core/base/error.h"
#include "kernels/rows.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace kvw {
namespace {

std::size_t width(StoredType type) { return type == StoredType::F32 ? 4 : 2; }

float element(const WeightView& view, std::size_t index)
{
    const std::byte* at = view.bytes.data() + index * width(view.type);
    if (view.type == StoredType::F32) {
        float value;
        std::memcpy(&value, at, sizeof value);
        return value;
    }
    std::uint16_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return view.type == StoredType::BF16 ? kernels::from_bf16(bits) : kernels::from_fp16(bits);
}

/// Whether any exponent is all ones (infinity or NaN). One pass over the bits, no conversion.
template<typename Word>
bool any_not_finite(std::span<const std::byte> bytes, Word exponent_mask)
{
    const std::size_t count = bytes.size() / sizeof(Word);
    constexpr std::size_t block = 4096;
    for (std::size_t start = 0; start < count; start += block) {
        const std::size_t stop = std::min(count, start + block);
        unsigned bad = 0;
        for (std::size_t i = start; i < stop; ++i) {
            Word word;
            std::memcpy(&word, bytes.data() + i * sizeof(Word), sizeof word);
            bad |= (word & exponent_mask) == exponent_mask;
        }
        if (bad)
            return true;
    }
    return false;
}

void to_bf16(const WeightView& view, std::uint16_t* out)
{
    const std::size_t count = view.bytes.size() / width(view.type);
    if (view.type == StoredType::BF16) {
        std::memcpy(out, view.bytes.data(), view.bytes.size());
        return;
    }
    for (std::size_t i = 0; i < count; ++i)
        out[i] = kernels::to_bf16(element(view, i));
}

void to_fp32(const WeightView& view, std::size_t first, std::size_t count, float* out)
{
    if (view.type == StoredType::F32) {
        std::memcpy(out, view.bytes.data() + first * 4, count * 4);
        return;
    }
    if (view.type == StoredType::BF16) {
        for (std::size_t i = 0; i < count; ++i) {
            std::uint16_t bits;
            std::memcpy(&bits, view.bytes.data() + (first + i) * 2, 2);
            const std::uint32_t word = static_cast<std::uint32_t>(bits) << 16;
            std::memcpy(out + i, &word, 4);
        }
        return;
    }
    for (std::size_t i = 0; i < count; ++i)
        out[i] = element(view, first + i);
}

} // namespace

void require_finite(const WeightView& view, const std::string& name)
{
    bool bad = false;
    switch (view.type) {
    case StoredType::F32:
        bad = any_not_finite<std::uint32_t>(view.bytes, 0x7F800000u);
        break;
    case StoredType::BF16:
        bad = any_not_finite<std::uint16_t>(view.bytes, 0x7F80u);
        break;
    case StoredType::F16:
        bad = any_not_finite<std::uint16_t>(view.bytes, 0x7C00u);
        break;
    }
    if (!bad)
        return;
    const std::size_t count = view.bytes.size() / width(view.type);
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(element(view, i)))
            throw Error(ErrorKind::BadInput,
                        fmt::format("{}: tensor {}: element {} is {}, not a finite number", view.file.string(), name, i,
                                    element(view, i)),
                        "the file is damaged, or the model was saved after training diverged: fetch it again");
    }
}

at::Tensor read_fp32(const WeightFiles& files, const std::string& name, std::span<const std::int64_t> shape)
{
    const WeightView view = files.get(name, shape);
    require_finite(view, name);
    at::Tensor out = at::empty(at::IntArrayRef(shape.data(), shape.size()), at::kFloat);
    to_fp32(view, 0, static_cast<std::size_t>(out.numel()), out.data_ptr<float>());
    return out;
}

std::vector<std::uint16_t> read_bf16_stacked(const WeightFiles& files, std::span<const MatrixName> parts,
                                             std::int64_t columns)
{
    std::int64_t rows = 0;
    for (const MatrixName& part : parts)
        rows += part.rows;
    std::vector<std::uint16_t> out(static_cast<std::size_t>(rows * columns));
    std::uint16_t* at = out.data();
    for (const MatrixName& part : parts) {
        const std::int64_t shape[] = {part.rows, columns};
        const WeightView view = files.get(part.name, shape);
        require_finite(view, part.name);
        to_bf16(view, at);
        at += part.rows * columns;
    }
    return out;
}

void gather_rows(const WeightView& matrix, std::span<const std::int64_t> ids, float* out)
{
    const auto columns = static_cast<std::size_t>(matrix.shape.at(1));
    for (const std::int64_t id : ids) {
        to_fp32(matrix, static_cast<std::size_t>(id) * columns, columns, out);
        out += columns;
    }
}

} // namespace kvw
