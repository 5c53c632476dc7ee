// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/machine.h"

namespace kvw {

const MachineFacts& thisMachine()
{
    static const MachineFacts facts = machine_facts();
    return facts;
}

int automaticThreads(int cores) { return cores > 2 ? cores - 1 : cores; }

} // namespace kvw
