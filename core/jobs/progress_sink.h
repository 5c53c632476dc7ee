// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/cancel_flag.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kvw {

/// Where a job says how it is getting on: the terminal, or the worker's pipe. Calls come from the job's thread.
class ProgressSink
{
public:
    virtual ~ProgressSink() = default;
    virtual void stage(int index, int count, std::string_view name) = 0; ///< index from 1
    virtual void progress(double done, double total, std::string_view unit) = 0;
    virtual void metric(std::string_view name, double x, double value) = 0;
    virtual void committed(std::string_view table, std::int64_t run) = 0;
    virtual void warning(std::string_view sentence) = 0;
    /// Something that was chosen or measured on the way, for those who read logs; nothing is wrong.
    virtual void remark(std::string_view sentence) = 0;
    /// Generated text as it comes, between the two calls: bytes, a piece may end inside a character. `index` from 0.
    virtual void begin_text(int index, int count, std::string_view configuration) = 0;
    virtual void text(std::string_view piece) = 0;
    virtual void end_text() = 0;
};

} // namespace kvw
