// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kvw {

/// Words as they are in a cell of a Markdown table: marks of Markdown and pipes are escaped, line breaks and other
/// control characters become blanks. An underscore between letters or digits ("after_sinks") is not a mark.
std::string markdown_words(std::string_view words);
/// The same in a code span, where it can be one (a text with a backquote cannot).
std::string markdown_code(std::string_view words);

} // namespace kvw
