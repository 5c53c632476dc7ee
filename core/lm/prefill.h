// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/lm/past.h"
#include "kernels/attend_prefill.h"

namespace kvw {

/// The parts of kernels::AttendPrefill that follow from queries [sequences, tokens, heads, head_dim] (fp32 on the CPU, unit
/// stride within a head, alive as long as the arguments) and the model. Products are in `type`.
kernels::AttendPrefill prefill_arguments(const at::Tensor& q, const AttentionShape& shape, ComputeType type);
/// x [sequences, kv_heads, tokens, width] fp32 on the CPU with unit stride within a row, where it lies.
kernels::PrefillRows fp32_rows(const at::Tensor& x, bool coded = false);
/// Runs the kernel with scratch memory that the calling thread keeps. Throws Error{Internal} when it refuses the shapes.
void run_prefill(kernels::AttendPrefill& args);

} // namespace kvw
