// SPDX-License-Identifier: GPL-3.0-or-later
// at_level LEVEL PROGRAM [ARGUMENT...]: the program held to a level of instructions (KVW_CPU); 77, which CTest calls skipped,
// where this processor does not have the level, or where it is the processor's own, at which the tests run anyway.
#include "kernels/cpu/cpu_features.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <unistd.h>

int main(int argc, char** argv)
{
    using namespace kvw::kernels;
    constexpr int skipped = 77;
    const std::string level = argc > 2 ? argv[1] : "";
    const auto known = cpu_level_named(level);
    if (!known) {
        std::fprintf(stderr, "at_level: \"%s\" is not a level of instructions\n", level.c_str());
        return 2;
    }
    if (!cpu_has(*known) || *known == highest_cpu_level()) {
        std::printf("skipped: %s is %s\n", level.c_str(),
                    cpu_has(*known) ? "this processor's own level, at which the other tests run"
                                    : "not among the levels of this processor");
        return skipped;
    }
    ::setenv("KVW_CPU", level.c_str(), 1);
    ::execv(argv[2], argv + 2);
    std::perror(argv[2]);
    return 2;
}
