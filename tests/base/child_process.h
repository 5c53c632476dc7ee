// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace kvw::testing {

/// Runs `work` in a forked child and waits: what it returned (0 to 127), 250 when it threw, -N when signal N ended it.
/// For what must not happen to the test's own process: limits, rights, the death in the middle of a call.
template<typename Work>
int run_in_child(Work work)
{
    const pid_t child = ::fork();
    if (child < 0)
        throw std::runtime_error("no child process");
    if (child == 0) {
        int result = 250;
        try {
            result = work();
        } catch (...) {}
        ::_exit(result);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) != child) {}
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// To be called in a child: goes on as an ordinary user where the tests run as root. 65534 is nobody.
inline bool become_ordinary_user() { return ::geteuid() != 0 || (::setegid(65534) == 0 && ::seteuid(65534) == 0); }

} // namespace kvw::testing
