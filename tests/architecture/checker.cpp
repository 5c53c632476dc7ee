// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/architecture/checker.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace kvw::architecture {
namespace {

constexpr int kMaxFileLines = 600;
constexpr int kMaxFunctionLines = 60;
constexpr std::string_view kLicence = "SPDX-License-Identifier: GPL-3.0-or-later";
const std::set<std::string> kTops{"core", "kernels", "app", "widgets"};

std::string read_text(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(std::move(line));
    return lines;
}

std::vector<std::string> parts_of(const std::string& path)
{
    std::vector<std::string> parts;
    std::istringstream stream(path);
    for (std::string part; std::getline(stream, part, '/');)
        parts.push_back(std::move(part));
    return parts;
}

bool is_source(const std::filesystem::path& file)
{
    static const std::set<std::string> extensions{".h", ".hpp", ".cpp", ".c", ".cu", ".cuh", ".cmake", ".py", ".sh"};
    if (file.filename() == "CMakeLists.txt" || extensions.contains(file.extension().string()))
        return true;
    return file.extension().empty() && file.parent_path().filename() == "scripts";
}

bool is_cpp(const std::filesystem::path& file)
{
    static const std::set<std::string> extensions{".h", ".hpp", ".cpp", ".c", ".cu", ".cuh"};
    return extensions.contains(file.extension().string());
}

bool is_torch(const std::string& top) { return top == "torch" || top == "ATen" || top == "c10" || top == "caffe2"; }

/// <QWidget>, <QtCore/qglobal.h>, <qwidget.h>, "qcustomplot.h".
bool is_qt(const std::string& header)
{
    const auto is_upper = [&](std::size_t at) { return at < header.size() && header[at] >= 'A' && header[at] <= 'Z'; };
    if (header.starts_with("Q"))
        return is_upper(1) || (header.starts_with("Qt") && is_upper(2));
    return header.starts_with("q") && header.ends_with(".h") && header.find('/') == std::string::npos;
}

/// The text without its comments.
std::string uncommented(const std::string& cmake)
{
    std::string text;
    for (const std::string& line : lines_of(cmake))
        text += line.substr(0, line.find('#')) + '\n';
    return text;
}

class TreeChecker
{
public:
    explicit TreeChecker(std::filesystem::path root) : root_(std::move(root)) {}

    Report check()
    {
        const std::string cmake = read_text(root_ / "CMakeLists.txt");
        rooms_ = read_rooms(cmake, House::Core, report_.findings);
        window_rooms_ = read_rooms(cmake, House::Window, report_.findings);
        file(root_ / "CMakeLists.txt");
        for (const char* folder : {"core", "kernels", "app", "widgets", "tests", "cmake", "scripts"}) {
            if (!std::filesystem::is_directory(root_ / folder))
                continue;
            std::vector<std::filesystem::path> found;
            for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ / folder))
                if (entry.is_regular_file() && is_source(entry.path()))
                    found.push_back(entry.path());
            std::sort(found.begin(), found.end());
            for (const std::filesystem::path& path : found)
                file(path);
        }
        return std::move(report_);
    }

private:
    void file(const std::filesystem::path& path)
    {
        ++report_.files;
        name_ = std::filesystem::relative(path, root_).generic_string();
        const std::vector<std::string> lines = lines_of(read_text(path));
        const auto licensed = [&](std::size_t line) {
            return line < lines.size() && lines[line].find(kLicence) != std::string::npos;
        };
        if (!licensed(0) && !(lines.size() > 1 && lines[0].starts_with("#!") && licensed(1)))
            find("no SPDX line at the top");
        if (lines.size() > kMaxFileLines)
            find(fmt::format("{} lines, and {} are the most", lines.size(), kMaxFileLines));
        const std::vector<std::string> parts = parts_of(name_);
        if (!is_cpp(path) || !kTops.contains(parts.front()))
            return;
        if (parts.front() == "core" && parts.size() > 2 && !rooms_.contains(parts[1]))
            return find(fmt::format("there is no room core/{}", parts[1]));
        if (parts.front() == "widgets" && (parts.size() < 3 || !window_rooms_.contains(parts[1])))
            return find(fmt::format("there is no room widgets/{}", parts.size() > 2 ? parts[1] : ""));
        functions(lines);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string include = include_of(lines[i]);
            if (include.empty())
                continue;
            ++report_.includes;
            if (const auto sentence = wrong_include(parts, include))
                find_at(i, *sentence);
        }
    }

    /// The formatter puts the braces of a function outside a class, and of nothing else, alone at the line's start.
    void functions(const std::vector<std::string>& lines)
    {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i] != "{")
                continue;
            std::size_t end = i + 1;
            while (end < lines.size() && lines[end] != "}" && lines[end] != "};" && lines[end] != "{")
                ++end;
            const auto inside = static_cast<int>(end - i) - 1;
            if (end < lines.size() && lines[end] == "}" && inside > kMaxFunctionLines)
                find_at(i, fmt::format("a function of {} lines, and {} are the most", inside, kMaxFunctionLines));
        }
    }

    std::optional<std::string> wrong_include(const std::vector<std::string>& from, const std::string& include) const
    {
        const std::string header = include.substr(1);
        const std::vector<std::string> to = parts_of(header);
        const std::string& place = from.front();
        const std::string& target = to.front();
        const Room* room = place == "core" && from.size() > 2 ? &rooms_.at(from[1]) : nullptr;
        if (is_torch(target))
            return room && room->torch
                ? std::nullopt
                : std::optional(fmt::format("LibTorch's {} outside the rooms that are marked TORCH", header));
        if (place != "app" && place != "widgets" && is_qt(header))
            return fmt::format("Qt's {} in {}", header, place);
        if (header == "qcustomplot.h" && !(place == "widgets" && window_rooms_.at(from[1]).qcustomplot))
            return std::optional<std::string>("QCustomPlot's header outside the rooms that are marked QCUSTOMPLOT");
        if (!kTops.contains(target) && target != "tests")
            return include.front() == '"' && place != "widgets" && !is_qt(header)
                ? std::optional(fmt::format("\"{}\" does not name its room", header))
                : std::nullopt;
        if (target == "core" && (to.size() < 3 || !rooms_.contains(to[1])))
            return fmt::format("there is no room core/{}", to.size() > 1 ? to[1] : "");
        return wrong_arrow(place, room, from, to);
    }

    std::optional<std::string> wrong_arrow(const std::string& place, const Room* room,
                                           const std::vector<std::string>& from,
                                           const std::vector<std::string>& to) const
    {
        const std::string& target = to.front();
        if (place == "kernels")
            return target == "kernels" ? std::nullopt
                                       : std::optional(fmt::format("kernels include nothing of {}", target));
        if (place == "core") {
            const bool allowed = (target == "core" && room && room->rooms.contains(to[1]))
                || (target == "kernels" && room && room->kernels);
            return allowed ? std::nullopt
                           : std::optional(fmt::format("the room {} may not include {}", from[1],
                                                       target == "core" ? "core/" + to[1] : target));
        }
        if (place == "widgets" && target == "core" && (rooms_.at(to[1]).torch || rooms_.at(to[1]).kernels))
            return fmt::format("widgets may not include core/{}, a room of the engine", to[1]);
        if (place == "widgets" && (target == "kernels" || target == "app"))
            return fmt::format("widgets may not include {}", target);
        if (place == "widgets" && target == "widgets" && !window_rooms_.at(from[1]).rooms.contains(to[1]))
            return fmt::format("the room {} of the window may not include widgets/{}", from[1], to[1]);
        return target == "tests" ? std::optional<std::string>("a program includes nothing of the tests") : std::nullopt;
    }

    void find(const std::string& sentence) { report_.findings.push_back(name_ + ": " + sentence); }
    void find_at(std::size_t line, const std::string& sentence)
    {
        report_.findings.push_back(fmt::format("{}:{}: {}", name_, line + 1, sentence));
    }

    std::filesystem::path root_;
    std::map<std::string, Room> rooms_, window_rooms_;
    std::string name_; ///< of the file that is read
    Report report_;
};

} // namespace

std::map<std::string, Room> read_rooms(const std::string& cmake, House house, std::vector<std::string>& findings)
{
    std::map<std::string, Room> rooms;
    const std::string text = uncommented(cmake);
    const std::string_view call = house == House::Core ? "kvw_room(" : "kvw_window_room(";
    for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
        const std::size_t first = at + call.size();
        std::istringstream words(text.substr(first, text.find(')', first) - first));
        std::string name, section;
        words >> name;
        Room room;
        room.rooms.insert(name);
        for (std::string word; words >> word;) {
            if (word == "TORCH")
                room.torch = true;
            else if (word == "KERNELS")
                room.kernels = true;
            else if (word == "QCUSTOMPLOT")
                room.qcustomplot = true;
            else if (word == "ROOMS" || word == "LIBRARIES")
                section = word;
            else if (section == "ROOMS" && !rooms.contains(word))
                findings.push_back(
                    fmt::format("CMakeLists.txt: the room {} names {}, which is not above it", name, word));
            else if (section == "ROOMS") {
                room.rooms.insert(rooms.at(word).rooms.begin(), rooms.at(word).rooms.end());
                room.kernels = room.kernels || rooms.at(word).kernels;
            }
        }
        rooms[name] = std::move(room);
    }
    return rooms;
}

std::string include_of(std::string_view line)
{
    const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    const auto skip = [&](std::string_view word) {
        const bool there = line.starts_with(word);
        line.remove_prefix(there ? word.size() : 0);
        return there;
    };
    skip_blanks();
    if (!skip("#"))
        return {};
    skip_blanks();
    if (!skip("include"))
        return {};
    skip_blanks();
    if (line.empty() || (line.front() != '"' && line.front() != '<'))
        return {};
    const std::size_t end = line.find(line.front() == '"' ? '"' : '>', 1);
    return std::string(line.substr(0, end));
}

Report check_tree(const std::filesystem::path& root) { return TreeChecker(root).check(); }

} // namespace kvw::architecture
