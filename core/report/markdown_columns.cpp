// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/markdown_columns.h"

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/report/figures.h"
#include "core/report/markdown_text.h"

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
    throw Error(ErrorKind::Internal, fmt::format("a cell of kind {} where Markdown needs a number", cell.index()));
}

const std::string& words(const Cell& cell)
{
    if (const auto* text = std::get_if<std::string>(&cell))
        return *text;
    throw Error(ErrorKind::Internal, fmt::format("a cell of kind {} where Markdown needs words", cell.index()));
}

bool is_empty(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

std::string plain(Cells cells) { return markdown_words(words(*cells[0])); }
std::string code(Cells cells) { return markdown_code(words(*cells[0])); }

std::string whole(Cells cells)
{
    if (const auto* value = std::get_if<std::int64_t>(cells[0]))
        return fmt::format("{}", *value);
    throw Error(ErrorKind::Internal,
                fmt::format("a cell of kind {} where Markdown needs a whole number", cells[0]->index()));
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

std::string name_and_hash(Cells cells)
{
    const std::string& hash = words(*cells[1]);
    return markdown_words(words(*cells[0]))
        + (hash.empty() ? "" : fmt::format(" ({})", markdown_words(hash.substr(0, 8))));
}

std::string device(Cells cells)
{
    const std::string& type = words(*cells[1]);
    return markdown_words(words(*cells[0])) + (type.empty() ? "" : ", " + markdown_words(type));
}

/// "2025-03-01T12:34:56.789Z" without the letters and the milliseconds.
std::string start(Cells cells)
{
    std::string text = words(*cells[0]);
    if (text.size() == 24 && text[10] == 'T' && text[23] == 'Z') {
        text[10] = ' ';
        text.resize(19);
    }
    return markdown_words(text);
}

constexpr auto kLeft = MarkdownAlign::Left;
constexpr auto kRight = MarkdownAlign::Right;
constexpr auto kCaption = MarkdownPlace::Caption;
constexpr auto kGroup = MarkdownPlace::Group;

constexpr MarkdownColumn model(MarkdownPlace place)
{
    return {"Model", {"model_name", "model_hash"}, name_and_hash, kLeft, place};
}
constexpr MarkdownColumn text(MarkdownPlace place)
{
    return {"Text", {"text_name", "text_hash"}, name_and_hash, kLeft, place};
}
constexpr MarkdownColumn kRun{"Run", {"run"}, whole};
constexpr MarkdownColumn kConfiguration{"Configuration", {"config"}, code, kLeft};
constexpr MarkdownColumn kContext{"Context [{}]", {"context"}, whole};
constexpr MarkdownColumn kBatch{"Batch", {"batch"}, whole, kRight, kCaption};
constexpr MarkdownColumn kProtocol{"Protocol", {"protocol"}, plain, kLeft, kCaption};
constexpr MarkdownColumn kWindow{"Window [{}]", {"window_tokens"}, whole, kRight, kCaption};
constexpr MarkdownColumn kDevice{"Device", {"device", "type"}, device, kLeft, kCaption};
constexpr MarkdownColumn kVersion{"Version", {"program_version"}, plain, kLeft, kCaption};
constexpr MarkdownColumn kStatus{"Status", {"status"}, plain, kLeft, kCaption};
constexpr MarkdownColumn kCache{"Cache", {"cache_bytes"}, bytes};
constexpr MarkdownColumn kTotal{"In all", {"total_bytes"}, bytes};
constexpr MarkdownColumn kBits{"Bits per value", {"bits_per_value"}, figures<3>};

constexpr std::array kRuns{
    kRun,
    MarkdownColumn{"Kind", {"kind"}, plain, kLeft},
    MarkdownColumn{"Status", {"status"}, plain, kLeft},
    MarkdownColumn{"Started [UTC]", {"started_at"}, start, kLeft},
    MarkdownColumn{"Duration", {"duration_s"}, duration},
    MarkdownColumn{"Configuration", {"configuration"}, code, kLeft},
    MarkdownColumn{"Part of run", {"parent_run"}, whole, kRight, kCaption},
    kProtocol,
    kWindow,
    MarkdownColumn{"Tokens", {"tokens"}, whole, kRight, kCaption},
    model(kCaption),
    text(kCaption),
    kDevice,
    kVersion,
    MarkdownColumn{"Error", {"error_message"}, plain, kLeft, kCaption},
};

constexpr std::array kQuality{
    kRun,
    kConfiguration,
    MarkdownColumn{"PPL", {"ppl"}, figures<5>},
    MarkdownColumn{"PPL change [%], 95 % interval", {"rel_ppl", "rel_ppl_lo", "rel_ppl_hi"}, percent_change},
    MarkdownColumn{"KL mean [{}]", {"kl_mean"}, figures<3>},
    MarkdownColumn{"KL p99 [{}]", {"kl_p99"}, figures<3>},
    MarkdownColumn{"Top-1 [%]", {"top1"}, percent},
    kBits,
    kCache,
    kTotal,
    MarkdownColumn{"Raw tokens [%]", {"raw_token_share"}, percent},
    model(kGroup),
    text(kGroup),
    kProtocol,
    kWindow,
    MarkdownColumn{"Scored tokens", {"tokens"}, whole, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kThroughput{
    kRun,
    kConfiguration,
    kContext,
    MarkdownColumn{"Prefill [{}]", {"prefill_tokens_per_s"}, figures<3>},
    MarkdownColumn{"Decode [{}], median [p10, p90]",
                   {"decode_tokens_per_s_median", "decode_tokens_per_s_p10", "decode_tokens_per_s_p90"},
                   speed_interval},
    MarkdownColumn{"Read a step", {"bytes_per_step"}, bytes},
    MarkdownColumn{"Bandwidth [{}]", {"bandwidth_gb_s"}, figures<3>},
    model(kGroup),
    kBatch,
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kMemory{
    kRun,
    kConfiguration,
    kContext,
    MarkdownColumn{"Payload", {"payload_bytes"}, bytes},
    MarkdownColumn{"Scales", {"scales_bytes"}, bytes},
    MarkdownColumn{"Raw", {"raw_bytes"}, bytes},
    kCache,
    kBits,
    MarkdownColumn{"Bases", {"fixed_bytes"}, bytes},
    kTotal,
    MarkdownColumn{"Allocator", {"allocator_bytes"}, bytes},
    MarkdownColumn{"Peak RSS", {"peak_rss_bytes"}, bytes},
    model(kGroup),
    kBatch,
    MarkdownColumn{"Padding", {"padding_bytes"}, bytes, kRight, kCaption},
    MarkdownColumn{"Scratch", {"scratch_bytes"}, bytes, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

constexpr std::array kSpectra{
    MarkdownColumn{"Layer", {"layer"}, whole},
    MarkdownColumn{"KV head", {"kv_head"}, whole},
    MarkdownColumn{"Quantity", {"quantity"}, plain, kLeft},
    MarkdownColumn{"Effective rank", {"effective_rank"}, figures<3>},
    MarkdownColumn{"Rank for 90 %", {"rank_90"}, whole},
    MarkdownColumn{"Rank for 95 %", {"rank_95"}, whole},
    MarkdownColumn{"Rank for 99 %", {"rank_99"}, whole},
    MarkdownColumn{"Spread", {"spread"}, figures<3>},
    MarkdownColumn{"Share of mean [%]", {"mean_share"}, percent},
    MarkdownColumn{"Coding gain [{}]", {"coding_gain_bits"}, figures<3>},
    model(kGroup),
    text(kGroup),
    MarkdownColumn{"Run", {"run"}, whole, kRight, kCaption},
    MarkdownColumn{"Positions", {"positions"}, plain, kLeft, kCaption},
    MarkdownColumn{"Weighting", {"weighting"}, plain, kLeft, kCaption},
    MarkdownColumn{"Vectors", {"vectors"}, whole, kRight, kCaption},
    kDevice,
    kVersion,
    kStatus,
};

} // namespace

std::span<const MarkdownColumn> markdown_columns(std::string_view table)
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
