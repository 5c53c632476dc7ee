// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/comparison_model.h"

#include "widgets/models/record_columns.h"
#include "widgets/models/text.h"

#include <QFont>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr int kFigures = 4, kDifferenceFigures = 3;

RecordColumn columnOf(const ComparedFigure& figure)
{
    double largest = 0;
    for (const ComparedValue& value : figure.values)
        largest = std::max(largest, std::fabs(value.value.value_or(0)));
    return recordColumn(figure.field, largest);
}

QString signedText(double value)
{
    const QString text = figuresText(std::fabs(value), kDifferenceFigures);
    return value > 0 ? QStringLiteral("+") + text : value < 0 ? QStringLiteral("−") + text : text;
}

QString withInterval(const QString& text, double low, double high)
{
    return QStringLiteral("%1 [%2, %3]").arg(text, signedText(low), signedText(high));
}

} // namespace

std::vector<ComparedRun> comparedRuns(const Workspace& workspace, const std::vector<RowId>& runs)
{
    std::vector<ComparedRun> out;
    for (const RowId id : runs) {
        const Provenance* source = workspace.run(id);
        if (!source || !workspace.store())
            continue;
        ComparedRun& run = out.emplace_back();
        run.source = *source;
        for (const QualityRow& row : workspace.quality())
            if (row.record.run == id)
                run.quality = row.record;
        for (const ThroughputRow& row : workspace.throughput())
            if (row.record.run == id)
                run.throughput.push_back(row.record);
        for (const Sourced<GenerationRecord>& row : workspace.generations())
            if (row.record.run == id)
                run.generation = row.record;
        if (run.quality)
            run.windows = workspace.store()->quality_windows(id);
        if (!run.throughput.empty())
            run.samples = workspace.store()->throughput_samples(id);
        if (source->run.kind == RunKind::Calibrate || source->run.kind == RunKind::Import)
            for (const SpectrumRow& row : workspace.spectra(id))
                run.spectra.push_back(row.record);
    }
    return out;
}

QString runTitle(const Provenance& run)
{
    const QString what = run.run.configuration ? toQt(*run.run.configuration) : choiceText(toQt(name(run.run.kind)));
    return FigureModel::tr("Run %1 · %2").arg(run.run.id).arg(what);
}

QString figureTitle(const ComparedFigure& figure)
{
    const RecordColumn column = columnOf(figure);
    return figure.at.empty() ? column.header() : QStringLiteral("%1, %2").arg(column.header(), toQt(figure.at));
}

QString figureText(const ComparedFigure& figure, const ComparedValue& value)
{
    if (!value.value)
        return {};
    const RecordColumn column = columnOf(figure);
    const bool change = is_change(figure.field.form);
    const double shown = column.unit.shown(*value.value);
    const QString text = change ? signedText(shown) : figuresText(shown, kFigures);
    if (!value.low || !value.high)
        return text;
    const double low = column.unit.shown(*value.low), high = column.unit.shown(*value.high);
    if (change)
        return withInterval(text, low, high);
    return QStringLiteral("%1 [%2, %3]").arg(text, figuresText(low, kFigures), figuresText(high, kFigures));
}

QString differenceText(const ComparedFigure& figure, const ComparedValue& value)
{
    if (!value.difference)
        return {};
    const RecordColumn column = columnOf(figure);
    if (value.relative && !is_percent(column.form)) {
        const QString text = signedText(100 * *value.relative) + QStringLiteral(" %");
        if (value.relative_p10_90)
            return withInterval(text, 100 * value.relative_p10_90->low, 100 * value.relative_p10_90->high);
        if (!value.difference_95)
            return text;
        const double from = *value.value - *value.difference; // the baseline's
        return withInterval(text, 100 * value.difference_95->low / from, 100 * value.difference_95->high / from);
    }
    const QString text = signedText(column.unit.shown(*value.difference));
    return value.difference_95
        ? withInterval(text, column.unit.shown(value.difference_95->low), column.unit.shown(value.difference_95->high))
        : text;
}

FigureModel::FigureModel(QObject* parent) : QAbstractTableModel(parent) {}

void FigureModel::setComparison(const Comparison& comparison, const QStringList& titles)
{
    beginResetModel();
    m_comparison = comparison;
    m_titles = titles;
    endResetModel();
}

int FigureModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_comparison.figures.size());
}

int FigureModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() || m_titles.isEmpty() ? 0 : 2 * static_cast<int>(m_titles.size());
}

FigureModel::Place FigureModel::place(int column) const
{
    if (column == 1)
        return {m_comparison.baseline, false};
    std::size_t run = static_cast<std::size_t>(column - 2) / 2;
    if (run >= m_comparison.baseline)
        ++run; // the baseline stands first
    return {run, column % 2 == 1};
}

QVariant FigureModel::cellText(const ComparedFigure& figure, Place place) const
{
    const ComparedValue& value = figure.values[place.run];
    const QString text = place.difference ? differenceText(figure, value) : figureText(figure, value);
    return text.isEmpty() ? QStringLiteral("–") : text;
}

QVariant FigureModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ComparedFigure& figure = m_comparison.figures[static_cast<std::size_t>(index.row())];
    if (index.column() == 0) {
        if (role == Qt::DisplayRole)
            return figureTitle(figure);
        return role == Qt::ToolTipRole ? QVariant(toQt(figure.field.meaning)) : QVariant();
    }
    const Place at = place(index.column());
    const ComparedValue& value = figure.values[at.run];
    switch (role) {
    case Qt::DisplayRole:
        return cellText(figure, at);
    case Qt::EditRole: {
        const std::optional<double>& raw = at.difference ? value.difference : value.value;
        return raw ? QVariant(columnOf(figure).unit.shown(*raw)) : QVariant();
    }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    case Qt::ToolTipRole:
        if (!at.difference)
            return tr("As it was measured; in brackets the 95 % interval, or the 10th and 90th percentile of rounds");
        return value.difference_95
            ? tr("Difference from the baseline with its 95 % interval, paired by windows of text")
            : value.relative_p10_90
            ? tr("Difference from the baseline with the 10th and 90th percentile, paired by rounds")
            : tr("Difference from the baseline; nothing pairs these runs, so there is no interval");
    default:
        return {};
    }
}

QVariant FigureModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment((section == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    if (section == 0)
        return tr("Figure");
    const Place at = place(section);
    const QString title = m_titles.value(static_cast<qsizetype>(at.run));
    return at.difference ? tr("Difference") : section == 1 ? tr("%1 (baseline)").arg(title) : title;
}

SettingModel::SettingModel(QObject* parent) : QAbstractTableModel(parent) {}

void SettingModel::setComparison(const Comparison& comparison, const QStringList& titles)
{
    beginResetModel();
    m_settings = comparison.settings;
    m_titles = titles;
    endResetModel();
}

int SettingModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_settings.size());
}

int SettingModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() || m_titles.isEmpty() ? 0 : 1 + static_cast<int>(m_titles.size());
}

QVariant SettingModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ComparedSetting& setting = m_settings[static_cast<std::size_t>(index.row())];
    if (role == Qt::FontRole && setting.differs) {
        QFont bold;
        bold.setBold(true);
        return bold;
    }
    if (role == Qt::ToolTipRole && index.column() == 0)
        return QStringLiteral("%1 (%2)").arg(toQt(setting.meaning), toQt(setting.name));
    if (role != Qt::DisplayRole && role != Qt::EditRole && role != Qt::ToolTipRole)
        return {};
    if (index.column() == 0)
        return titleText(setting.title);
    const QString text = toQt(setting.values[static_cast<std::size_t>(index.column() - 1)]);
    if (setting.form == Form::Time)
        return timeText(text);
    return text.isEmpty() ? QStringLiteral("–") : text;
}

QVariant SettingModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter));
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()
        || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    return section == 0 ? tr("Setting") : m_titles.value(section - 1);
}

} // namespace kvw
