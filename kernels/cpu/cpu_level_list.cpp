// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/cpu_level_list.h"

#include "kernels/cpu/cpu_features.h"

namespace kvw::kernels {

std::string cpu_levels_there()
{
    std::string out;
    for (const CpuLevel level : kCpuLevels)
        if (cpu_has(level))
            out.append(out.empty() ? "" : ", ").append(name(level));
    return out;
}

} // namespace kvw::kernels
