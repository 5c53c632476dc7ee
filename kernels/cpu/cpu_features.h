// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::kernels {

/// Instruction-set variants that a kernel may be compiled in: the x86-64 psABI levels. Baseline runs everywhere.
enum class IsaLevel { Baseline, V3, V4 };

/// From now on the portable kernels only, which are what the others are held against: isa_level() is Baseline and the
/// instruction sets below are not there. To be called before any kernel; false when it comes too late.
bool use_reference_kernels() noexcept;

/// The highest level that both the processor and the operating system support (registers saved on a task switch).
IsaLevel isa_level() noexcept;
/// V3 and the integer dot products of 256 bits (AVX-VNNI).
bool has_avx_vnni() noexcept;
/// V4 and the bf16 dot product.
bool has_avx512_bf16() noexcept;
/// V4 and the integer dot products.
bool has_avx512_vnni() noexcept;

} // namespace kvw::kernels
