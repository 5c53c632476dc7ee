// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <string>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace kvw {

class ConfigurationEdit;
class JobController;
class ModelBox;
class Workspace;
struct Problem;

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

Q_SIGNALS:
    void problem(const kvw::Problem& problem);
    void submitted();

private:
    void check();
    void submit();

    ModelBox* m_model;
    ConfigurationEdit* m_configurations;
    QLineEdit* m_contexts;
    QLineEdit* m_batches;
    QSpinBox* m_decode;
    QSpinBox* m_rounds;
    QLabel* m_reason;
    QPushButton* m_start;
    JobController* m_jobs = nullptr;
    bool m_writable = false;
};

} // namespace kvw
