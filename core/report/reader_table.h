// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/reader_columns.h"

#include <string>
#include <vector>

namespace kvw {

/// What stands in a cell of which there is nothing.
inline constexpr const char* kReaderNothing = "–";

/// A table for people, before it is Markdown, HTML or PDF. Texts are not escaped.
struct ReaderTable
{
    struct Head
    {
        std::string title;
        ReaderAlign align = ReaderAlign::Left;
        ReaderStyle style = ReaderStyle::Words;
    };
    /// What all rows have in common.
    struct Common
    {
        std::string title, text;
        ReaderStyle style = ReaderStyle::Words;
    };

    std::string title; ///< may be empty
    std::vector<Common> common;
    std::vector<Head> heads;
    std::vector<std::vector<std::string>> rows; ///< each as long as heads; kReaderNothing for nothing
};

/// The rows of an export as tables for people: the columns that a reader compares, rounded to the figures that count,
/// bytes in human units. Rows that cannot be compared with each other have tables of their own; no rows, no tables.
/// Throws Error{Internal} for a table without such columns.
std::vector<ReaderTable> reader_tables(const Table& table);

} // namespace kvw
