// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <functional>
#include <string_view>

namespace kvw {

/// Runs `work` and turns LibTorch's exceptions into ours: lack of memory to OutOfMemory (LibTorch reports it on the CPU as
/// a plain c10::Error), a device's fault to DeviceFault, everything else to Internal, each with `where` in the sentence.
/// Our own errors pass through.
void guarded(std::string_view where, const std::function<void()>& work);

} // namespace kvw
