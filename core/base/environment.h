// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kvw {

/// What a measurement's numbers depend on beside the program.
struct MachineFacts
{
    std::string cpu;               ///< model name; "unknown" where the system does not say
    int logical_cores = 1;         ///< that this process may run on
    std::int64_t memory_bytes = 0; ///< of the machine; 0 where the system does not say
    std::string os;                ///< "Debian GNU/Linux 12 (bookworm), Linux 6.1.0"
};
MachineFacts machine_facts();

/// Bytes that this process may still take without pushing anything to the disk or being ended: what the machine has
/// available, and less where a control group or a limit of the process (ulimit -v) leaves less. 0 where the system does not
/// say.
std::int64_t available_memory();

/// Resident set of this process.
struct ResidentMemory
{
    std::int64_t current_bytes = 0;
    std::int64_t peak_bytes = 0; ///< since the start, or since reset_peak_resident_memory()
};
/// Throws Error{Unsupported} where there is no /proc/self/status.
ResidentMemory resident_memory();
/// Begins a new high-water mark; false where the system does not allow it (the mark then stays that of the process).
bool reset_peak_resident_memory() noexcept;

/// The value after "NAME", blanks and ':' of the first line that begins so, without blanks around; empty when there is
/// none. For texts like /proc/cpuinfo.
std::string_view proc_field(std::string_view text, std::string_view name);

} // namespace kvw
