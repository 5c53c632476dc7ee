// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"

#include <cstdint>
#include <string>

namespace kvw {

struct TypeChoice
{
    ComputeType type = ComputeType::Bf16;
    std::string why; ///< a sentence
};

/// Products of many rows with weights of each type, 1e9 operations a second on one thread.
struct TypeSpeeds
{
    double bf16_gflops = 0, fp32_gflops = 0;
};
/// Of this machine (kernels/linear_choice.h).
TypeSpeeds measured_type_speeds();

/// The type of weights that is faster to the same result on a CPU. bf16 halves what a decode step reads, so fp32 is taken
/// only where its products are clearly faster and it fits into `available_bytes` (0: not known).
TypeChoice choose_compute_type(const TypeSpeeds& speeds, double parameters, std::int64_t available_bytes);

/// Throws Error{OutOfMemory} where weights of this type do not fit into `available_bytes` (0: not known), saying which
/// type would.
void require_memory(const std::string& model, double parameters, ComputeType type, std::int64_t available_bytes);

/// How matrices of this type are multiplied on the CPU: what was chosen, without figures, so that equal choices are equal
/// words.
std::string products_in_words(ComputeType type);
/// The same as a sentence with what was measured.
std::string measured_products_in_words(ComputeType type);

} // namespace kvw
