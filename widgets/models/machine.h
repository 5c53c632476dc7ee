// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/environment.h"

namespace kvw {

/// The machine that this window runs on, read once.
const MachineFacts& thisMachine();

/// Threads of a worker when nobody chose a number: one core is left for the window (and whoever else is there) where
/// there are more than two. Of two, half the speed would be too much to pay for that.
int automaticThreads(int cores);

} // namespace kvw
