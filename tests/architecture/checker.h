// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvw::architecture {

/// A room as its kvw_room(...) or kvw_window_room(...) line says it, its rights those of the rooms that it names included.
struct Room
{
    std::set<std::string> rooms; ///< whose headers it may include, its own among them
    bool torch = false;          ///< LibTorch's headers
    bool kernels = false;        ///< kernels/
    bool qcustomplot = false;    ///< QCustomPlot's header
};

enum class House { Core, Window };

/// The rooms of core/ or of widgets/ in a CMakeLists.txt; an arrow to a room that does not stand above goes to `findings` and gives no rights.
std::map<std::string, Room> read_rooms(const std::string& cmake, House house, std::vector<std::string>& findings);

/// What stands between the quotes or angle brackets of a line that is an #include, else empty; the first character
/// is kept, so that "\"core/a.h" and "<vector" can be told apart.
std::string include_of(std::string_view line);

struct Report
{
    std::vector<std::string> findings; ///< "core/config/x.cpp:3: ..."
    int files = 0;
    int includes = 0;
};

/// Reads the top CMakeLists.txt and every source below core, kernels, app, widgets, tests, cmake and scripts.
Report check_tree(const std::filesystem::path& root);

} // namespace kvw::architecture
