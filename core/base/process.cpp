// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/process.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <unistd.h>

namespace kvw {
namespace {

std::string host_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return "unknown";
    std::string host(name.data());
    for (char& c : host)
        if (c == ' ')
            c = '_';
    return host;
}

std::string boot_id()
{
    std::ifstream stream("/proc/sys/kernel/random/boot_id");
    std::string id;
    stream >> id;
    return id.empty() ? "unknown" : id;
}

enum class Stat { Read, Ended, Unreadable };
struct StartTicks
{
    Stat stat = Stat::Unreadable;
    std::string ticks;
};

/// Field 22 of /proc/PID/stat. Ended: nothing is left but what a parent has not collected yet. The program's name in
/// field 2 may hold blanks and brackets, so counting begins behind the last bracket.
StartTicks start_ticks(std::string_view pid)
{
    std::ifstream stream(fmt::format("/proc/{}/stat", pid), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return {};
    std::istringstream rest(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest),
                                          std::istream_iterator<std::string>()};
    if (fields.size() < 20)
        return {};
    if (fields[0] == "Z" || fields[0] == "X")
        return {Stat::Ended, {}};
    return {Stat::Read, fields[19]};
}

bool is_number(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

constexpr std::string_view kNoStart = "0"; ///< of an identity that was made where /proc cannot be read

} // namespace

std::string process_identity()
{
    const std::string pid = fmt::format("{}", ::getpid());
    const StartTicks start = start_ticks(pid);
    return fmt::format("{} {} {} {}", host_name(), boot_id(), pid, start.stat == Stat::Read ? start.ticks : kNoStart);
}

Liveness process_liveness(std::string_view identity)
{
    std::istringstream stream{std::string(identity)};
    std::string host, boot, pid, start, more;
    if (!(stream >> host >> boot >> pid >> start) || stream >> more || !is_number(pid) || !is_number(start))
        return Liveness::Unknown;
    pid_t number = 0;
    const auto [end, error] = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    if (error != std::errc{} || number <= 0 || host != host_name())
        return Liveness::Unknown;
    if (boot != boot_id())
        return Liveness::Dead;
    const StartTicks now = start_ticks(pid);
    if (now.stat == Stat::Ended)
        return Liveness::Dead;
    if (now.stat == Stat::Unreadable) // gone, or another user's where /proc hides those
        return ::kill(number, 0) != 0 && errno == ESRCH ? Liveness::Dead : Liveness::Unknown;
    if (start == kNoStart)
        return Liveness::Unknown;
    return now.ticks == start ? Liveness::Alive : Liveness::Dead;
}

} // namespace kvw
