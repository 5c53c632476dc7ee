// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/crew.h"

#include "kernels/threads.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kvw::kernels {
namespace {

constexpr int kMostThreads = 1024;
/// How long a thread spins before it sleeps: longer than the pauses between the kernels of a decode step, much shorter than
/// the time that a system leaves a core to another program.
constexpr std::chrono::microseconds kSpin{80};

using Word = std::atomic<std::uint32_t>;

void sleep_while(Word& word, std::uint32_t value) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake(Word& word, int count) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

void pause() noexcept
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/// Whether `ready` became true while spinning.
template<class Ready>
bool spin_until(const Ready& ready) noexcept
{
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
        for (int i = 0; i < 32; ++i) {
            if (ready())
                return true;
            pause();
        }
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

/// A thread's own mark, so that a kernel called from within a piece does not wait for the crew that runs it.
thread_local bool inside = false;

class Crew
{
public:
    /// Never destroyed: threads may sleep in it when the process ends.
    static Crew& instance()
    {
        static Crew* const crew = new Crew;
        return *crew;
    }

    bool run(std::int64_t pieces, int team, Taking taking, PieceFunction function, void* context) noexcept;

private:
    bool claim(std::uint32_t generation, std::int64_t& first, std::int64_t& end) noexcept;
    void work(std::uint32_t generation, int slot) noexcept;
    void help(int slot) noexcept;
    int hire(int helpers) noexcept;
    std::uint32_t generation() const noexcept
    {
        return static_cast<std::uint32_t>(now_.load(std::memory_order_acquire) >> 32);
    }

    /// Generation of the call in the upper half, pieces that nobody has taken in the lower one: a thread that comes late
    /// cannot take a piece of another call than the one it saw.
    std::atomic<std::uint64_t> now_{0};
    alignas(64) Word done_{0}; ///< pieces of the call
    Word caller_sleeps_{0};
    alignas(64) Word bell_{0}; ///< rings for every call
    Word sleepers_{0};
    std::atomic<int> team_{1};
    std::atomic<bool> guided_{false};
    // Of the call: written before it is announced in now_, read by those who have taken a piece of it.
    std::int64_t pieces_ = 0;
    PieceFunction function_ = nullptr;
    void* context_ = nullptr;

    std::mutex calling_; ///< one call at a time
    int helpers_ = 0;    ///< threads that were made; guarded by calling_
};

bool Crew::claim(std::uint32_t generation, std::int64_t& first, std::int64_t& end) noexcept
{
    std::uint64_t seen = now_.load(std::memory_order_acquire);
    for (;;) {
        const auto left = static_cast<std::uint32_t>(seen);
        if (seen >> 32 != generation || left == 0)
            return false;
        const auto team = static_cast<std::uint32_t>(std::max(team_.load(std::memory_order_relaxed), 1));
        const std::uint32_t take =
            guided_.load(std::memory_order_relaxed) ? std::max<std::uint32_t>(left / (2 * team), 1) : 1;
        if (now_.compare_exchange_weak(seen, seen - take, std::memory_order_acq_rel, std::memory_order_acquire)) {
            first = pieces_ - left;
            end = first + take;
            return true;
        }
    }
}

void Crew::work(std::uint32_t generation, int slot) noexcept
{
    inside = true;
    std::int64_t first = 0, end = 0;
    while (claim(generation, first, end)) {
        const auto pieces = static_cast<std::uint32_t>(pieces_);
        function_(context_, first, end, slot);
        const auto taken = static_cast<std::uint32_t>(end - first);
        if (done_.fetch_add(taken) + taken == pieces && caller_sleeps_.load() != 0)
            wake(done_, 1);
    }
    inside = false;
}

void Crew::help(int slot) noexcept
{
    std::uint32_t met = 0;
    for (;;) {
        const std::uint32_t rung = bell_.load();
        const auto called = [&] { return generation() != met; };
        if (!spin_until(called)) {
            sleepers_.fetch_add(1);
            if (!called())
                sleep_while(bell_, rung);
            sleepers_.fetch_sub(1);
            continue;
        }
        met = generation();
        // The team is that of this call or of a later one; in the second case nothing of this call is left to take.
        if (slot < team_.load(std::memory_order_acquire))
            work(met, slot);
    }
}

/// Makes threads up to that number; how many there are. Where the system gives no more, fewer do.
int Crew::hire(int helpers) noexcept
{
    sigset_t every, before;
    sigfillset(&every);
    while (helpers_ < helpers) {
        // Signals are for the program's own threads.
        pthread_sigmask(SIG_SETMASK, &every, &before);
        bool made = true;
        try {
            std::thread([this, slot = helpers_ + 1] { help(slot); }).detach();
        } catch (const std::system_error&) {
            made = false;
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (!made)
            break;
        ++helpers_;
    }
    return helpers_;
}

/// False when the crew is at work for another thread.
bool Crew::run(std::int64_t pieces, int team, Taking taking, PieceFunction function, void* context) noexcept
{
    const std::unique_lock lock(calling_, std::try_to_lock);
    if (!lock)
        return false;
    team = std::min(team, hire(team - 1) + 1);
    pieces_ = pieces;
    function_ = function;
    context_ = context;
    guided_.store(taking == Taking::Guided, std::memory_order_relaxed);
    team_.store(team, std::memory_order_release);
    done_.store(0);
    const std::uint32_t generation = this->generation() + 1;
    now_.store(static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint64_t>(pieces));
    bell_.fetch_add(1);
    if (sleepers_.load() != 0)
        wake(bell_, helpers_);
    work(generation, 0);
    const auto all = static_cast<std::uint32_t>(pieces);
    const auto finished = [&] { return done_.load() == all; };
    if (spin_until(finished))
        return true;
    caller_sleeps_.store(1);
    for (std::uint32_t done = done_.load(); done != all; done = done_.load())
        sleep_while(done_, done);
    caller_sleeps_.store(0);
    return true;
}

/// The number that OMP_NUM_THREADS begins with (it may be a list, one number a nested level); 0 when it is none.
int threads_of_environment(const char* text)
{
    int count = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, count);
    return error == std::errc() && (stop == end || *stop == ',') ? count : 0;
}

std::atomic<int>& chosen_threads() noexcept
{
    static std::atomic<int> chosen = [] {
        const char* wish = std::getenv("OMP_NUM_THREADS");
        const int asked = wish != nullptr ? threads_of_environment(wish) : 0;
        return asked >= 1 && asked <= kMostThreads ? asked : usable_cores();
    }();
    return chosen;
}

} // namespace

int threads() noexcept { return chosen_threads().load(std::memory_order_relaxed); }

void set_threads(int count) noexcept
{
    chosen_threads().store(std::clamp(count, 1, kMostThreads), std::memory_order_relaxed);
}

int usable_cores() noexcept
{
    cpu_set_t set;
    CPU_ZERO(&set);
    // It fails where there are more processors than the set holds (1024).
    const int count = ::sched_getaffinity(0, sizeof set, &set) == 0
        ? CPU_COUNT(&set)
        : static_cast<int>(std::thread::hardware_concurrency());
    return std::max(count, 1);
}

const char* threads_problem() noexcept
{
    static const std::string problem = [] {
        const char* wish = std::getenv("OMP_NUM_THREADS");
        if (wish == nullptr || *wish == '\0')
            return std::string();
        const std::string begin = "OMP_NUM_THREADS is \"" + std::string(wish) + "\"";
        const int asked = threads_of_environment(wish), cores = usable_cores();
        if (asked < 1)
            return begin + ", which is not a number of threads";
        if (asked > cores)
            return begin + ", more than the " + std::to_string(cores)
                + " core(s) that this process may use: threads without a core only hold up the others";
        return std::string();
    }();
    return problem.empty() ? nullptr : problem.c_str();
}

bool inside_piece() noexcept { return inside; }

void run_pieces(std::int64_t pieces, int team, Taking taking, PieceFunction run, void* context) noexcept
{
    constexpr std::int64_t most = 0xffffffff; // of the counter
    if (pieces <= 0)
        return;
    team = static_cast<int>(std::min<std::int64_t>(team, pieces));
    if (team > 1 && pieces <= most && !inside && Crew::instance().run(pieces, team, taking, run, context))
        return;
    const bool before = inside;
    inside = true;
    run(context, 0, pieces, 0);
    inside = before;
}

} // namespace kvw::kernels
