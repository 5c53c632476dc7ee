// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_launch.cuh"

namespace kvw::kernels::cuda {

Status attend_bf16(const Attend& args, const AttendRequest& request)
{
    return attend_pair<Format::Bf16, Format::Bf16>(args, request);
}

} // namespace kvw::kernels::cuda
