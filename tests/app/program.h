// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kvw::app_test {

using Arguments = std::vector<std::string>;
using Json = nlohmann::json;

/// What a run of `kvw` left behind.
struct Outcome
{
    int exit_code = -1; ///< -N when signal N ended it
    std::string output, errors;

    Json json() const { return Json::parse(output); }
    std::string all() const { return "exit code " + std::to_string(exit_code) + "\n" + output + errors; }
};

/// `kvw` started with arguments; its output goes into files of a folder of its own.
class Program
{
public:
    explicit Program(const Arguments& arguments, int input = -1, const std::vector<std::string>& environment = {})
    {
        std::vector<std::string> words{testing::program("kvw").string()};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        child_ = ::fork();
        if (child_ < 0)
            throw std::runtime_error("no child process");
        if (child_ != 0)
            return;
        redirect((folder_.path() / "out").string(), STDOUT_FILENO);
        redirect((folder_.path() / "err").string(), STDERR_FILENO);
        if (input >= 0)
            ::dup2(input, STDIN_FILENO);
        for (const int number : {SIGHUP, SIGINT, SIGTERM}) // whatever nohup or a shell made of them
            ::signal(number, SIG_DFL);
        for (const std::string& setting : environment)
            ::putenv(const_cast<char*>(setting.c_str()));
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program()
    {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }

    void signal(int number) const { ::kill(child_, number); }
    std::string output() const { return read("out"); }
    std::string errors() const { return read("err"); }

    Outcome wait()
    {
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return {WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), output(), errors()};
    }

    /// Until it has written `words`, however long that takes; false when it ends without them.
    bool wait_for(const std::string& words) const
    {
        for (;;) {
            siginfo_t state{};
            const bool ended = ::waitid(P_PID, static_cast<id_t>(child_), &state, WEXITED | WNOHANG | WNOWAIT) == 0
                && state.si_pid != 0;
            if (errors().find(words) != std::string::npos || output().find(words) != std::string::npos)
                return true;
            if (ended)
                return false;
            ::usleep(10000);
        }
    }

private:
    /// Empty as long as the child has not got so far.
    std::string read(const char* name) const
    {
        return std::filesystem::exists(folder_.path() / name) ? folder_.read(name) : std::string();
    }

    static void redirect(const std::string& file, int descriptor)
    {
        const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
        ::dup2(opened, descriptor);
    }

    testing::TemporaryFolder folder_;
    pid_t child_ = -1;
};

inline Outcome kvw(const Arguments& arguments, const std::vector<std::string>& environment = {})
{
    return Program(arguments, -1, environment).wait();
}

} // namespace kvw::app_test
