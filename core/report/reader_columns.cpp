// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/reader_columns.h"

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/report/figures.h"
#include "core/report/reader_table.h"

#include <fmt/format.h>

#include <cmath>

namespace kvw {
namespace {

using Cells = std::span<const Cell* const>;

constexpr int kFigures = 3;

double number(const Cell& cell)
{
    if (const auto* whole = std::get_if<std::int64_t>(&cell))
        return static_cast<double>(*whole);
    if (const auto* real = std::get_if<double>(&cell))
        return *real;
    throw Error(ErrorKind::Internal, fmt::format("a cell of kind {} where a reader needs a number", cell.index()));
}

const std::string& words(const Cell& cell)
{
    if (const auto* text = std::get_if<std::string>(&cell))
        return *text;
    throw Error(ErrorKind::Internal, fmt::format("a cell of kind {} where a reader needs words", cell.index()));
}

bool is_empty(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

std::string whole(const Cell& cell)
{
    if (const auto* value = std::get_if<std::int64_t>(&cell))
        return fmt::format("{}", *value);
    return significant(number(cell), kFigures);
}

/// human_bytes knows no NaN, and one must be seen as such.
std::string bytes(double value) { return std::isfinite(value) ? human_bytes(value) : significant(value, kFigures); }

std::string duration(double value)
{
    return std::isfinite(value) ? human_duration(value) : significant(value, kFigures);
}

std::string percent(double value)
{
    return std::isfinite(value) ? fmt::format("{:.2f}", 100 * value) : significant(value, kFigures);
}

/// One more digit than others: differences of perplexities are small.
std::string perplexity(Cells cells) { return significant(number(*cells[0]), 5); }

/// Value, low, high as shares of 1. The interval says how many decimals mean something.
std::string percent_change(Cells cells)
{
    const double value = 100 * number(*cells[0]);
    if (is_empty(*cells[1]) || is_empty(*cells[2]))
        return signed_fixed(value, decimals_for(std::fabs(value) / 10));
    const double low = 100 * number(*cells[1]), high = 100 * number(*cells[2]);
    const double half_width = (high - low) / 2;
    const int decimals = decimals_for(half_width > 0 ? half_width : std::fabs(value) / 10);
    return fmt::format("{} [{}, {}]", signed_fixed(value, decimals), signed_fixed(low, decimals),
                       signed_fixed(high, decimals));
}

/// Median, 10th and 90th percentile.
std::string speed_interval(Cells cells)
{
    return fmt::format("{} [{}, {}]", significant(number(*cells[0]), kFigures),
                       significant(number(*cells[1]), kFigures), significant(number(*cells[2]), kFigures));
}

/// Speed, sequences, bytes read by a step, bandwidth in GB/s: the speed as a share of what reading alone would allow.
std::string share_of_bound(Cells cells)
{
    if (is_empty(*cells[2]) || is_empty(*cells[3]))
        return kReaderNothing;
    const double bound = number(*cells[3]) * 1e9 / number(*cells[2]) * number(*cells[1]);
    return significant(100 * number(*cells[0]) / bound, 2);
}

std::string name_and_hash(Cells cells)
{
    const std::string& hash = words(*cells[1]);
    return words(*cells[0]) + (hash.empty() ? "" : fmt::format(" ({})", hash.substr(0, 8)));
}

std::string device(Cells cells)
{
    const std::string& type = words(*cells[1]);
    return words(*cells[0]) + (type.empty() ? "" : ", " + type);
}

/// "2025-03-01T12:34:56.789Z" without the letters and the milliseconds.
std::string time(std::string text)
{
    if (text.size() == 24 && text[10] == 'T' && text[23] == 'Z') {
        text[10] = ' ';
        text.resize(19);
    }
    return text;
}

constexpr auto kColumn = ReaderPlace::Column;
constexpr auto kCaption = ReaderPlace::Caption;
constexpr auto kGroup = ReaderPlace::Group;

constexpr ReaderColumn model(ReaderPlace place) { return {{"model_name", "model_hash"}, place, name_and_hash}; }
constexpr ReaderColumn text(ReaderPlace place) { return {{"text_name", "text_hash"}, place, name_and_hash}; }
constexpr ReaderColumn kDevice{{"device", "type"}, kCaption, device};
constexpr ReaderColumn above(std::string_view name) { return {{name}, kCaption}; }

constexpr std::array kRuns{
    ReaderColumn{{"run"}},
    ReaderColumn{{"kind"}},
    ReaderColumn{{"status"}},
    ReaderColumn{{"started_at"}},
    ReaderColumn{{"duration_s"}},
    ReaderColumn{{"configuration"}},
    above("parent_run"),
    above("protocol"),
    above("window_tokens"),
    above("input_tokens"),
    model(kCaption),
    text(kCaption),
    kDevice,
    above("program_version"),
    above("error_message"),
};

constexpr std::array kQuality{
    ReaderColumn{{"run"}},
    ReaderColumn{{"configuration"}},
    ReaderColumn{{"ppl"}, kColumn, perplexity},
    ReaderColumn{{"rel_ppl", "rel_ppl_lo", "rel_ppl_hi"}, kColumn, percent_change, ", 95 % interval"},
    ReaderColumn{{"kl_mean"}},
    ReaderColumn{{"kl_p99"}},
    ReaderColumn{{"top1"}},
    ReaderColumn{{"bits_per_value"}},
    ReaderColumn{{"cache_bytes"}},
    ReaderColumn{{"total_bytes"}},
    ReaderColumn{{"raw_token_share"}},
    model(kGroup),
    text(kGroup),
    above("protocol"),
    above("window_tokens"),
    above("scored_tokens"),
    kDevice,
    above("program_version"),
    above("status"),
};

constexpr std::array kThroughput{
    ReaderColumn{{"run"}},
    ReaderColumn{{"configuration"}},
    ReaderColumn{{"context"}},
    ReaderColumn{{"prefill_tokens_per_s"}},
    ReaderColumn{{"decode_tokens_per_s_median", "decode_tokens_per_s_p10", "decode_tokens_per_s_p90"},
                 kColumn,
                 speed_interval,
                 ", median [p10, p90]"},
    ReaderColumn{{"bytes_per_step"}},
    ReaderColumn{{"decode_tokens_per_s_median", "batch", "bytes_per_step", "bandwidth_gb_s"},
                 kColumn,
                 share_of_bound,
                 {},
                 "Of the bound [%]"},
    model(kGroup),
    above("bandwidth_gb_s"),
    above("batch"),
    kDevice,
    above("program_version"),
    above("status"),
};

constexpr std::array kMemory{
    ReaderColumn{{"run"}},
    ReaderColumn{{"configuration"}},
    ReaderColumn{{"context"}},
    ReaderColumn{{"payload_bytes"}},
    ReaderColumn{{"scales_bytes"}},
    ReaderColumn{{"raw_bytes"}},
    ReaderColumn{{"cache_bytes"}},
    ReaderColumn{{"bits_per_value"}},
    ReaderColumn{{"fixed_bytes"}},
    ReaderColumn{{"total_bytes"}},
    ReaderColumn{{"allocator_bytes"}},
    ReaderColumn{{"peak_rss_bytes"}},
    model(kGroup),
    above("batch"),
    above("padding_bytes"),
    above("scratch_bytes"),
    kDevice,
    above("program_version"),
    above("status"),
};

constexpr std::array kSpectra{
    ReaderColumn{{"layer"}},
    ReaderColumn{{"kv_head"}},
    ReaderColumn{{"quantity"}},
    ReaderColumn{{"effective_rank"}},
    ReaderColumn{{"rank_90"}},
    ReaderColumn{{"rank_95"}},
    ReaderColumn{{"rank_99"}},
    ReaderColumn{{"spread"}},
    ReaderColumn{{"mean_share"}},
    ReaderColumn{{"coding_gain_bits"}},
    model(kGroup),
    text(kGroup),
    above("run"),
    above("positions"),
    above("weighting"),
    above("vectors"),
    kDevice,
    above("program_version"),
    above("status"),
};

} // namespace

std::string reader_title(const Field& field)
{
    std::string_view unit = field.unit == "1" ? std::string_view() : field.unit;
    if (field.form == Form::Time)
        unit = "UTC";
    else if (is_percent(field.form))
        unit = "%";
    else if (field.form == Form::Bytes || field.unit == "s")
        unit = {};
    return unit.empty() ? std::string(field.title.words) : fmt::format("{} [{}]", field.title.words, unit);
}

std::string reader_text(const Field& field, const Cell& cell)
{
    switch (field.form) {
    case Form::Words:
    case Form::Choice:
    case Form::Code:
    case Form::Hash:
        return words(cell);
    case Form::Time:
        return time(words(cell));
    case Form::Whole:
        return whole(cell);
    case Form::Real:
    case Form::Change:
        return field.unit == "s" ? duration(number(cell)) : significant(number(cell), kFigures);
    case Form::Percent:
    case Form::PercentChange:
        return percent(number(cell));
    case Form::Bytes:
        return bytes(number(cell));
    case Form::Numbers:
        break;
    }
    throw Error(ErrorKind::Internal, fmt::format("the column {} has no form for readers", field.name));
}

ReaderStyle reader_style(const Field& field)
{
    switch (field.form) {
    case Form::Code:
        return ReaderStyle::Code;
    case Form::Words:
    case Form::Choice:
    case Form::Hash:
    case Form::Time:
        return ReaderStyle::Words;
    default:
        return ReaderStyle::Figures;
    }
}

ReaderAlign reader_align(const Field& field)
{
    return reader_style(field) == ReaderStyle::Figures ? ReaderAlign::Right : ReaderAlign::Left;
}

std::span<const ReaderColumn> reader_columns(std::string_view table)
{
    if (table == name(ExportTable::Runs))
        return kRuns;
    if (table == name(ExportTable::Quality))
        return kQuality;
    if (table == name(ExportTable::Throughput))
        return kThroughput;
    if (table == name(ExportTable::Memory))
        return kMemory;
    if (table == name(ExportTable::Spectra))
        return kSpectra;
    throw Error(ErrorKind::Internal, fmt::format("table {} has no form in Markdown", table));
}

} // namespace kvw
