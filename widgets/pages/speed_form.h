// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QWidget>

#include <string>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace kvw {

class ConfigurationEdit;
class EngineFields;
class JobController;
class ModelBox;
class Workspace;
struct Problem;
struct ThroughputSpecification;

/// What a measurement of speed is asked for. Hidden until it is wanted.
class SpeedForm final : public QWidget
{
    Q_OBJECT
public:
    explicit SpeedForm(QWidget* parent = nullptr);

    void setWorkspace(const Workspace& workspace);
    void setJobs(JobController* jobs);
    /// The job as JSON (core/protocol/specifications.h).
    std::string specification() const;
    /// Whole numbers of at least 1 from "512, 2048"; empty when it is anything else.
    static std::vector<int> numbers(const QString& text);

    QJsonObject saveState() const;
    void restoreState(const QJsonObject& state);

Q_SIGNALS:
    void problem(const kvw::Problem& problem);
    void submitted();

private:
    void connectFields();
    void check();
    void modelChanged();
    ThroughputSpecification job() const;
    QString reasonAgainst() const;
    void submit();

    ModelBox* m_model;
    ConfigurationEdit* m_configurations;
    QLineEdit* m_contexts;
    QLineEdit* m_batches;
    QSpinBox* m_decode;
    QSpinBox* m_rounds;
    EngineFields* m_engine;
    QLabel* m_reason;
    QPushButton* m_start;
    JobController* m_jobs = nullptr;
    const Workspace* m_workspace = nullptr;
};

} // namespace kvw
