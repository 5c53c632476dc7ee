// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page.h"

#include <memory>
#include <set>
#include <vector>

class QComboBox;
class QFrame;
class QLabel;
class QPushButton;
class QSplitter;
class QTabWidget;

namespace kvw {

class FigureModel;
class RecordPanel;
class SettingModel;
class SpectrumPlot;
class ThroughputPlot;
struct ComparedRun;
struct Comparison;

/// Runs side by side: those that are picked in the window, the first of them the baseline.
class ComparePage final : public Page
{
    Q_OBJECT
public:
    explicit ComparePage(QWidget* parent = nullptr);
    ~ComparePage() override;

    QString id() const override { return QStringLiteral("compare"); }
    QString title() const override { return tr("Compare"); }
    QString iconName() const override { return QStringLiteral("kvw-compare"); }
    std::optional<EmptyStateText> emptyState() const override;
    QList<PageFigure> figures() const override;
    QList<PageTable> tables() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    /// What stands against the comparison, one sentence a line; empty when nothing does, or when it was waved through.
    QString objections() const;
    bool isShown() const; ///< figures are on the screen
    FigureModel* figureModel() const { return m_figures; }
    SettingModel* settingModel() const { return m_settings; }

public Q_SLOTS:
    void swapBaseline(); ///< the next run of the comparison becomes the baseline
    void compareAnyway();

protected:
    void refresh() override;
    void showSelection() override;

private:
    QWidget* makeList();
    QWidget* makeComparison();
    void compare();
    void setBaseline(int index);
    void showObjections();
    void fillSpectra();
    void fillSpeeds();

    RecordPanel* m_panel = nullptr;
    QComboBox* m_baseline = nullptr;
    QPushButton* m_swap = nullptr;
    QFrame* m_warning = nullptr;
    QLabel* m_objections = nullptr;
    QPushButton* m_anyway = nullptr;
    QLabel* m_hint = nullptr;
    QTabWidget* m_tabs = nullptr;
    QComboBox* m_quantity = nullptr;
    FigureModel* m_figures = nullptr;
    SettingModel* m_settings = nullptr;
    SpectrumPlot* m_spectra = nullptr;
    ThroughputPlot* m_speeds = nullptr;
    QSplitter* m_splitter = nullptr;
    std::vector<ComparedRun> m_runs;
    std::unique_ptr<Comparison> m_comparison;
    std::set<RowId> m_waved; ///< runs that are compared in spite of the objections
    std::size_t m_baselineIndex = 0;
};

} // namespace kvw
