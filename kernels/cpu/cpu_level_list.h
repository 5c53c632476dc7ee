// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace kvw::kernels {

/// The levels of instructions that this processor has, from the lowest on: "baseline, v3, v3-vnni".
std::string cpu_levels_there();

} // namespace kvw::kernels
