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

std::string plain(Cells cells) { return words(*cells[0]); }

std::string whole(Cells cells)
{
    if (const auto* value = std::get_if<std::int64_t>(cells[0]))
        return fmt::format("{}", *value);
    throw Error(ErrorKind::Internal,
                fmt::format("a cell of kind {} where a reader needs a whole number", cells[0]->index()));
}

template<int Figures>
std::string figures(Cells cells)
{
    return significant(number(*cells[0]), Figures);
}

/// human_bytes knows no NaN, and one must be seen as such.
std::string bytes(Cells cells)
{
    const double value = number(*cells[0]);
    return std::isfinite(value) ? human_bytes(value) : significant(value, 3);
}

std::string duration(Cells cells)
{
    const double value = number(*cells[0]);
    return std::isfinite(value) ? human_duration(value) : significant(value, 3);
}

std::string percent(Cells cells)
{
    const double value = 100 * number(*cells[0]);
    return std::isfinite(value) ? fmt::format("{:.2f}", value) : significant(value, 3);
}

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
    return fmt::format("{} [{}, {}]", significant(number(*cells[0]), 3), significant(number(*cells[1]), 3),
                       significant(number(*cells[2]), 3));
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
std::string start(Cells cells)
{
    std::string text = words(*cells[0]);
    if (text.size() == 24 && text[10] == 'T' && text[23] == 'Z') {
        text[10] = ' ';
        text.resize(19);
    }
    return text;
}

constexpr auto kFigures = ReaderStyle::Figures;
constexpr auto kWords = ReaderStyle::Words;
constexpr auto kCode = ReaderStyle::Code;
constexpr auto kLeft = ReaderAlign::Left;
constexpr auto kRight = ReaderAlign::Right;
constexpr auto kCaption = ReaderPlace::Caption;
constexpr auto kGroup = ReaderPlace::Group;

constexpr ReaderColumn model(ReaderPlace place)
{
    return {"Model", {"model_name", "model_hash"}, name_and_hash, kWords, kLeft, place};
}
constexpr ReaderColumn text(ReaderPlace place)
{
    return {"Text", {"text_name", "text_hash"}, name_and_hash, kWords, kLeft, place};
}
constexpr ReaderColumn kRun{"Run", {"run"}, whole};
constexpr ReaderColumn kConfiguration{"Configuration", {"config"}, plain, kCode, kLeft};
constexpr ReaderColumn kContext{"Context [{}]", {"context"}, whole};
constexpr ReaderColumn kBatch{"Batch", {"batch"}, whole, kFigures, kRight, kCaption};
constexpr ReaderColumn kProtocol{"Protocol", {"protocol"}, plain, kWords, kLeft, kCaption};
constexpr ReaderColumn kWindow{"Window [{}]", {"window_tokens"}, whole, kFigures, kRight, kCaption};
constexpr ReaderColumn kDevice{"Device", {"device", "type"}, device, kWords, kLeft, kCaption};
constexpr ReaderColumn kVersion{"Version", {"program_version"}, plain, kWords, kLeft, kCaption};
constexpr ReaderColumn kStatus{"Status", {"status"}, plain, kWords, kLeft, kCaption};
constexpr ReaderColumn kCache{"Cache", {"cache_bytes"}, bytes};
constexpr ReaderColumn kTotal{"In all", {"total_bytes"}, bytes};
constexpr ReaderColumn kBits{"Bits per value", {"bits_per_value"}, figures<3>};

constexpr std::array kRuns{
    kRun,
    ReaderColumn{"Kind", {"kind"}, plain, kWords, kLeft},
    ReaderColumn{"Status", {"status"}, plain, kWords, kLeft},
    ReaderColumn{"Started [UTC]", {"started_at"}, start, kWords, kLeft},
    ReaderColumn{"Duration", {"duration_s"}, duration},
    ReaderColumn{"Configuration", {"configuration"}, plain, kCode, kLeft},
    ReaderColumn{"Part of run", {"parent_run"}, whole, kFigures, kRight, kCaption},
    kProtocol,
    kWindow,
    ReaderColumn{"Tokens", {"tokens"}, whole, kFigures, kRight, kCaption},
    model(kCaption),
    text(kCaption),
    kDevice,
    kVersion,
    ReaderColumn{"Error", {"error_message"}, plain, kWords, kLeft, kCaption},
};

constexpr std::array kQuality{
    kRun,
    kConfiguration,
    ReaderColumn{"PPL", {"ppl"}, figures<5>},
    ReaderColumn{"PPL change [%], 95 % interval", {"rel_ppl", "rel_ppl_lo", "rel_ppl_hi"}, percent_change},
    ReaderColumn{"KL mean [{}]", {"kl_mean"}, figures<3>},
    ReaderColumn{"KL p99 [{}]", {"kl_p99"}, figures<3>},
    ReaderColumn{"Top-1 [%]", {"top1"}, percent},
    kBits,
    kCache,
    kTotal,
    ReaderColumn{"Raw tokens [%]", {"raw_token_share"}, percent},
    model(kGroup),
    text(kGroup),
    kProtocol,
    kWindow,
    ReaderColumn{"Scored tokens", {"tokens"}, whole, kFigures, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kThroughput{
    kRun,
    kConfiguration,
    kContext,
    ReaderColumn{"Prefill [{}]", {"prefill_tokens_per_s"}, figures<3>},
    ReaderColumn{"Decode [{}], median [p10, p90]",
                 {"decode_tokens_per_s_median", "decode_tokens_per_s_p10", "decode_tokens_per_s_p90"},
                 speed_interval},
    ReaderColumn{"Read a step", {"bytes_per_step"}, bytes},
    ReaderColumn{"Of the bound [%]",
                 {"decode_tokens_per_s_median", "batch", "bytes_per_step", "bandwidth_gb_s"},
                 share_of_bound},
    model(kGroup),
    ReaderColumn{"Bandwidth [{}]", {"bandwidth_gb_s"}, figures<3>, kFigures, kRight, kCaption},
    kBatch,
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kMemory{
    kRun,
    kConfiguration,
    kContext,
    ReaderColumn{"Payload", {"payload_bytes"}, bytes},
    ReaderColumn{"Scales", {"scales_bytes"}, bytes},
    ReaderColumn{"Raw", {"raw_bytes"}, bytes},
    kCache,
    kBits,
    ReaderColumn{"Bases", {"fixed_bytes"}, bytes},
    kTotal,
    ReaderColumn{"Allocator", {"allocator_bytes"}, bytes},
    ReaderColumn{"Peak RSS", {"peak_rss_bytes"}, bytes},
    model(kGroup),
    kBatch,
    ReaderColumn{"Padding", {"padding_bytes"}, bytes, kFigures, kRight, kCaption},
    ReaderColumn{"Scratch", {"scratch_bytes"}, bytes, kFigures, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kSpectra{
    ReaderColumn{"Layer", {"layer"}, whole},
    ReaderColumn{"KV head", {"kv_head"}, whole},
    ReaderColumn{"Quantity", {"quantity"}, plain, kWords, kLeft},
    ReaderColumn{"Effective rank", {"effective_rank"}, figures<3>},
    ReaderColumn{"Rank for 90 %", {"rank_90"}, whole},
    ReaderColumn{"Rank for 95 %", {"rank_95"}, whole},
    ReaderColumn{"Rank for 99 %", {"rank_99"}, whole},
    ReaderColumn{"Spread", {"spread"}, figures<3>},
    ReaderColumn{"Share of mean [%]", {"mean_share"}, percent},
    ReaderColumn{"Coding gain [{}]", {"coding_gain_bits"}, figures<3>},
    model(kGroup),
    text(kGroup),
    ReaderColumn{"Run", {"run"}, whole, kFigures, kRight, kCaption},
    ReaderColumn{"Positions", {"positions"}, plain, kWords, kLeft, kCaption},
    ReaderColumn{"Weighting", {"weighting"}, plain, kWords, kLeft, kCaption},
    ReaderColumn{"Vectors", {"vectors"}, whole, kFigures, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

} // namespace

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
