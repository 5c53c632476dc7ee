// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kvw {

/// The pattern that PCRE2 (UTF, UCP, multi-line, newline LF) matches as Oniguruma matches `pattern`, whose dialect
/// tokenizer.json is written in. What differs and is translated: \s (U+180E is no space), \w, \h, \v, \uHHHH, {,n},
/// and categories \p{..}, which gain the characters of Unicode 15 and 16.
/// Only \p{Mn} differs, in one letter of Ahom (U+1171E). Throws Error{Unsupported} naming construct and byte for what
/// is not known to mean the same in both.
std::string to_pcre2(std::string_view pattern);

} // namespace kvw
