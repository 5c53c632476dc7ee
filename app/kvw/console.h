// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/jobs/progress_sink.h"

#include <chrono>

namespace kvw {

/// Progress of one job on stderr: stage, fraction, time left. On a terminal one line that is rewritten, else a line every few seconds.
class ConsoleSink final : public ProgressSink
{
public:
    enum class Loudness { Normal, Quiet };
    /// Whether generated text is shown on stdout, or is left to the JSON that will stand there.
    enum class Text { Show, Hide };
    explicit ConsoleSink(Loudness loudness, Text text = Text::Show);
    ~ConsoleSink() override;

    void stage(int index, int count, std::string_view name) override;
    void progress(double done, double total, std::string_view unit) override;
    void metric(std::string_view name, double x, double value) override;
    void committed(std::string_view table, std::int64_t run) override;
    void warning(std::string_view sentence) override;
    void remark(std::string_view sentence) override;
    void begin_text(int index, int count, std::string_view configuration) override;
    void text(std::string_view piece) override;
    void end_text() override;

private:
    void end_line();

    using Clock = std::chrono::steady_clock;
    Loudness loudness_;
    Text text_;
    bool terminal_;
    bool open_line_ = false;
    std::string stage_;
    Clock::time_point stage_start_, last_print_;
};

/// One sentence on stderr, with the hint: "kvw: ..." and "  try: ...".
void print_error(const Error& error);
/// Of the process that ends with the error: exit_code() of its kind, or of the signal that ended the job.
int exit_code_of(const Error& error);

/// Set by SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal is gone; not where SIGHUP is ignored, as under nohup).
CancelFlag& interrupt_flag();
void install_interrupt_handler();

} // namespace kvw
