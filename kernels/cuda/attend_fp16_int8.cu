// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_launch.cuh"

namespace kvw::kernels::cuda {

template Status attend_pair<Format::Fp16, Format::Int8>(const Attend& args, const AttendRequest& request);

} // namespace kvw::kernels::cuda
