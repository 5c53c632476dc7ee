// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/report_data.h"

#include <string>
#include <string_view>

namespace kvw {

enum class ExportFormat { Csv, Json, JsonLines, Markdown };
/// "csv", "json", "jsonl", "md"; throws Error{InvalidArgument} naming the four.
ExportFormat parse_export_format(std::string_view word);

/// Which table of a ReportData; All is every table that is not empty, one after the other.
enum class ExportTable { All, Runs, Quality, Throughput, Memory, Spectra };
/// "all", "runs", "quality", "throughput", "memory", "spectra"; throws Error{InvalidArgument}.
ExportTable parse_export_table(std::string_view word);

/// The records as text. Columns come from the visit_fields lists of core/records, so every format has the same columns
/// in the same order with the same names; quality and memory rows have their ledger's fields, cache_bytes, total_bytes
/// and bits_per_value (nothing for an empty cache) behind their own. Every row carries model, text, device, type,
/// program version, status, start and window of its run, model and text with their hashes; the rows of runs have all
/// that is known of model, text and environment. Words are UTF-8: bytes that are not become U+FFFD.
///   csv        RFC 4180, lines end with CR LF, one table; with All, tables are separated by an empty line and headed
///              "# NAME". The header's names carry the unit in brackets where there is one ("seconds [s]"); numbers in
///              the shortest form that reads back to the same double; empty for nothing, "nan", "inf" and "-inf" for
///              numbers that are not finite; a list of numbers is one quoted field with blanks between.
///   json       {"format": "kvw-export", "version": 1, "fields": {TABLE: [{name, unit, meaning}]}, "runs": [...], ...},
///              one row a line; null for nothing, and for numbers that are not finite
///   jsonl      one object a line with "table" first and the same values; no lines where there are no rows
///   md         tables for people: rounded to the figures that count, bytes in human units, the columns that a reader
///              compares (the other formats have them all), units in the header, intervals as [low, high], an en dash
///              for nothing. What all rows have in common stands above the table; rows of different models (and, of
///              quality and spectra, texts) have tables of their own.
/// One table that was asked for is there without rows too: csv has its header, json its fields and an empty list.
std::string export_text(const ReportData& data, ExportFormat format, ExportTable table = ExportTable::All);

} // namespace kvw
