// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

namespace kvw {

/// What people read above a column, in English and without a unit. The window translates it: scripts/translate collects
/// every Title("...") of core.
struct Title
{
    constexpr explicit Title(std::string_view title) : words(title) {}
    std::string_view words;
};

/// How people read the values of a field, in the window and in reports. Exports for programs have them as they are.
enum class Form {
    Words,
    Choice,        ///< a word of a fixed list ("not_measured")
    Code,          ///< a configuration, in a font of even width
    Hash,          ///< its first digits
    Time,          ///< UTC
    Whole,         ///< all digits: numbers of runs, tokens
    Real,          ///< the digits that count
    Change,        ///< a Real that is a difference from the identity run already
    Percent,       ///< a share of 1, shown times 100
    PercentChange, ///< a Percent that is a difference from the identity run already
    Bytes,         ///< in KiB, MiB, ...: one unit for a column
    Numbers,       ///< a list
};

/// What a comparison of runs makes of a field.
enum class Sense {
    LowerIsBetter,  ///< a figure
    HigherIsBetter, ///< a figure
    Neutral,        ///< a figure that is good neither low nor high
    LowEnd,         ///< of the interval around the figure before it: the lower end, or the 10th percentile
    HighEnd,        ///< of the same: the upper end, or the 90th percentile
    Setting,        ///< was chosen, or follows from a choice
    Circumstance,   ///< stands beside the settings; any two runs differ in it
    Detail,         ///< of a row: keys, counts, texts. No comparison shows it
};

/// Whether a page draws the field: one of the choices of a map or an axis.
enum class Plot { Yes, No };

/// All that the program knows of a number or word of a record, said once.
///
/// Every record has a function visit_fields(visitor, record) beside it, which calls visitor(Field, member) for each
/// stored member in a fixed order. The store makes its statements from these lists, core/report its columns, comparisons
/// their figures and settings, and the window its tables, so a new quantity is one line there and one migration.
/// Nothing has a default: a field that does not say what it is does not compile.
struct Field
{
    constexpr Field(std::string_view name_, Title title_, std::string_view unit_, Form form_, Sense sense_, Plot plot_,
                    std::string_view meaning_)
        : name(name_),
          title(title_),
          unit(unit_),
          form(form_),
          sense(sense_),
          plot(plot_),
          meaning(meaning_)
    {}

    std::string_view
        name; ///< in the store's columns, in exports and in the JSON of the command line; unique in a table
    Title title;
    std::string_view unit; ///< "s", "bytes", "nats", "1" for pure numbers, empty for words
    Form form;
    Sense sense;
    Plot plot;
    std::string_view meaning; ///< one sentence
};

constexpr bool is_figure(Sense sense) noexcept
{
    return sense == Sense::LowerIsBetter || sense == Sense::HigherIsBetter || sense == Sense::Neutral;
}
constexpr bool is_change(Form form) noexcept { return form == Form::Change || form == Form::PercentChange; }
constexpr bool is_percent(Form form) noexcept { return form == Form::Percent || form == Form::PercentChange; }

/// A column that only the store and people who open it see: no export and no page shows it.
constexpr Field stored_field(std::string_view name, std::string_view unit, std::string_view meaning)
{
    return {name, Title(name), unit, Form::Words, Sense::Detail, Plot::No, meaning};
}

/// Record or const Record.
template<typename T, typename Record>
concept RecordOf = std::same_as<std::remove_const_t<T>, Record>;

} // namespace kvw
