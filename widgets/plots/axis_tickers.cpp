// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/axis_tickers.h"

#include "core/base/units.h"
#include "widgets/plots/qcp.h"

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

/// "0.0025", "1,200", "4·10⁻⁷": short, in the locale's digits, without an exponent where it can be read.
QString numberText(double value, const QLocale& locale)
{
    const double size = std::abs(value);
    if (size < 1e-300)
        return locale.toString(0);
    if (size >= 1e-4 && size < 1e7)
        return locale.toString(value, 'g', 7);
    const int exponent = static_cast<int>(std::floor(std::log10(size) + 1e-9));
    const double mantissa = value / std::pow(10.0, exponent);
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString power = exponent < 0 ? QStringLiteral("⁻") : QString();
    for (const QChar digit : QString::number(std::abs(exponent)))
        power += digits[digit.digitValue()];
    const QString ten = QStringLiteral("10") + power;
    if (std::abs(mantissa - 1) < 1e-6)
        return ten;
    return locale.toString(mantissa, 'g', 3) + QStringLiteral("·") + ten;
}

QString tickText(AxisKind kind, double value, const QLocale& locale)
{
    switch (kind) {
    case AxisKind::Percent:
        return numberText(100 * value, locale) + QStringLiteral(" %");
    case AxisKind::Bytes:
        return value < 0 ? QString() : QString::fromStdString(human_bytes(value));
    case AxisKind::Count:
        return std::abs(value - std::round(value)) < 1e-6 ? locale.toString(std::llround(value)) : QString();
    case AxisKind::Number:
        break;
    }
    return numberText(value, locale);
}

class LinearTicker final : public QCPAxisTicker
{
public:
    explicit LinearTicker(AxisKind kind) : m_kind(kind) {}

protected:
    double getTickStep(const QCPRange& range) override
    {
        if (m_kind == AxisKind::Count)
            return std::max(1.0, QCPAxisTicker::getTickStep(range));
        if (m_kind != AxisKind::Bytes)
            return QCPAxisTicker::getTickStep(range);
        const double wanted = range.size() / mTickCount;
        return std::exp2(std::ceil(std::log2(std::max(wanted, 1.0))));
    }

    int getSubTickCount(double step) override
    {
        if (m_kind == AxisKind::Count && step < 2)
            return 0;
        return m_kind == AxisKind::Bytes ? 3 : QCPAxisTicker::getSubTickCount(step);
    }

    QString getTickLabel(double tick, const QLocale& locale, QChar, int) override
    {
        return tickText(m_kind, std::abs(tick) < 1e-12 ? 0 : tick, locale);
    }

private:
    AxisKind m_kind;
};

class LogTicker final : public QCPAxisTickerLog
{
public:
    LogTicker(AxisKind kind, bool doubling) : m_kind(kind)
    {
        if (kind == AxisKind::Bytes || doubling) {
            setLogBase(2);
            setSubTickCount(0);
        } else {
            setSubTickCount(8);
        }
    }

protected:
    QVector<double> createTickVector(double step, const QCPRange& range) override
    {
        QVector<double> ticks = QCPAxisTickerLog::createTickVector(step, range);
        const auto inside =
            std::count_if(ticks.begin(), ticks.end(), [&](double tick) { return range.contains(tick); });
        // Less than two decades: one power alone says nothing about the scale.
        if (inside >= 2 || !(range.lower > 0))
            return ticks;
        ticks.clear();
        const double decade = std::pow(10.0, std::floor(std::log10(range.lower)));
        for (double power = decade; power <= range.upper * 1.001; power *= 10)
            for (const double digit : {1.0, 2.0, 3.0, 5.0, 7.0})
                ticks.push_back(digit * power);
        const auto useful =
            std::count_if(ticks.begin(), ticks.end(), [&](double tick) { return range.contains(tick); });
        if (useful >= 2)
            return ticks;
        return QCPAxisTicker::createTickVector(QCPAxisTicker::getTickStep(range), range);
    }

    QString getTickLabel(double tick, const QLocale& locale, QChar, int) override
    {
        return tickText(m_kind, tick, locale);
    }

private:
    AxisKind m_kind;
};

} // namespace

QSharedPointer<QCPAxisTicker> linearTicker(AxisKind kind) { return QSharedPointer<LinearTicker>::create(kind); }

QSharedPointer<QCPAxisTicker> logTicker(AxisKind kind, bool doubling)
{
    return QSharedPointer<LogTicker>::create(kind, doubling);
}

} // namespace kvw
