// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace kvw {

/// The name says that a text is JSON lines: .jsonl, .ndjson or .json.
bool is_json_lines(const std::filesystem::path& path);

/// The document of one line of JSON lines (valid UTF-8): a string, or an object's string "text"; empty for a blank line.
/// Throws Error{BadInput} with file and line number for any other.
std::string document_of(const std::filesystem::path& path, std::size_t line_number, std::string_view line);

} // namespace kvw
