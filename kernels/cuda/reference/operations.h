// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
#include "kernels/cuda/linear.h"

/// The operations over host memory, one after another; the stream is not looked at.
namespace kvw::kernels::cuda::reference {

[[nodiscard]] Status append(const Append& args, StreamHandle stream) noexcept;
[[nodiscard]] Status fill(const Fill& args, StreamHandle stream) noexcept;
[[nodiscard]] Status attend(const Attend& args, StreamHandle stream) noexcept;
[[nodiscard]] Status pack(const Pack& args, StreamHandle stream) noexcept;
[[nodiscard]] Status linear(const Linear& args, StreamHandle stream) noexcept;
[[nodiscard]] Status pick(const Pick& args, StreamHandle stream) noexcept;

} // namespace kvw::kernels::cuda::reference
