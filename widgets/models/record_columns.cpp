// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_columns.h"

#include "core/report/figures.h"
#include "widgets/models/text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace kvw {
namespace {

struct Row
{
    std::string_view name;
    const char* title;
    RecordKind kind;
};

constexpr auto kWords = RecordKind::Words;
constexpr auto kChoice = RecordKind::Choice;
constexpr auto kWhole = RecordKind::Whole;
constexpr auto kReal = RecordKind::Real;
constexpr auto kPercent = RecordKind::Percent;
constexpr auto kBytes = RecordKind::Bytes;

/// Every field of the records; a name that is not here keeps its own as the title and is shown by its unit.
constexpr std::array kRows{
    Row{"run", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Run"), kWhole},
    Row{"parent_run", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Part of run"), kWhole},
    Row{"kind", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Kind"), kChoice},
    Row{"status", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Status"), kChoice},
    Row{"started_at", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Started"), RecordKind::Time},
    Row{"finished_at", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Finished"), RecordKind::Time},
    Row{"created_at", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Asked for"), RecordKind::Time},
    Row{"duration_s", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Duration"), kReal},
    Row{"model_hash", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Hash of model"), RecordKind::Hash},
    Row{"text_hash", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Hash of text"), RecordKind::Hash},
    Row{"configuration_hash", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Hash of configuration"), RecordKind::Hash},
    Row{"environment", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Environment"), kWhole},
    Row{"configuration", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Configuration"), RecordKind::Code},
    Row{"config", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Configuration"), RecordKind::Code},
    Row{"protocol", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Protocol"), kWords},
    Row{"window_tokens", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Window"), kWhole},
    Row{"tokens", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Tokens"), kWhole},
    Row{"seed", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Seed"), kWhole},
    Row{"calibration_run", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Calibration"), kWhole},
    Row{"settings_json", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Settings"), RecordKind::Code},
    Row{"error_code", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Kind of error"), kWords},
    Row{"error_message", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Error"), kWords},
    Row{"error_hint", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Hint"), kWords},
    Row{"model_name", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Model"), kWords},
    Row{"model_folder", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Folder of model"), kWords},
    Row{"architecture", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Architecture"), kWords},
    Row{"layers", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Layers"), kWhole},
    Row{"heads", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Heads"), kWhole},
    Row{"kv_heads", QT_TRANSLATE_NOOP("kvw::RecordColumns", "KV heads"), kWhole},
    Row{"head_dim", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Head size"), kWhole},
    Row{"hidden_size", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Hidden size"), kWhole},
    Row{"vocab_size", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Vocabulary"), kWhole},
    Row{"parameters", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Parameters"), kWhole},
    Row{"text_name", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Text"), kWords},
    Row{"text_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Size of text"), kBytes},
    Row{"text_characters", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Characters"), kWhole},
    Row{"cpu", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Processor"), kWords},
    Row{"logical_cores", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Cores"), kWhole},
    Row{"threads", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Threads"), kWhole},
    Row{"memory_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Memory of machine"), kBytes},
    Row{"device", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Device"), kWords},
    Row{"type", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Type"), kWords},
    Row{"os", QT_TRANSLATE_NOOP("kvw::RecordColumns", "System"), kWords},
    Row{"compiler", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Compiler"), kWords},
    Row{"libtorch_version", QT_TRANSLATE_NOOP("kvw::RecordColumns", "LibTorch"), kWords},
    Row{"program_version", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Program"), kWords},
    Row{"instructions", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Instructions"), kWords},
    Row{"products", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Products"), kWords},
    Row{"ppl", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Perplexity"), kReal},
    Row{"delta_nll", QT_TRANSLATE_NOOP("kvw::RecordColumns", "NLL change"), kReal},
    Row{"delta_nll_lo", QT_TRANSLATE_NOOP("kvw::RecordColumns", "NLL change, low"), kReal},
    Row{"delta_nll_hi", QT_TRANSLATE_NOOP("kvw::RecordColumns", "NLL change, high"), kReal},
    Row{"rel_ppl", QT_TRANSLATE_NOOP("kvw::RecordColumns", "PPL change"), kPercent},
    Row{"rel_ppl_lo", QT_TRANSLATE_NOOP("kvw::RecordColumns", "PPL change, low"), kPercent},
    Row{"rel_ppl_hi", QT_TRANSLATE_NOOP("kvw::RecordColumns", "PPL change, high"), kPercent},
    Row{"kl_mean", QT_TRANSLATE_NOOP("kvw::RecordColumns", "KL mean"), kReal},
    Row{"kl_median", QT_TRANSLATE_NOOP("kvw::RecordColumns", "KL median"), kReal},
    Row{"kl_p99", QT_TRANSLATE_NOOP("kvw::RecordColumns", "KL p99"), kReal},
    Row{"top1", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Top-1 agreement"), kPercent},
    Row{"raw_token_share", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Raw tokens"), kPercent},
    Row{"coded_tokens_read", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Coded tokens read"), kWhole},
    Row{"tokens_per_s", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Speed"), kReal},
    Row{"seconds", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Time"), kReal},
    Row{"payload_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Payload"), kBytes},
    Row{"scales_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Scales"), kBytes},
    Row{"raw_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Raw"), kBytes},
    Row{"padding_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Padding"), kBytes},
    Row{"fixed_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Bases"), kBytes},
    Row{"scratch_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Scratch"), kBytes},
    Row{"cache_values", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Values"), kWhole},
    Row{"cache_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Cache"), kBytes},
    Row{"total_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "In all"), kBytes},
    Row{"bits_per_value", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Per value"), kReal},
    Row{"allocator_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Allocator"), kBytes},
    Row{"peak_rss_bytes", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Peak of process"), kBytes},
    Row{"context", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Context"), kWhole},
    Row{"batch", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Batch"), kWhole},
    Row{"prefill_tokens_per_s", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Prefill"), kReal},
    Row{"decode_tokens_per_s_median", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Decode"), kReal},
    Row{"decode_tokens_per_s_p10", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Decode p10"), kReal},
    Row{"decode_tokens_per_s_p90", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Decode p90"), kReal},
    Row{"bandwidth_gb_s", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Bandwidth"), kReal},
    Row{"bytes_per_step", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Read a step"), kBytes},
    Row{"layer", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Layer"), kWhole},
    Row{"kv_head", QT_TRANSLATE_NOOP("kvw::RecordColumns", "KV head"), kWhole},
    Row{"quantity", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Quantity"), kChoice},
    Row{"positions", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Positions"), kChoice},
    Row{"weighting", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Weighting"), kChoice},
    Row{"vectors", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Vectors"), kWhole},
    Row{"effective_rank", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Effective rank"), kReal},
    Row{"rank_90", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Rank for 90 %"), kWhole},
    Row{"rank_95", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Rank for 95 %"), kWhole},
    Row{"rank_99", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Rank for 99 %"), kWhole},
    Row{"spread", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Spread"), kReal},
    Row{"mean_share", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Share of mean"), kPercent},
    Row{"coding_gain_bits", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Coding gain"), kReal},
    Row{"eigenvalues", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Eigenvalues"), RecordKind::Numbers},
    Row{"first_difference", QT_TRANSLATE_NOOP("kvw::RecordColumns", "First difference"), kWhole},
    Row{"equal_share", QT_TRANSLATE_NOOP("kvw::RecordColumns", "Equal tokens"), kPercent},
};

constexpr std::array kChoices{
    QT_TRANSLATE_NOOP("kvw::Choice", "calibrate"),    QT_TRANSLATE_NOOP("kvw::Choice", "ppl"),
    QT_TRANSLATE_NOOP("kvw::Choice", "sweep"),        QT_TRANSLATE_NOOP("kvw::Choice", "bench"),
    QT_TRANSLATE_NOOP("kvw::Choice", "generate"),     QT_TRANSLATE_NOOP("kvw::Choice", "import"),
    QT_TRANSLATE_NOOP("kvw::Choice", "running"),      QT_TRANSLATE_NOOP("kvw::Choice", "measured"),
    QT_TRANSLATE_NOOP("kvw::Choice", "not measured"), QT_TRANSLATE_NOOP("kvw::Choice", "failed"),
    QT_TRANSLATE_NOOP("kvw::Choice", "cancelled"),    QT_TRANSLATE_NOOP("kvw::Choice", "interrupted"),
    QT_TRANSLATE_NOOP("kvw::Choice", "unsupported"),  QT_TRANSLATE_NOOP("kvw::Choice", "estimated"),
    QT_TRANSLATE_NOOP("kvw::Choice", "queued"),       QT_TRANSLATE_NOOP("kvw::Choice", "succeeded"),
    QT_TRANSLATE_NOOP("kvw::Choice", "all"),          QT_TRANSLATE_NOOP("kvw::Choice", "after sinks"),
    QT_TRANSLATE_NOOP("kvw::Choice", "uniform"),      QT_TRANSLATE_NOOP("kvw::Choice", "attention"),
};

constexpr std::array kByteUnits{"B", "KiB", "MiB", "GiB", "TiB"};
constexpr int kFigures = 4;
constexpr qsizetype kHashDigits = 8;

RecordKind kindOf(std::string_view unit)
{
    if (unit.empty())
        return kWords;
    return unit == "bytes" ? kBytes : kReal;
}

} // namespace

QString RecordColumn::header() const { return unit.isEmpty() ? title : QStringLiteral("%1 [%2]").arg(title, unit); }

bool RecordColumn::isNumber() const
{
    return kind == RecordKind::Whole || kind == RecordKind::Real || kind == RecordKind::Percent
        || kind == RecordKind::Bytes || kind == RecordKind::Numbers;
}

RecordColumn recordColumn(const Field& field, double largest_bytes)
{
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.name == field.name; });
    RecordColumn out;
    out.name = toQt(field.name);
    out.meaning = toQt(field.meaning);
    out.title = row == kRows.end() ? out.name : QCoreApplication::translate("kvw::RecordColumns", row->title);
    out.kind = row == kRows.end() ? kindOf(field.unit) : row->kind;
    out.grouped = !field.unit.empty();
    if (out.kind == RecordKind::Percent) {
        out.unit = QStringLiteral("%");
        out.decimals = 2;
    } else if (out.kind == RecordKind::Bytes) {
        std::size_t unit = 0;
        while (std::fabs(largest_bytes) / out.divisor >= 10240 && unit + 1 < kByteUnits.size()) {
            out.divisor *= 1024;
            ++unit;
        }
        out.unit = QString::fromLatin1(kByteUnits[unit]);
        out.decimals = unit == 0 ? 0 : largest_bytes / out.divisor < 100 ? 2 : 1;
    } else if (field.unit != "1") {
        out.unit = toQt(field.unit);
    }
    return out;
}

QString choiceText(const QString& word)
{
    const QByteArray plain = QString(word).replace(QLatin1Char('_'), QLatin1Char(' ')).toLatin1();
    const bool known =
        std::any_of(kChoices.begin(), kChoices.end(), [&](const char* choice) { return plain == choice; });
    return known ? QCoreApplication::translate("kvw::Choice", plain.constData()) : word;
}

QString timeText(const QString& utc)
{
    const QDateTime time = QDateTime::fromString(utc, Qt::ISODateWithMs);
    return time.isValid() ? QLocale().toString(time.toLocalTime(), QLocale::ShortFormat) : utc;
}

QString figuresText(double value, int figures)
{
    if (std::isnan(value))
        return QStringLiteral("NaN");
    if (std::isinf(value))
        return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    const QString plain = toQt(significant(value, figures)); // as reports round, then in the locale's marks
    if (plain.contains(QLatin1Char('e')))
        return QLocale().toString(value, 'e', figures - 1);
    const qsizetype point = plain.indexOf(QLatin1Char('.'));
    return QLocale().toString(plain.toDouble(), 'f', point < 0 ? 0 : static_cast<int>(plain.size() - point - 1));
}

QString displayText(const Cell& cell, const RecordColumn& column)
{
    if (const auto* words = std::get_if<std::string>(&cell)) {
        const QString text = toQt(*words);
        switch (column.kind) {
        case RecordKind::Choice:
            return choiceText(text);
        case RecordKind::Hash:
            return text.left(kHashDigits);
        case RecordKind::Time:
            return timeText(text);
        default:
            return text;
        }
    }
    if (const auto* numbers = std::get_if<std::vector<double>>(&cell))
        return QLocale().toString(static_cast<qlonglong>(numbers->size()));
    if (const auto* whole = std::get_if<std::int64_t>(&cell); whole && column.kind != RecordKind::Bytes)
        return column.grouped ? QLocale().toString(static_cast<qlonglong>(*whole)) : QString::number(*whole);
    const QVariant raw = rawValue(cell);
    if (!raw.isValid())
        return {};
    const double value = raw.toDouble();
    if (!std::isfinite(value))
        return figuresText(value, kFigures);
    if (column.kind == RecordKind::Percent)
        return QLocale().toString(100 * value, 'f', column.decimals);
    if (column.kind == RecordKind::Bytes)
        return QLocale().toString(value / column.divisor, 'f', column.decimals);
    return figuresText(value, kFigures);
}

QVariant rawValue(const Cell& cell)
{
    if (const auto* whole = std::get_if<std::int64_t>(&cell))
        return static_cast<qlonglong>(*whole);
    if (const auto* real = std::get_if<double>(&cell))
        return *real;
    if (const auto* words = std::get_if<std::string>(&cell))
        return toQt(*words);
    if (std::holds_alternative<std::vector<double>>(cell))
        return plainText(cell);
    return {};
}

QString plainText(const Cell& cell)
{
    if (const auto* whole = std::get_if<std::int64_t>(&cell))
        return QString::number(*whole);
    if (const auto* real = std::get_if<double>(&cell))
        return QString::number(*real, 'g', QLocale::FloatingPointShortest);
    if (const auto* words = std::get_if<std::string>(&cell))
        return toQt(*words);
    QStringList all;
    if (const auto* numbers = std::get_if<std::vector<double>>(&cell))
        for (const double number : *numbers)
            all.append(QString::number(number, 'g', QLocale::FloatingPointShortest));
    return all.join(QLatin1Char(' '));
}

} // namespace kvw
