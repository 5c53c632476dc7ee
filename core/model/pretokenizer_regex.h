// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// A compiled pattern of a tokenizer. Immutable: any thread may match.
class Regex
{
public:
    /// `pattern` in Oniguruma's dialect (pretokenizer_pattern.h). Throws Error{Unsupported} with the reason.
    explicit Regex(std::string_view pattern);
    /// Matches exactly `text`.
    static Regex literal(std::string_view text);

    struct Span
    {
        std::size_t begin = 0;
        std::size_t end = 0;
        bool match = false;
    };
    /// Matches and what lies between them, in order, together the whole of `text` (valid UTF-8; not checked here).
    /// An empty match directly after another match is left out. Throws Error{Unsupported} when PCRE2 gives up.
    void spans(std::string_view text, std::vector<Span>& out) const;

    /// Every match replaced by `content`.
    std::string replace(std::string_view text, std::string_view content) const;
    bool matches_whole(std::string_view text) const;

    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

private:
    struct Code;
    Regex(std::string_view pattern, unsigned options);
    bool search(std::string_view text, std::size_t from, Span& found) const;

    std::string pattern_;
    std::unique_ptr<Code> code_;
};

} // namespace kvw
