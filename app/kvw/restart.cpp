// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/restart.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <unistd.h>

namespace kvw {

bool runs_engine(std::string_view subcommand) noexcept
{
    constexpr std::array<std::string_view, 7> commands{"calibrate", "ppl",    "sweep", "bench",
                                                       "generate",  "import", "worker"};
    return std::find(commands.begin(), commands.end(), subcommand) != commands.end();
}

void let_waiting_threads_sleep(char** argv) noexcept
{
    if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr)
        return; // the user's choice, or this function's of a moment ago
    // Some tens of microseconds: enough for the operations of one layer, which follow each other at once.
    if (::setenv("GOMP_SPINCOUNT", "2000", 1) == 0)
        ::execv("/proc/self/exe", argv);
}

} // namespace kvw
