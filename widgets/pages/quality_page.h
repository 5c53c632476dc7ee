// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past <concepts> before a header of Qt.
#include "widgets/pages/page.h"

#include "widgets/plots/rank_quality_plot.h"

#include <set>

class QCheckBox;
class QComboBox;
class QMenu;
class QSplitter;
class QToolButton;

namespace kvw {

class RecordPanel;
class SweepForm;

/// What compression costs: any measure of quality or size against any other, a mark for each measured configuration; the
/// same as a table; and a form for the next sweep.
class QualityPage final : public Page
{
    Q_OBJECT
public:
    explicit QualityPage(QWidget* parent = nullptr);
    ~QualityPage() override;

    QString id() const override { return QStringLiteral("quality"); }
    QString title() const override { return tr("Quality"); }
    QString iconName() const override { return QStringLiteral("kvw-quality"); }
    std::optional<EmptyStateText> emptyState() const override;
    QList<PageFigure> figures() const override;
    QList<PageTable> tables() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    RankQualityPlot* plot() const { return m_plot; }
    RecordPanel* panel() const { return m_panel; }
    SweepForm* form() const { return m_form; }
    void setMeasures(QualityMeasure x, QualityMeasure y);
    /// Which measurements are drawn; the newest one, and those on the same text by the same protocol, at first.
    const std::set<RowId>& shownMeasurements() const { return m_shown; }
    void setShownMeasurements(std::set<RowId> measurements);

protected:
    void refresh() override;
    void showSelection() override;
    void jobsChanged() override;

private:
    QWidget* makeTools();
    void fillMeasurements();
    void chooseMeasurements();
    void showCurves();
    void setSource();
    QString describe() const;

    QToolButton *m_measurements = nullptr, *m_compose = nullptr;
    QMenu* m_menu = nullptr;
    QComboBox *m_x = nullptr, *m_y = nullptr;
    QCheckBox *m_logX = nullptr, *m_logY = nullptr;
    SweepForm* m_form = nullptr;
    RankQualityPlot* m_plot = nullptr;
    RecordPanel* m_panel = nullptr;
    QSplitter* m_rows = nullptr;
    std::set<RowId> m_known, m_shown;
};

} // namespace kvw
