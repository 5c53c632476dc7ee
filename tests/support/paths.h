// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

namespace kvw::testing {

/// The checkout that the tests were built from.
std::filesystem::path source_folder();
/// A program of this build, "kvw" for example.
std::filesystem::path program(std::string_view name);

} // namespace kvw::testing
