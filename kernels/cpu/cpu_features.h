// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::kernels {

/// Instruction-set variants that a kernel may be compiled in: the x86-64 psABI levels. Baseline runs everywhere.
enum class IsaLevel { Baseline, V3, V4 };

/// The highest level that both the processor and the operating system support (registers saved on a task switch).
IsaLevel isa_level() noexcept;
/// V4 and the bf16 dot product.
bool has_avx512_bf16() noexcept;
/// V4 and the integer dot products.
bool has_avx512_vnni() noexcept;

} // namespace kvw::kernels
