// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <string>

namespace kvw {

/// Set by a signal handler or by the worker's input thread; jobs look at it after every unit of work. It keeps what set
/// it first, so that the last sentence and the run's record can say it.
class CancelFlag
{
public:
    /// For a request that is no signal: the window's button, or a reader that is gone.
    void set() noexcept { set_by(kRequest); }
    /// Safe in a signal handler.
    void set_by(int signal) noexcept
    {
        int nothing = 0;
        cause_.compare_exchange_strong(nothing, signal, std::memory_order_relaxed);
    }
    bool is_set() const noexcept { return cause_.load(std::memory_order_relaxed) != 0; }
    /// Throws Error{Cancelled} that says what set the flag.
    void check() const;
    /// "stopped by SIGTERM", "cancelled", ...
    std::string reason() const;
    /// Of a process that ends because of it: 128 and the signal's number, as shells count; 130 for a request.
    int exit_code() const noexcept;

private:
    static constexpr int kRequest = -1;
    std::atomic<int> cause_{0};
    static_assert(std::atomic<int>::is_always_lock_free, "else no signal handler may set it");
};

} // namespace kvw
