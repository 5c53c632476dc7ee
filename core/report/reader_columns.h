// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/table.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace kvw {

/// Where a column of a table for people stands.
enum class ReaderPlace {
    Column,  ///< always in the table
    Caption, ///< above the table while all rows have the same, else in it; nowhere when no row has any
    Group,   ///< above the table; rows that differ here cannot be compared and get tables of their own
};

enum class ReaderAlign { Left, Right };

/// What a text is, so that every form can escape and set it in its own way.
enum class ReaderStyle {
    Figures, ///< made here: digits, signs, units, brackets
    Words,   ///< from outside
    Code,    ///< a configuration
};

/// One column for people, as Markdown, HTML and PDF show it, made from one to four of the table's. Title, unit, style and
/// side follow from the first one's field.
struct ReaderColumn
{
    std::array<std::string_view, 4> from; ///< names of the table's columns; unused ones are empty
    ReaderPlace place = ReaderPlace::Column;
    /// The cells of `from`, in its order; the first is not empty. Not escaped. Null: reader_text().
    std::string (*maybe_text)(std::span<const Cell* const> cells) = nullptr;
    std::string_view more = {};  ///< behind the title: ", median [p10, p90]"
    std::string_view title = {}; ///< with its unit, of a column that is none of the fields; else empty
};

/// "Decode [tokens/s]": bytes and durations have their units in the cells.
std::string reader_title(const Field& field);
/// The cell in the form of its field. Not escaped. Throws Error{Internal} for a cell of another kind.
std::string reader_text(const Field& field, const Cell& cell);
ReaderStyle reader_style(const Field& field);
ReaderAlign reader_align(const Field& field);

/// The columns of a table by its name. Throws Error{Internal} for another name.
std::span<const ReaderColumn> reader_columns(std::string_view table);

} // namespace kvw
