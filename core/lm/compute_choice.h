// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kvw {

struct TypeChoice
{
    ComputeType type = ComputeType::Bf16;
    std::string why; ///< a sentence
};

/// The type of weights that is faster to the same result here. bf16 halves what a decode step reads, so fp32 is taken only
/// where its products with many rows are clearly faster (kernels/linear_choice.h) and it fits into `available_bytes` (0:
/// not known). On a device: bf16.
TypeChoice choose_compute_type(double parameters, std::string_view device, std::int64_t available_bytes);

/// Throws Error{OutOfMemory} where weights of this type do not fit into `available_bytes` (0: not known), saying which
/// type would.
void require_memory(const std::string& model, double parameters, ComputeType type, std::int64_t available_bytes);

/// How matrices of this type are multiplied on the CPU: what was chosen, without figures, so that equal choices are equal
/// words.
std::string products_in_words(ComputeType type);
/// The same as a sentence with what was measured.
std::string measured_products_in_words(ComputeType type);

} // namespace kvw
