// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/job.h"
#include "core/records/report_data.h"
#include "core/report/reader_table.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvw {

/// A report before it is HTML, Markdown or PDF: blocks from top to bottom. Texts are UTF-8 and not escaped.

struct ReportHeading
{
    int level = 2; ///< 2 or 3; 1 is the report's title
    std::string text;
};

struct ReportParagraph
{
    std::string text;
};

/// A person's words; lines are kept.
struct ReportNote
{
    std::string about; ///< "Run 7, k=int8" or "The project"
    std::string at;    ///< UTC
    std::string text;
};

/// A figure as SVG text, with the data behind it.
struct ReportFigure
{
    std::string file; ///< name without folder and ending, unique in a report: "spectra-energy"
    std::string title, caption;
    std::string svg; ///< one SVG document, in the light style of figures
    std::string csv; ///< empty: no data beside it
};

using ReportBlock = std::variant<ReportHeading, ReportParagraph, ReportNote, ReaderTable, ReportFigure>;

struct ReportDocument
{
    std::string title;
    std::string subtitle; ///< project, date, program
    std::vector<ReportBlock> blocks;
};

/// A table in whatever order its owner gives it, for a report: from a page of the window, or a comparison.
struct ReportTables
{
    std::string title;
    std::vector<ReaderTable> tables;
};

/// What a person chose for a report.
struct ReportContents
{
    std::string title;   ///< empty: "KV cache report"
    std::string project; ///< name of the project file
    std::string made_at; ///< UTC
    std::string program; ///< name and version
    ReportData data;     ///< of the chosen runs
    std::vector<Note> notes;
    std::vector<ReportFigure> figures;
    std::vector<ReportTables> tables; ///< beside those made from `data`
};

/// Runs at a glance, the tables of quality, throughput and memory, spectra as means over layers, the figures, the notes,
/// and every setting and circumstance of every run. Sections without content are left out. Times keep their seconds.
ReportDocument make_report(const ReportContents& contents);

/// One HTML file with everything in it: figures inline, styles included, light and dark by the reader's system, no
/// scripts, nothing fetched (a content policy forbids it). Well-formed as XML as well. Names inside the SVGs are made
/// unique. Throws Error{InvalidArgument} naming the figure whose SVG is no SVG or carries scripts.
std::string write_html(const ReportDocument& document);

/// A file of a report that lies beside its text.
struct ReportFile
{
    std::string name; ///< without a folder
    std::string bytes;
};
struct MarkdownReport
{
    std::string text;
    std::vector<ReportFile> files; ///< figures as SVG, their data as CSV; `text` points to "FOLDER/NAME"
};
/// `folder` is the name of the folder that the files go to, beside the Markdown file.
MarkdownReport write_markdown_report(const ReportDocument& document, std::string_view folder);

} // namespace kvw
