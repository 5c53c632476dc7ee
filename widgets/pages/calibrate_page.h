// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page.h"

class QCheckBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace kvw {

class ConvergencePlot;
class EngineFields;
class HeatMap;
class PathPicker;
struct CalibrateSpecification;

/// A calibration: its settings at the left, how it is getting on at the right.
class CalibratePage final : public Page
{
    Q_OBJECT
public:
    explicit CalibratePage(QWidget* parent = nullptr);

    QString id() const override { return QStringLiteral("calibrate"); }
    QString title() const override { return tr("Calibrate"); }
    QString iconName() const override { return QStringLiteral("kvw-calibrate"); }
    QList<PageFigure> figures() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    /// The job's specification as the form stands, JSON of core/protocol/specifications.h.
    std::string specification() const;

protected:
    void refresh() override;
    void jobsChanged() override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeForm();
    QWidget* makeLive();
    void takePaths();
    void formChanged();
    CalibrateSpecification job() const;
    void showEstimate();
    void start();
    void showProgress(qint64 job);
    void showState();
    void showCurve();
    void showSpectra();
    const Provenance* shownRun() const;
    bool isCalibration(RowId job) const;

    PathPicker* m_model = nullptr;
    PathPicker* m_text = nullptr;
    QSpinBox *m_tokens = nullptr, *m_window = nullptr, *m_sinks = nullptr;
    EngineFields* m_engine = nullptr;
    QCheckBox* m_weighted = nullptr;
    QPushButton *m_start = nullptr, *m_cancel = nullptr, *m_kill = nullptr, *m_spectra = nullptr;
    QLabel *m_estimate = nullptr, *m_state = nullptr, *m_stage = nullptr, *m_line = nullptr;
    QProgressBar* m_bar = nullptr;
    ConvergencePlot* m_curve = nullptr;
    HeatMap* m_map = nullptr;
    RowId m_job = 0; ///< the latest calibration that ran here
};

} // namespace kvw
