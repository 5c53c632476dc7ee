// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/console.h"

#include "core/base/units.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace kvw {
namespace {

constexpr double kTerminalPeriod_s = 0.2;
constexpr double kLogPeriod_s = 10;

/// The first signal ends the job after the current unit of work, a second one ends the process at once.
void on_signal(int signal)
{
    if (interrupt_flag().is_set())
        _exit(128 + signal);
    interrupt_flag().set_by(signal);
}

} // namespace

ConsoleSink::ConsoleSink(Loudness loudness, Text text)
    : loudness_(loudness),
      text_(text),
      terminal_(isatty(STDERR_FILENO) != 0)
{
    stage_start_ = last_print_ = Clock::now();
}

ConsoleSink::~ConsoleSink() { end_line(); }

void ConsoleSink::end_line()
{
    if (open_line_)
        std::fputc('\n', stderr);
    open_line_ = false;
}

void ConsoleSink::stage(int index, int count, std::string_view name)
{
    stage_ = fmt::format("[{}/{}] {}", index, count, name);
    stage_start_ = Clock::now();
    last_print_ = stage_start_ - std::chrono::hours(1);
    if (loudness_ == Loudness::Quiet)
        return;
    end_line();
    if (!terminal_)
        fmt::print(stderr, "{}\n", stage_);
}

void ConsoleSink::progress(double done, double total, std::string_view unit)
{
    const auto now = Clock::now();
    const double since = std::chrono::duration<double>(now - last_print_).count();
    if (loudness_ == Loudness::Quiet || (since < (terminal_ ? kTerminalPeriod_s : kLogPeriod_s) && done < total))
        return;
    last_print_ = now;
    const double elapsed = std::chrono::duration<double>(now - stage_start_).count();
    const double rate = elapsed > 0 ? done / elapsed : 0;
    std::string line = fmt::format("{}: {:.0f} of {:.0f} {} ({:.0f} %), {:.0f} {}/s", stage_, done, total, unit,
                                   100 * done / total, rate, unit);
    line += done < total && rate > 0 ? fmt::format(", {} left", human_duration((total - done) / rate))
                                     : fmt::format(", took {}", human_duration(elapsed));
    if (terminal_)
        fmt::print(stderr, "\r\033[K{}", line);
    else
        fmt::print(stderr, "{}\n", line);
    std::fflush(stderr);
    open_line_ = terminal_;
}

void ConsoleSink::metric(std::string_view, double, double) {}

void ConsoleSink::committed(std::string_view, std::int64_t) {}

void ConsoleSink::warning(std::string_view sentence)
{
    end_line();
    fmt::print(stderr, "note: {}\n", sentence);
}

void ConsoleSink::remark(std::string_view sentence)
{
    if (loudness_ == Loudness::Quiet)
        return;
    end_line();
    fmt::print(stderr, "{}\n", sentence);
}

void ConsoleSink::begin_text(int index, int count, std::string_view configuration)
{
    if (text_ == Text::Show && count > 1)
        fmt::print("{}--- {}\n", index == 0 ? "" : "\n", configuration);
}

void ConsoleSink::end_text() { text("\n"); }

void ConsoleSink::text(std::string_view piece)
{
    if (text_ == Text::Hide)
        return;
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
}

int exit_code_of(const Error& error)
{
    return error.kind() == ErrorKind::Cancelled ? interrupt_flag().exit_code() : exit_code(error.kind());
}

void print_error(const Error& error)
{
    fmt::print(stderr, "kvw: {}\n", error.message());
    if (!error.hint().empty())
        fmt::print(stderr, "  try: {}\n", error.hint());
}

CancelFlag& interrupt_flag()
{
    static CancelFlag flag;
    return flag;
}

void install_interrupt_handler()
{
    interrupt_flag(); // constructed before a signal can ask for it
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    struct sigaction before = {};
    sigaction(SIGHUP, nullptr, &before);
    if (before.sa_handler != SIG_IGN) // nohup wants the job to outlive its terminal
        sigaction(SIGHUP, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

} // namespace kvw
