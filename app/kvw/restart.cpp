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
    if (::setenv("GOMP_SPINCOUNT", "2000", 1) != 0)
        return;
    // By its own path, so that process lists go on calling it kvw.
    std::array<char, 4096> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    if (length > 0)
        ::execv(path.data(), argv);
    ::execv("/proc/self/exe", argv); // moved or deleted meanwhile
}

} // namespace kvw
