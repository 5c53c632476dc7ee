// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/table.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace kvw {

/// Where a column of a Markdown table stands.
enum class MarkdownPlace {
    Column,  ///< always in the table
    Caption, ///< above the table while all rows have the same, else in it; nowhere when no row has any
    Group,   ///< above the table; rows that differ here cannot be compared and get tables of their own
};

enum class MarkdownAlign { Left, Right };

/// One column for people, made from one to three of the table's.
struct MarkdownColumn
{
    std::string_view title;               ///< "{}" in it stands for the unit of the first of `from`
    std::array<std::string_view, 3> from; ///< names of the table's columns; unused ones are empty
    /// The cells of `from`, in its order; the first is not empty. Escaped where words may hold marks of Markdown.
    std::string (*text)(std::span<const Cell* const> cells);
    MarkdownAlign align = MarkdownAlign::Right;
    MarkdownPlace place = MarkdownPlace::Column;
};

/// The columns of a table by its name. Throws Error{Internal} for another name.
std::span<const MarkdownColumn> markdown_columns(std::string_view table);

} // namespace kvw
