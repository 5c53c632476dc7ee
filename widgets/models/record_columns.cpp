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

namespace kvw {
namespace {

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

constexpr int kFigures = 4;
constexpr qsizetype kHashDigits = 8;

} // namespace

QString RecordColumn::header() const
{
    return unit.name.empty() ? title : QStringLiteral("%1 [%2]").arg(title, toQt(unit.name));
}

bool RecordColumn::isNumber() const
{
    return form != Form::Words && form != Form::Choice && form != Form::Code && form != Form::Hash
        && form != Form::Time;
}

QString titleText(std::string_view title) { return QCoreApplication::translate("kvw", std::string(title).c_str()); }

RecordColumn recordColumn(const Field& field, double largest_bytes)
{
    return {toQt(field.name), titleText(field.title.words),       toQt(field.meaning),
            field.form,       display_unit(field, largest_bytes), !field.unit.empty()};
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
        switch (column.form) {
        case Form::Choice:
            return choiceText(text);
        case Form::Hash:
            return text.left(kHashDigits);
        case Form::Time:
            return timeText(text);
        default:
            return text;
        }
    }
    if (const auto* numbers = std::get_if<std::vector<double>>(&cell))
        return QLocale().toString(static_cast<qlonglong>(numbers->size()));
    if (const auto* whole = std::get_if<std::int64_t>(&cell); whole && column.form != Form::Bytes)
        return column.grouped ? QLocale().toString(static_cast<qlonglong>(*whole)) : QString::number(*whole);
    const QVariant raw = rawValue(cell);
    if (!raw.isValid())
        return {};
    const double value = column.unit.shown(raw.toDouble());
    if (std::isfinite(value) && column.unit.decimals >= 0)
        return QLocale().toString(value, 'f', column.unit.decimals);
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

QVariant shownValue(const Cell& cell, const RecordColumn& column)
{
    const QVariant raw = rawValue(cell);
    return column.unit.factor == 1 || !raw.isValid() ? raw : QVariant(column.unit.shown(raw.toDouble()));
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
