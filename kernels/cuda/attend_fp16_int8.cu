// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_launch.cuh"

namespace kvw::kernels::cuda {

Status attend_fp16_int8(const Attend& args, const AttendRequest& request)
{
    return attend_pair<Format::Fp16, Format::Int8>(args, request);
}

} // namespace kvw::kernels::cuda
