// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/process.h"

#include <fmt/format.h>

#include <array>
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

/// Field 22 of /proc/PID/stat; empty when there is no such process, or only what a parent has not collected yet. The
/// program's name in field 2 may hold blanks and brackets, so counting begins behind the last bracket.
std::string start_ticks(const std::string& pid)
{
    std::ifstream stream("/proc/" + pid + "/stat", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return {};
    std::istringstream rest(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), std::istream_iterator<std::string>()};
    if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X")
        return {};
    return fields[19];
}

} // namespace

std::string process_identity()
{
    const std::string pid = fmt::format("{}", ::getpid());
    const std::string start = start_ticks(pid);
    return fmt::format("{} {} {} {}", host_name(), boot_id(), pid, start.empty() ? "0" : start);
}

Liveness process_liveness(std::string_view identity)
{
    std::istringstream stream{std::string(identity)};
    std::string host, boot, pid, start, more;
    if (!(stream >> host >> boot >> pid >> start) || stream >> more || pid.find_first_not_of("0123456789") != std::string::npos)
        return Liveness::Unknown;
    if (host != host_name())
        return Liveness::Unknown;
    if (boot != boot_id())
        return Liveness::Dead;
    return start_ticks(pid) == start ? Liveness::Alive : Liveness::Dead;
}

} // namespace kvw
