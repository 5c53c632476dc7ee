// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pretokenizer_regex.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/tokenizer/pretokenizer_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace kvw {
namespace {

template<auto free_function>
struct Free
{
    template<typename T>
    void operator()(T* pointer) const noexcept
    {
        free_function(pointer);
    }
};
using CodePtr = std::unique_ptr<pcre2_code, Free<pcre2_code_free>>;
using CompileContextPtr = std::unique_ptr<pcre2_compile_context, Free<pcre2_compile_context_free>>;
using MatchContextPtr = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;
using MatchDataPtr = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;
using JitStackPtr = std::unique_ptr<pcre2_jit_stack, Free<pcre2_jit_stack_free>>;

constexpr std::size_t kJitStackStart = 32 * 1024;
constexpr std::size_t kJitStackLimit = 8 * 1024 * 1024;

/// What a match writes to; one a thread, for all patterns.
struct Scratch
{
    MatchDataPtr data{pcre2_match_data_create(1, nullptr)};
    MatchContextPtr context{pcre2_match_context_create(nullptr)};
    JitStackPtr stack{pcre2_jit_stack_create(kJitStackStart, kJitStackLimit, nullptr)};

    Scratch()
    {
        if (!data || !context)
            throw Error(ErrorKind::OutOfMemory, "no memory for a regular expression's match");
        if (stack)
            pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    }
};

Scratch& scratch()
{
    thread_local Scratch own;
    return own;
}

std::string pcre2_message(int code)
{
    std::array<PCRE2_UCHAR, 256> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
}

} // namespace

struct Regex::Code
{
    CodePtr code;
};

Regex::Regex(std::string_view pattern, unsigned options) : pattern_(pattern), code_(std::make_unique<Code>())
{
    const CompileContextPtr context(pcre2_compile_context_create(nullptr));
    if (!context)
        throw Error(ErrorKind::OutOfMemory, "no memory for a regular expression");
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern_.data()), pattern_.size(), PCRE2_UTF | options,
                                    &error, &offset, context.get()));
    if (!code_->code)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("pattern \"{}\", byte {}: {}", pattern_, offset, pcre2_message(error)),
                    "take tokenizer.json from the model's own folder again, or report the pattern");
    // Without it (no JIT on this machine) matching is only slower.
    pcre2_jit_compile(code_->code.get(), PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
}

Regex::Regex(std::string_view pattern) : Regex(to_pcre2(pattern), PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C)
{}

Regex Regex::literal(std::string_view text) { return Regex(text, PCRE2_LITERAL); }

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Regex::Outcome Regex::search(std::string_view text, std::size_t from, Subject subject, Span& found) const
{
    Scratch& own = scratch();
    const unsigned partial = subject == Subject::Growing ? PCRE2_PARTIAL_HARD : 0;
    const auto attempt = [&](unsigned options) {
        return pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                           PCRE2_NO_UTF_CHECK | partial | options, own.data.get(), own.context.get());
    };
    int result = attempt(0);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT)
        result = attempt(PCRE2_NO_JIT);
    if (result == PCRE2_ERROR_NOMATCH)
        return Outcome::None;
    if (result < 0 && result != PCRE2_ERROR_PARTIAL)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("pattern \"{}\" gave up on a text of {} bytes at byte {}: {}", pattern_, text.size(),
                                from, pcre2_message(result)),
                    "break the text into lines");
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(own.data.get());
    found = {ends[0], ends[1], true};
    return result == PCRE2_ERROR_PARTIAL ? Outcome::Undecided : Outcome::Match;
}

void Regex::spans(std::string_view text, std::vector<Span>& out) const
{
    out.clear();
    std::size_t previous = 0; // end of the last span
    std::size_t from = 0;
    std::optional<std::size_t> last_end;
    while (from <= text.size()) {
        Span found;
        if (search(text, from, Subject::Whole, found) != Outcome::Match)
            break;
        if (found.begin == found.end && last_end == found.end) {
            from += from < text.size() ? utf8::decode_at(text, from).bytes : 1;
            continue;
        }
        from = found.end;
        last_end = found.end;
        if (previous < found.begin)
            out.push_back({previous, found.begin, false});
        out.push_back(found);
        previous = found.end;
    }
    if (previous < text.size())
        out.push_back({previous, text.size(), false});
}

std::string Regex::replace(std::string_view text, std::string_view content) const
{
    std::vector<Span> parts;
    spans(text, parts);
    std::string out;
    out.reserve(text.size());
    for (const Span& part : parts)
        out += part.match ? content : text.substr(part.begin, part.end - part.begin);
    return out;
}

bool Regex::matches_whole(std::string_view text) const
{
    Span found;
    return search(text, 0, Subject::Whole, found) == Outcome::Match && found.begin == 0 && found.end == text.size();
}

bool Regex::scans() const noexcept
{
    // Partial matching without JIT takes a \r at the end of the text for all of a \R.
    for (const std::string_view escape : {"\\G", "\\K", "\\R"}) {
        if (pattern_.find(escape) != std::string::npos)
            return false;
    }
    return true;
}

std::size_t Regex::look_back() const
{
    std::uint32_t longest = 0;
    if (pcre2_pattern_info(code_->code.get(), PCRE2_INFO_MAXLOOKBEHIND, &longest) != 0)
        throw Error(ErrorKind::Internal, fmt::format("PCRE2 does not say how far \"{}\" looks back", pattern_));
    // PCRE2 says the longest one; they may stand in each other, and each may end with ^ or \A, which look at one more.
    std::size_t groups = 1;
    for (std::size_t at = pattern_.find("(?<"); at != std::string::npos; at = pattern_.find("(?<", at + 1))
        ++groups;
    return groups * longest + 1;
}

} // namespace kvw
