// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past <concepts> before a header of Qt.
#include "widgets/pages/page.h"

#include "widgets/pages/spectrum_index.h"

#include <map>
#include <set>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QMenu;
class QSplitter;
class QToolButton;

namespace kvw {

class PlotTableModel;
class TableView;
class SpectrumPlot;

/// Keys and values of one calibration, head by head: a map of one number over layers and heads, the spectra of the picked
/// heads, quantities and calibrations side by side, and a table of what stands at the cursor.
class SpectraPage final : public Page
{
    Q_OBJECT
public:
    explicit SpectraPage(QWidget* parent = nullptr);
    ~SpectraPage() override;

    QString id() const override { return QStringLiteral("spectra"); }
    QString title() const override { return tr("Spectra"); }
    QString iconName() const override { return QStringLiteral("kvw-spectra"); }
    std::optional<EmptyStateText> emptyState() const override;
    QList<PageFigure> figures() const override;
    QList<PageTable> tables() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    HeatMap* map() const { return m_map; }
    SpectrumPlot* variances() const { return m_variances; }
    SpectrumPlot* energies() const { return m_energies; }
    RowId shownRun() const;
    void setShownRun(RowId run);
    void setOverlay(std::set<RowId> runs); ///< drawn beside the shown one
    void setQuantities(const QStringList& quantities);
    void setMeasure(std::string_view field);

protected:
    void refresh() override;
    void showSelection() override;

private:
    /// One curve: whose spectrum it is.
    struct Source
    {
        RowId run = 0;
        HeadId head;
        std::string quantity;
    };

    QWidget* makeTools();
    QWidget* makeCurves();
    QWidget* makeTable();
    void connectCurves();
    void fillRuns();
    void fillViews();
    void fillOverlays();
    void fillQuantities();
    void showMap();
    void showCurves();
    void showTable();
    void moveCursor();
    const SpectrumIndex& index(RowId run);
    const SpectrumRecord* spectrum(const Source& source);
    std::vector<HeadId> shownHeads() const;
    std::vector<RowId> shownRuns() const;
    std::vector<Source> sources();
    SeriesLook lookOf(const Source& source, const std::vector<HeadId>& heads, const std::vector<RowId>& runs) const;
    QString nameOf(const Source& source, bool several_runs) const;
    QString describe() const;
    SpectrumKind mapKind() const;
    const Field& measure() const;
    std::optional<int> component() const;
    int dashOf(const Source& source, std::size_t run) const;

    QComboBox *m_run = nullptr, *m_quantity = nullptr, *m_view = nullptr, *m_measure = nullptr, *m_second = nullptr;
    QToolButton *m_overlayButton = nullptr, *m_quantityButton = nullptr;
    QMenu *m_overlayMenu = nullptr, *m_quantityMenu = nullptr;
    QCheckBox *m_logX = nullptr, *m_logY = nullptr;
    QLabel* m_more = nullptr;
    HeatMap* m_map = nullptr;
    SpectrumPlot *m_variances = nullptr, *m_energies = nullptr;
    PlotTableModel* m_values = nullptr;
    TableView* m_table = nullptr;
    QSplitter *m_columns = nullptr, *m_rows = nullptr;

    std::map<RowId, SpectrumIndex> m_indices; ///< of runs that were shown since the data changed
    std::set<RowId> m_overlay;
    QStringList m_quantities{QStringLiteral("k"), QStringLiteral("v")};
    std::vector<Source> m_sources; ///< of the curves, in their order
    bool m_filling = false;
};

} // namespace kvw
