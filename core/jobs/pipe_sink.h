// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/time.h"
#include "core/jobs/progress_sink.h"
#include "core/protocol/message.h"

#include <map>
#include <mutex>

namespace kvw {

/// Progress of a worker's job as protocol lines on a file descriptor. Any thread may call. At most ten lines a second of
/// progress, of each metric and of text go out (a stage's last progress always does, pieces of text are joined);
/// everything else goes at once. When the reader is gone the flag is set and the rest is dropped.
class PipeSink final : public ProgressSink
{
public:
    PipeSink(int descriptor, CancelFlag& cancel) : descriptor_(descriptor), cancel_(cancel) {}

    void stage(int index, int count, std::string_view name) override;
    void progress(double done, double total, std::string_view unit) override;
    void metric(std::string_view name, double x, double value) override;
    void committed(std::string_view table, std::int64_t run) override;
    void warning(std::string_view sentence) override;
    void remark(std::string_view sentence) override; ///< to standard error, the job's log
    void begin_text(int index, int count, std::string_view configuration) override;
    void text(std::string_view piece) override;
    void end_text() override;

    void send(const protocol::Message& message);
    double elapsed_s() const { return watch_.seconds(); }

private:
    bool may_send(const std::string& kind);
    /// What to do with the first bytes of a character whose others have not come.
    enum class Rest { Keep, Send };
    void send_text(Rest incomplete);

    int descriptor_;
    CancelFlag& cancel_;
    std::mutex mutex_;
    bool broken_ = false;
    Stopwatch watch_;
    double stage_start_s_ = 0;
    int text_index_ = 0; ///< of the text that is being generated; only the job's thread uses it and what is pending
    std::string pending_text_;
    std::map<std::string, double> last_s_;
};

} // namespace kvw
