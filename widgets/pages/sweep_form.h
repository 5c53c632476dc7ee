// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QWidget>

#include <string>
#include <vector>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace kvw {

class EngineFields;
class JobController;
class ModelBox;
class PathPicker;
class Workspace;
struct Problem;
struct QualitySpecification;
struct SweepChoices;
struct SweepSide;

/// A sweep as fields and as text: the fields write the text, the text may be edited by hand, and what stands in the text is
/// what is measured.
class SweepForm final : public QWidget
{
    Q_OBJECT
public:
    explicit SweepForm(QWidget* parent = nullptr);

    void setWorkspace(const Workspace& workspace);
    void setJobs(JobController* jobs);

    SweepChoices choices() const; ///< as the fields stand
    QString grid() const;         ///< as the text stands
    void setGrid(const QString& text);
    QString summary() const; ///< points and time, or what is wrong
    bool canStart() const;
    /// The job as JSON (core/protocol/specifications.h).
    std::string specification() const;

    QJsonObject saveState() const;
    void restoreState(const QJsonObject& state);

Q_SIGNALS:
    void problem(const kvw::Problem& problem);
    void submitted();

private:
    /// The fields of keys or values.
    struct SideFields
    {
        QComboBox* transform = nullptr;
        QLineEdit* ranks = nullptr;
        QComboBox* weights = nullptr;
        QLineEdit* bits = nullptr;
        QComboBox* scale = nullptr;
    };
    SideFields addSide(QGridLayout* grid, int row, const QString& name, bool keys);
    void addText(QGridLayout* grid, int row);
    QWidget* makeMore();
    QString estimateOf(const std::vector<std::string>& configurations) const;
    QualitySpecification job() const;
    void modelChanged();
    static SweepSide sideOf(const SideFields& fields);
    void compose();
    void check();
    void submit();
    QString reasonAgainst() const;

    const Workspace* m_workspace = nullptr;
    JobController* m_jobs = nullptr;
    ModelBox* m_model = nullptr;
    EngineFields* m_engine = nullptr;
    PathPicker* m_text = nullptr;
    QSpinBox *m_tokens = nullptr, *m_window = nullptr;
    QComboBox *m_protocol = nullptr, *m_together = nullptr;
    SideFields m_k, m_v;
    QLineEdit *m_sinks = nullptr, *m_recent = nullptr, *m_layers = nullptr;
    QPlainTextEdit* m_grid = nullptr;
    QLabel* m_summary = nullptr;
    QCheckBox* m_overlap = nullptr;
    QPushButton* m_start = nullptr;
};

} // namespace kvw
