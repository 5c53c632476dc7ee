// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/safetensors.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvw {

/// Throws Error{BadInput} naming file, tensor and index of the first value that is NaN or infinite.
void require_finite(const WeightView& view, const std::string& name);

/// A tensor of the files as fp32 on the CPU, [shape]. Throws Error{BadInput} when the shape is another or a value is not
/// finite, naming tensor and index.
at::Tensor read_fp32(const WeightFiles& files, const std::string& name, std::span<const std::int64_t> shape);

/// Matrices [rows_i, columns] stacked by rows, as bf16 bits [sum rows_i, columns]; checked like read_fp32.
struct MatrixName
{
    std::string name;
    std::int64_t rows = 0;
};
std::vector<std::uint16_t> read_bf16_stacked(const WeightFiles& files, std::span<const MatrixName> parts,
                                             std::int64_t columns);

/// Rows of a matrix [rows, columns] picked by index, straight from the mapped file: out [ids, columns] fp32.
void gather_rows(const WeightView& matrix, std::span<const std::int64_t> ids, float* out);

} // namespace kvw
