// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
#include "kernels/cuda/linear.h"

/// What every implementation of the operations refuses, and how.
namespace kvw::kernels::cuda {

/// Whether so many query heads go with the store's KV heads.
bool heads_fit(const KvStore& store, int heads) noexcept;

[[nodiscard]] Status check(const Append& args) noexcept;
[[nodiscard]] Status check(const Fill& args) noexcept;
[[nodiscard]] Status check(const Attend& args) noexcept;
[[nodiscard]] Status check(const Pack& args) noexcept;
[[nodiscard]] Status check(const Linear& args) noexcept;
[[nodiscard]] Status check(const Pick& args) noexcept;

} // namespace kvw::kernels::cuda
