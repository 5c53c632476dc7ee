// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/analysis/comparison.h"
#include "core/report/document.h"
#include "widgets/models/workspace.h"
#endif

#include <QAbstractTableModel>

namespace kvw {

class Workspace;

/// What the open project knows of these runs; numbers that are no run are left out. A run without spectra of its own
/// has those of none: the calibration that it used is another run.
std::vector<ComparedRun> comparedRuns(const Workspace& workspace, const std::vector<RowId>& runs);

/// "Run 7 · k=int8,token": what a run is called in headers and lists.
QString runTitle(const Provenance& run);

/// "+0.51 % [+0.19, +0.85]" of a figure that is not the baseline's; empty without a difference.
QString differenceText(const ComparedFigure& figure, const ComparedValue& value);
/// The value in the locale with its unit's scale (a share in percent, bytes in human units), its own interval behind it.
QString figureText(const ComparedFigure& figure, const ComparedValue& value);
/// The figure's title in the window's language, with its unit and what it is at.
QString figureTitle(const ComparedFigure& figure);

/// The figures of a comparison: one row each, the baseline's value first, then each other run's value and difference.
class FigureModel final : public QAbstractTableModel
{
    Q_OBJECT
public:
    explicit FigureModel(QObject* parent = nullptr);
    void setComparison(const Comparison& comparison, const QStringList& titles);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Place
    {
        std::size_t run = 0;
        bool difference = false;
    };
    Place place(int column) const; ///< of a column after the first
    QVariant cellText(const ComparedFigure& figure, Place place) const;

    Comparison m_comparison;
    QStringList m_titles;
};

/// The settings of a comparison, those that differ first and in bold.
class SettingModel final : public QAbstractTableModel
{
    Q_OBJECT
public:
    explicit SettingModel(QObject* parent = nullptr);
    void setComparison(const Comparison& comparison, const QStringList& titles);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<ComparedSetting> m_settings;
    QStringList m_titles;
};

} // namespace kvw
