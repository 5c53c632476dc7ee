// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/paths.h"

// The one file that is told where it stands: every other object is the same in any folder, so that ccache knows it again.
namespace kvw::testing {

std::filesystem::path source_folder() { return KVW_SOURCE_DIR; }
std::filesystem::path program(std::string_view name) { return std::filesystem::path(KVW_BINARY_DIR) / "bin" / name; }

} // namespace kvw::testing
