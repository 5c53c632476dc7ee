// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/environment.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>

namespace kvw {
namespace {

std::string read_text(const char* file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

/// "  123 kB" in bytes; 0 when it is not that.
std::int64_t kilobytes(std::string_view value)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const std::string_view unit = trimmed({end, static_cast<std::size_t>(value.data() + value.size() - end)});
    return error == std::errc{} && unit == "kB" ? number * 1024 : 0;
}

/// A text that is a number and perhaps a line end; none for other words ("max").
std::optional<std::int64_t> whole_number(std::string_view text)
{
    text = trimmed(text);
    while (!text.empty() && text.back() == '\n')
        text.remove_suffix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// File pages of the control group, which the system gives up when memory is asked for.
std::int64_t reclaimable_of_group()
{
    const std::string stat = read_text("/sys/fs/cgroup/memory.stat");
    const std::size_t at = stat.find("\ninactive_file ");
    if (at == std::string::npos)
        return 0;
    const std::string_view rest = std::string_view(stat).substr(at + 15);
    return whole_number(rest.substr(0, rest.find('\n'))).value_or(0);
}

int usable_cores()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    // It fails where there are more processors than the set holds (1024).
    const int count = ::sched_getaffinity(0, sizeof set, &set) == 0
        ? CPU_COUNT(&set)
        : static_cast<int>(std::thread::hardware_concurrency());
    return count > 0 ? count : 1;
}

std::string os_name()
{
    const std::string release = read_text("/etc/os-release");
    std::string name;
    if (const std::size_t at = release.find("PRETTY_NAME="); at != std::string::npos) {
        name = release.substr(at + 12, release.find('\n', at) - at - 12);
        std::erase(name, '"');
    }
    utsname system{};
    if (::uname(&system) == 0)
        name += fmt::format("{}{} {}", name.empty() ? "" : ", ", system.sysname, system.release);
    return name.empty() ? "unknown" : name;
}

} // namespace

std::string_view proc_field(std::string_view text, std::string_view name)
{
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.starts_with(name))
            continue;
        const std::string_view rest = trimmed(line.substr(name.size()));
        if (rest.starts_with(':'))
            return trimmed(rest.substr(1));
    }
    return {};
}

MachineFacts machine_facts()
{
    MachineFacts facts;
    const std::string cpus = read_text("/proc/cpuinfo");
    facts.cpu = proc_field(cpus, "model name");
    if (facts.cpu.empty())
        facts.cpu = "unknown";
    facts.logical_cores = usable_cores();
    const std::string memory = read_text("/proc/meminfo");
    facts.memory_bytes = kilobytes(proc_field(memory, "MemTotal"));
    facts.os = os_name();
    return facts;
}

std::int64_t available_memory()
{
    std::int64_t least = kilobytes(proc_field(read_text("/proc/meminfo"), "MemAvailable"));
    const auto limit_to = [&least](std::int64_t left) { least = least == 0 ? left : std::min(least, left); };
    // The process' own group under control groups of version 2; in a container that is the root it sees.
    const std::optional<std::int64_t> most = whole_number(read_text("/sys/fs/cgroup/memory.max"));
    const std::optional<std::int64_t> used = whole_number(read_text("/sys/fs/cgroup/memory.current"));
    if (most && used)
        limit_to(std::max<std::int64_t>(*most - *used, 0) + reclaimable_of_group());
    rlimit space{};
    if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
        const std::int64_t mapped = kilobytes(proc_field(read_text("/proc/self/status"), "VmSize"));
        limit_to(std::max<std::int64_t>(static_cast<std::int64_t>(space.rlim_cur) - mapped, 0));
    }
    return least;
}

ResidentMemory resident_memory()
{
    const std::string status = read_text("/proc/self/status");
    ResidentMemory memory{kilobytes(proc_field(status, "VmRSS")), kilobytes(proc_field(status, "VmHWM"))};
    if (memory.current_bytes <= 0 || memory.peak_bytes <= 0)
        throw Error(ErrorKind::Unsupported, "/proc/self/status has no VmRSS and VmHWM",
                    "memory is measured on Linux only");
    return memory;
}

bool reset_peak_resident_memory() noexcept
{
    try {
        std::ofstream stream("/proc/self/clear_refs");
        stream << "5";
        return static_cast<bool>(stream.flush());
    } catch (...) {
        return false;
    }
}

} // namespace kvw
