// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_launch.cuh"

namespace kvw::kernels::cuda {

Status attend_int8_int4(const Attend& args, const AttendRequest& request)
{
    return attend_pair<Format::Int8, Format::Int4>(args, request);
}

} // namespace kvw::kernels::cuda
