// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page.h"

#include <vector>

class QComboBox;
class QSplitter;
class QTabWidget;

namespace kvw {

class RecordPanel;
class SpeedForm;
class StackedBars;
class ThroughputPlot;

/// Every run, speed, ledger and quality as sortable tables; the ledger of one measurement as stacked bars; its speed of
/// decoding against the context, with what the measured bandwidth allows.
class ThroughputPage final : public Page
{
    Q_OBJECT
public:
    explicit ThroughputPage(QWidget* parent = nullptr);
    ~ThroughputPage() override;

    QString id() const override { return QStringLiteral("throughput"); }
    QString title() const override { return tr("Memory and speed"); }
    QString iconName() const override { return QStringLiteral("kvw-memory"); }
    std::optional<EmptyStateText> emptyState() const override;
    QList<PageFigure> figures() const override;
    QList<PageTable> tables() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    const std::vector<RecordPanel*>& panels() const { return m_panels; }
    StackedBars* bars() const { return m_bars; }
    ThroughputPlot* plot() const { return m_plot; }

protected:
    void refresh() override;
    void showSelection() override;
    void jobsChanged() override;

private:
    /// The context and batch of a ledger.
    struct Place
    {
        std::int64_t context = 0, batch = 1;
        auto operator<=>(const Place&) const = default;
    };
    RecordPanel* addPanel(const QString& name, const QString& title);
    void setSources();
    QWidget* makeFigures();
    RowId measurement() const;
    Place place() const;
    void fillMeasurements();
    void fillPlaces();
    void fillBars();
    void fillPlot();
    void showFigures();
    QString describeMeasurement() const;

    SpeedForm* m_form = nullptr;
    QTabWidget* m_tabs = nullptr;
    std::vector<RecordPanel*> m_panels;
    QComboBox* m_measurement = nullptr;
    QComboBox* m_place = nullptr;
    StackedBars* m_bars = nullptr;
    ThroughputPlot* m_plot = nullptr;
    QSplitter* m_rows = nullptr;
    QSplitter* m_columns = nullptr;
    std::vector<RowId> m_barRuns; ///< run of each bar
};

} // namespace kvw
