// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/row_format.h"

#include "core/base/error.h"
#include "core/config/words.h"

#include <fmt/format.h>

namespace kvw {
namespace {

using kernels::RowType;

RowType integer_row_type(int bits)
{
    if (const auto type = kernels::integer_row_type(bits))
        return *type;
    throw Error(ErrorKind::Internal, fmt::format("the kernels store no integers of {} bits", bits));
}

RowType row_type(const QuantiserSpec& quantiser, ComputeType type)
{
    switch (quantiser.kind) {
    case QuantiserKind::ModelType:
        return raw_row_type(type);
    case QuantiserKind::Fp32:
        return RowType::Fp32;
    case QuantiserKind::Fp16:
        return RowType::Fp16;
    case QuantiserKind::Bf16:
        return RowType::Bf16;
    case QuantiserKind::Integer:
        return integer_row_type(quantiser.bits);
    }
    throw Error(ErrorKind::Internal,
                fmt::format("a quantiser of kind {} has no rows", static_cast<int>(quantiser.kind)));
}

kernels::ScalePer scale_per(ScaleAxis axis)
{
    switch (axis) {
    case ScaleAxis::Token:
        return kernels::ScalePer::Row;
    case ScaleAxis::Channel:
        return kernels::ScalePer::Channel;
    case ScaleAxis::Group:
        return kernels::ScalePer::Group;
    }
    throw Error(ErrorKind::Internal, fmt::format("scales along axis {} have no rows", static_cast<int>(axis)));
}

} // namespace

RowType raw_row_type(ComputeType type) noexcept { return type == ComputeType::Bf16 ? RowType::Bf16 : RowType::Fp32; }

kernels::RowFormat row_format(const QuantiserSpec& quantiser, ComputeType type, int width)
{
    kernels::RowFormat format;
    format.type = row_type(quantiser, type);
    format.width = width;
    if (quantiser.kind != QuantiserKind::ModelType) {
        const config::Word& word = config::word_of(quantiser);
        if (kernels::bits(format.type) != word.bits)
            throw Error(ErrorKind::Internal,
                        fmt::format("\"{}\" declares {} bits and would be stored in {}", word.text, word.bits,
                                    kernels::bits(format.type)));
    }
    if (kernels::is_integer(format.type)) {
        format.scale_per = scale_per(quantiser.axis);
        format.group = quantiser.axis == ScaleAxis::Group ? quantiser.size : 0;
        format.symmetric = quantiser.symmetric;
    }
    return format;
}

} // namespace kvw
