// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace kvw {

/// One value of an enumeration, the word that stands for it wherever text is read or written, and what it means, to be
/// put behind the word.
template<typename Enum>
struct EnumWord
{
    Enum value;
    std::string_view text;
    std::string_view help;
};

/// The table of an enumeration, specialised beside it:
///     static constexpr std::string_view what = "device"; // "'x' is not a device"
///     static constexpr std::array<EnumWord<Device>, 2> words{...};
/// Everything that reads, prints or offers the values goes through it, so that a new value is a row.
template<typename Enum>
struct EnumWords;

template<typename Enum>
constexpr std::string_view name_of(Enum value) noexcept
{
    for (const EnumWord<Enum>& word : EnumWords<Enum>::words)
        if (word.value == value)
            return word.text;
    return {};
}

template<typename Enum>
constexpr std::optional<Enum> find_word(std::string_view text) noexcept
{
    for (const EnumWord<Enum>& word : EnumWords<Enum>::words)
        if (word.text == text)
            return word.value;
    return std::nullopt;
}

/// The words as a sentence lists them, "cpu or cuda"; with their meanings "expand (every token decoded first) or ...".
enum class Meanings { Left, Shown };
template<typename Enum>
std::string list_of(Meanings meanings = Meanings::Left)
{
    std::string out;
    const auto& words = EnumWords<Enum>::words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0)
            out += i + 1 == words.size() ? " or " : ", ";
        out += words[i].text;
        if (meanings == Meanings::Shown && !words[i].help.empty())
            out.append(" (").append(words[i].help).append(")");
    }
    return out;
}

/// "'x' is not a device; it may be cpu or cuda"
template<typename Enum>
std::string not_a_word(std::string_view text)
{
    return std::string("'").append(text).append("' is not a ").append(EnumWords<Enum>::what).append("; it may be ")
        + list_of<Enum>();
}

/// The value of a word; throws Error{InvalidArgument} that lists what there is.
template<typename Enum>
Enum parse_word(std::string_view text)
{
    if (const std::optional<Enum> found = find_word<Enum>(text))
        return *found;
    throw Error(ErrorKind::InvalidArgument, not_a_word<Enum>(text), "use " + list_of<Enum>());
}

} // namespace kvw
