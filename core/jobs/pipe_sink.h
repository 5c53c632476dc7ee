// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/time.h"
#include "core/jobs/progress_sink.h"
#include "core/protocol/message.h"

#include <map>
#include <mutex>

namespace kvw {

/// Progress of a worker's job as protocol lines on a file descriptor. Any thread may call. At most ten lines a second of
/// progress and of each metric go out (a stage's last always does); everything else goes at once. When the reader is
/// gone the flag is set and the rest is dropped.
class PipeSink final : public ProgressSink
{
public:
    PipeSink(int descriptor, CancelFlag& cancel) : descriptor_(descriptor), cancel_(cancel) {}

    void stage(int index, int count, std::string_view name) override;
    void progress(double done, double total, std::string_view unit) override;
    void metric(std::string_view name, double x, double value) override;
    void committed(std::string_view table, std::int64_t run) override;
    void warning(std::string_view sentence) override;
    void text(std::string_view) override {} ///< generated text is read from the store

    void send(const protocol::Message& message);
    double elapsed_s() const { return watch_.seconds(); }

private:
    bool may_send(const std::string& kind);

    int descriptor_;
    CancelFlag& cancel_;
    std::mutex mutex_;
    bool broken_ = false;
    Stopwatch watch_;
    double stage_start_s_ = 0;
    std::map<std::string, double> last_s_;
};

} // namespace kvw
