// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <atomic>
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

/// Set by a signal handler or by the worker's input thread; jobs look at it after every unit of work.
class CancelFlag
{
public:
    void set() noexcept { flag_.store(true, std::memory_order_relaxed); }
    bool is_set() const noexcept { return flag_.load(std::memory_order_relaxed); }
    /// Throws Error{Cancelled}.
    void check() const
    {
        if (is_set())
            throw Error(ErrorKind::Cancelled, "cancelled; everything that was finished is in the store");
    }

private:
    std::atomic<bool> flag_{false};
};

} // namespace kvw
