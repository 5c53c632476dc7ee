// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
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

    /// Whether a RegexScan finds the same spans as spans(). Not where a match depends on where the search began (\G),
    /// begins elsewhere than it was found (\K), or may end between \r and \n (\R).
    bool scans() const noexcept;

    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

private:
    struct Code;
    Regex(std::string_view pattern, unsigned options);
    friend class RegexScan;
    enum class Subject { Whole, Growing };
    /// Undecided (of a growing subject only): what comes after `text` may change whether there is a match at
    /// found.begin; none begins before.
    enum class Outcome { None, Match, Undecided };
    Outcome search(std::string_view text, std::size_t from, Subject subject, Span& found) const;
    /// So many characters before a position decide whether there is a match, at most.
    std::size_t look_back() const;

    std::string pattern_;
    std::unique_ptr<Code> code_;
};

/// The spans of a text that comes in parts: those of Regex::spans() on the whole, as far as no text that may follow can
/// change them. Whether it can, PCRE2 says: its partial matching (PCRE2_PARTIAL_HARD) stops as soon as a match, or a
/// look ahead, would read beyond the end. What is undecided is kept, with as much before it as the pattern looks back.
class RegexScan
{
public:
    /// A span or, of what lies between matches, a part of one.
    struct Part
    {
        std::string_view text;    ///< empty for an empty match, or where a span that was open turns out to have ended
        std::size_t position = 0; ///< of `text` in the whole text, in bytes
        bool match = false;
        bool begins = false; ///< else it goes on with the span before
        bool ends = false;   ///< else the span goes on
    };

    /// `regex`, of which scans() must be true, must outlive it.
    explicit RegexScan(const Regex& regex);
    /// A new text. Views into the text before stay valid until the next begin().
    void begin();
    /// Adds `text`, whole characters; writes to `out` what is decided now, which after the `last` is everything. The
    /// views stay valid until the next feed() of the same text. Texts that stay undecided are searched again only when
    /// they have doubled, so the time is that of spans() up to a factor.
    void feed(std::string_view text, bool last, std::vector<Part>& out);

private:
    void forget_done();
    void emit(std::size_t end, bool match, bool ends, std::vector<Part>& out);
    std::size_t before(std::size_t offset, std::size_t characters);
    std::string& buffer() { return buffers_[current_]; }

    const Regex* regex_;
    std::size_t look_back_;
    std::array<std::string, 2> buffers_; ///< of this text and, for its views, of the one before
    std::size_t current_ = 0;
    std::size_t dropped_ = 0;             ///< bytes of the text before the buffer
    std::size_t done_ = 0;                ///< end of what was written out; this and what follows: offsets in the buffer
    std::size_t from_ = 0;                ///< no match that was not written out begins before
    std::size_t try_again_ = 0;           ///< size at which the next search may decide more
    std::optional<std::size_t> last_end_; ///< of the last match
    bool open_ = false;                   ///< a span was written out without its end
};

} // namespace kvw
