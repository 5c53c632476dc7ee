// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/device.h"

namespace kvw::kernels::cuda::test {

Machine& machine() { return host(); }

} // namespace kvw::kernels::cuda::test
