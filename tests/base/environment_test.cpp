// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/environment.h"

#include "tests/base/child_process.h"

#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mman.h>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProcField, FindsTheValueOfTheFirstLine)
{
    const std::string text =
        "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz \nmodel name\t: Other\nempty\t:\nlast : end";
    EXPECT_EQ(proc_field(text, "processor"), "0");
    EXPECT_EQ(proc_field(text, "model name"), "Some CPU @ 2.0GHz");
    EXPECT_EQ(proc_field(text, "last"), "end");
    EXPECT_EQ(proc_field(text, "empty"), "");
    EXPECT_EQ(proc_field("VmRSS:\t    2176 kB\r\n", "VmRSS"), "2176 kB");
    EXPECT_EQ(proc_field("a: b: c", "a"), "b: c");
}

TEST(ProcField, WhatIsNotThereIsEmpty)
{
    EXPECT_EQ(proc_field("", "a"), "");
    EXPECT_EQ(proc_field("\n\n", "a"), "");
    EXPECT_EQ(proc_field("ab: 1", "a"), "") << "a longer name is another one";
    EXPECT_EQ(proc_field("a b: 1", "a"), "");
    EXPECT_EQ(proc_field("x a: 1", "a"), "") << "not at the beginning of a line";
    EXPECT_EQ(proc_field("a", "a"), "");
    EXPECT_EQ(proc_field("a 1", "a"), "");
}

TEST(ProcField, ALongerNameDoesNotHideTheRightOne)
{
    EXPECT_EQ(proc_field("MemTotalHuge: 1\nMemTotal: 2\n", "MemTotal"), "2");
}

TEST(MachineFacts, AreThisMachines)
{
    const MachineFacts facts = machine_facts();
    EXPECT_FALSE(facts.cpu.empty());
    EXPECT_THAT(facts.cpu, Not(HasSubstr("\n")));
    cpu_set_t set;
    CPU_ZERO(&set);
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(facts.logical_cores, CPU_COUNT(&set));
    // A container may be shown less than the machine has.
    EXPECT_GE(facts.memory_bytes, std::int64_t{64} << 20);
    EXPECT_LE(facts.memory_bytes, std::int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE));
    EXPECT_THAT(facts.os, HasSubstr("Linux "));
    EXPECT_THAT(facts.os, Not(HasSubstr("\"")));
    EXPECT_THAT(facts.os, Not(HasSubstr("\n")));
}

TEST(MachineFacts, CountOnlyTheProcessorsThatMayBeUsed)
{
    const int result = run_in_child([] {
        cpu_set_t all, one;
        CPU_ZERO(&all);
        CPU_ZERO(&one);
        if (::sched_getaffinity(0, sizeof all, &all) != 0)
            return 99;
        for (int i = 0; CPU_COUNT(&one) == 0; ++i)
            if (CPU_ISSET(i, &all))
                CPU_SET(i, &one);
        return ::sched_setaffinity(0, sizeof one, &one) == 0 ? machine_facts().logical_cores : 98;
    });
    EXPECT_EQ(result, 1);
}

/// Memory that is really there: asked of the system and written.
class Allocation
{
public:
    explicit Allocation(std::size_t bytes)
        : bytes_(bytes),
          memory_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    {
        if (memory_ != MAP_FAILED)
            std::memset(memory_, 1, bytes_);
    }
    Allocation(const Allocation&) = delete;
    Allocation& operator=(const Allocation&) = delete;
    ~Allocation()
    {
        if (memory_ != MAP_FAILED)
            ::munmap(memory_, bytes_);
    }
    bool valid() const { return memory_ != MAP_FAILED; }

private:
    std::size_t bytes_;
    void* memory_;
};

/// The kernel adds pages up by processor and may be some behind; an eighth of 64 MiB is far more than that.
constexpr std::int64_t kSize = 64 << 20, kSlack = kSize / 8;

TEST(ResidentMemory, FollowsAnAllocation)
{
    const ResidentMemory before = resident_memory();
    EXPECT_GT(before.current_bytes, 0);
    EXPECT_GE(before.peak_bytes + kSlack, before.current_bytes);
    std::int64_t during = 0;
    {
        const Allocation allocation(kSize);
        ASSERT_TRUE(allocation.valid());
        const ResidentMemory now = resident_memory();
        during = now.current_bytes;
        EXPECT_GE(now.current_bytes, before.current_bytes + kSize - kSlack);
        EXPECT_LE(now.current_bytes, before.current_bytes + kSize + kSlack);
        EXPECT_GE(now.peak_bytes + kSlack, now.current_bytes);
    }
    const ResidentMemory after = resident_memory();
    EXPECT_LE(after.current_bytes, during - kSize + kSlack);
    EXPECT_GE(after.peak_bytes, during - kSlack) << "the peak outlives the allocation";
}

TEST(ResidentMemory, ThePeakBeginsAnewOrStays)
{
    {
        const Allocation allocation(kSize);
        ASSERT_TRUE(allocation.valid());
    }
    const ResidentMemory before = resident_memory();
    const bool reset = reset_peak_resident_memory();
    const ResidentMemory after = resident_memory();
    if (reset)
        EXPECT_LE(after.peak_bytes, before.current_bytes + kSlack);
    else
        EXPECT_GE(after.peak_bytes, before.peak_bytes);
}

} // namespace
} // namespace kvw::testing
