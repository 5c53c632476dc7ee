// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pretokenizer_pattern.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/tokenizer/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace kvw {
namespace {

// Members of classes. Each ends with a range, after which PCRE2 takes a hyphen literally, as Oniguruma does after an
// escape.
constexpr std::string_view kSpace =
    R"(\x{20}\x{85}\x{a0}\x{1680}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{9}-\x{d}\x{2000}-\x{200a})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff})"
    R"(\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
constexpr std::string_view kHexDigit = "0-9A-Fa-f";
constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Oniguruma takes the numbers of Latin-1 that are no digits for word characters, but only outside of a class.
constexpr std::string_view kLatinNumbers = R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";

constexpr std::array<std::string_view, 32> kCategories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N",  "Nd", "Nl", "No", "P",  "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "Cc"};

/// The ranges that newer versions of Unicode added to a category, as members of a class.
std::string additions(std::string_view category)
{
    std::string out;
    for (const unicode::CategoryRange& range : unicode::category_additions()) {
        if (std::string_view(range.category).starts_with(category))
            out += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<unsigned>(range.first),
                               static_cast<unsigned>(range.last));
    }
    return out;
}

std::string category_members(std::string_view category)
{
    return fmt::format("\\p{{{}}}{}", category, additions(category));
}

std::string word_members()
{
    std::string out(kWord);
    for (const std::string_view category : {"L", "M", "Nd", "Nl", "Pc"})
        out += additions(category);
    return out;
}

class Translator
{
public:
    explicit Translator(std::string_view pattern) : pattern_(pattern) {}

    std::string run()
    {
        refuse_long_foldings();
        while (!at_end()) {
            switch (peek()) {
            case '\\':
                escape_outside();
                break;
            case '[':
                character_class();
                break;
            case '(':
                group();
                break;
            case '{':
                interval();
                break;
            default:
                copy(1);
            }
        }
        return std::move(out_);
    }

private:
    [[noreturn]] void unsupported(std::string_view what) const
    {
        throw Error(ErrorKind::Unsupported,
                    fmt::format("pattern \"{}\", byte {}: {} is not known to this program", pattern_, at_, what),
                    "use a model whose tokenizer has simpler patterns, or report the pattern");
    }

    /// Ignoring case, Oniguruma lets one character stand for several letters (U+00DF for "ss", ligatures); PCRE2 does
    /// not.
    void refuse_long_foldings() const
    {
        if (pattern_.find("(?i") == std::string_view::npos)
            return;
        std::string lower(pattern_);
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        for (const std::string_view pair : {"ss", "st", "ff", "fi", "fl"}) {
            if (lower.find(pair) != std::string::npos)
                unsupported(fmt::format("\"{}\" without regard to case", pair));
        }
    }

    bool at_end() const { return at_ >= pattern_.size(); }
    char peek(std::size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }
    bool starts(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }
    void copy(std::size_t count)
    {
        out_ += pattern_.substr(at_, count);
        at_ += count;
    }

    void set_outside(std::string_view members, bool negated)
    {
        out_ += fmt::format("[{}{}]", negated ? "^" : "", members);
    }

    void escape_outside()
    {
        const char e = peek(1);
        const auto take = [this](std::string_view members, bool negated) {
            at_ += 2;
            set_outside(members, negated);
        };
        switch (e) {
        case 's':
            return take(kSpace, false);
        case 'S':
            return take(kSpace, true);
        case 'd':
            return take(category_members("Nd"), false);
        case 'D':
            return take(category_members("Nd"), true);
        case 'w':
            return take(word_members() + std::string(kLatinNumbers), false);
        case 'W':
            return take(word_members() + std::string(kLatinNumbers), true);
        case 'h':
            return take(kHexDigit, false);
        case 'H':
            return take(kHexDigit, true);
        case 'p':
        case 'P': {
            bool negated = false;
            const std::string members = property(negated);
            return set_outside(members, negated);
        }
        case 'A':
        case 'z':
        case 'Z':
        case 'G':
        case 'R':
        case 'K':
            return copy(2);
        default:
            escape_literal();
        }
    }

    /// Escapes that stand for one character, in a class or outside.
    void escape_literal()
    {
        const char e = peek(1);
        if (e == '\0' && at_ + 1 >= pattern_.size())
            unsupported("a backslash at the end");
        if (e == 'v') {
            at_ += 2;
            out_ += "\\x{b}";
        } else if (e == 'u') {
            hexadecimal(2, 4);
        } else if (e == 'x' && peek(2) == '{') {
            const std::size_t close = pattern_.find('}', at_);
            if (close == std::string_view::npos || close - at_ < 4 || close - at_ > 11)
                unsupported("this \\x{..}");
            hexadecimal(3, close - at_ - 3);
            ++at_;
        } else if (e == 'x') {
            if (peek(2) >= '8') // a byte of a UTF-8 sequence in Oniguruma, a character in PCRE2
                unsupported("\\x with a byte above 7f");
            hexadecimal(2, 2);
        } else if (std::string_view("nrtfae").find(e) != std::string_view::npos) {
            copy(2);
        } else if (std::isalnum(static_cast<unsigned char>(e)) != 0) {
            unsupported(fmt::format("\\{}", e));
        } else {
            copy(1 + utf8::decode_at(pattern_, at_ + 1).bytes);
        }
    }

    void hexadecimal(std::size_t skip, std::size_t digits)
    {
        const std::string_view text = pattern_.substr(at_ + skip, digits);
        const bool good = text.size() == digits && digits > 0
            && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
        if (!good)
            unsupported("this hexadecimal escape");
        out_ += fmt::format("\\x{{{}}}", text);
        at_ += skip + digits;
    }

    /// Reads \p{..} or \P{..}; returns the members of the class that it names.
    std::string property(bool& negated)
    {
        negated = peek(1) == 'P';
        const std::size_t close = pattern_.find('}', at_);
        if (peek(2) != '{' || close == std::string_view::npos)
            unsupported("\\p without braces");
        std::string_view name = pattern_.substr(at_ + 3, close - at_ - 3);
        if (name.starts_with('^')) {
            negated = !negated;
            name.remove_prefix(1);
        }
        if (std::find(kCategories.begin(), kCategories.end(), name) == kCategories.end())
            unsupported(fmt::format("the property \"{}\"", name));
        at_ = close + 1;
        return category_members(name);
    }

    void character_class()
    {
        copy(1);
        if (peek() == '^')
            copy(1);
        if (peek() == ']') {
            out_ += "\\]";
            ++at_;
        }
        while (!at_end() && peek() != ']') {
            if (peek() == '\\')
                escape_inside();
            else if (peek() == '[')
                unsupported("a class inside a class");
            else if (starts("&&"))
                unsupported("an intersection of classes (&&)");
            else if (peek() == '-' && peek(1) == '\\'
                     && std::string_view("sSdDwWhHpP").find(peek(2)) != std::string_view::npos)
                literal_hyphen();
            else
                copy(1);
        }
        if (at_end())
            unsupported("a class without its end");
        copy(1);
    }

    void literal_hyphen()
    {
        out_ += "\\-";
        ++at_;
    }

    void escape_inside()
    {
        const char e = peek(1);
        const auto take = [this](std::string_view members) {
            at_ += 2;
            out_ += members;
        };
        switch (e) {
        case 's':
            return take(kSpace);
        case 'S':
            return take(kNotSpace);
        case 'd':
            return take(category_members("Nd"));
        case 'w':
            return take(word_members());
        case 'h':
            return take(kHexDigit);
        case 'b':
            return take("\\x{8}");
        case 'p':
        case 'P': {
            bool negated = false;
            const std::string members = property(negated);
            if (negated)
                unsupported("a negated property inside a class");
            out_ += members;
            return;
        }
        default:
            escape_literal();
        }
    }

    void group()
    {
        if (peek(1) == '*')
            unsupported("\"(*\"");
        if (peek(1) != '?')
            return copy(1);
        for (const std::string_view opening : {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
            if (starts(opening))
                return copy(opening.size());
        }
        for (const std::string_view opening : {"(?i:", "(?-i:"}) {
            if (starts(opening))
                return copy(opening.size());
        }
        // Elsewhere than at the beginning Oniguruma lets the option reach over the alternatives that follow.
        if (at_ == 0 && starts("(?i)"))
            return copy(4);
        unsupported(fmt::format("the group \"{}\"", pattern_.substr(at_, 4)));
    }

    void interval()
    {
        std::size_t end = at_ + 1;
        std::string_view lower = digits(end);
        const bool comma = end < pattern_.size() && pattern_[end] == ',';
        if (comma)
            ++end;
        const std::string_view upper = comma ? digits(end) : std::string_view();
        if (end >= pattern_.size() || pattern_[end] != '}' || (lower.empty() && upper.empty())) {
            out_ += "\\{";
            ++at_;
            return;
        }
        const char after = end + 1 < pattern_.size() ? pattern_[end + 1] : '\0';
        if (after == '+' || (after == '?' && !comma)) // a second quantifier in Oniguruma, possessive or lazy in PCRE2
            unsupported("an interval with a quantifier after it");
        out_ += fmt::format("{{{}{}{}}}", lower.empty() ? "0" : lower, comma ? "," : "", upper);
        at_ = end + 1;
    }

    std::string_view digits(std::size_t& end) const
    {
        const std::size_t begin = end;
        while (end < pattern_.size() && pattern_[end] >= '0' && pattern_[end] <= '9')
            ++end;
        return pattern_.substr(begin, end - begin);
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::string out_;
};

} // namespace

std::string to_pcre2(std::string_view pattern) { return Translator(pattern).run(); }

} // namespace kvw
