// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page.h"

#include <optional>
#include <string>
#include <vector>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QSplitter;

namespace kvw {

class ConfigurationEdit;
class EngineFields;
class GenerationColumn;
class ModelBox;
struct GenerationSpecification;
struct WorkerVerdict;

/// A prompt, and what the model answers without compression and under each configuration, side by side as it is written.
class GeneratePage final : public Page
{
    Q_OBJECT
public:
    explicit GeneratePage(QWidget* parent = nullptr);
    ~GeneratePage() override;

    QString id() const override { return QStringLiteral("generate"); }
    QString title() const override { return tr("Generate"); }
    QString iconName() const override { return QStringLiteral("kvw-generate"); }
    std::optional<EmptyStateText> emptyState() const override;
    QList<PageTable> tables() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    /// The job as JSON (core/protocol/specifications.h).
    std::string specification() const;
    const std::vector<GenerationColumn*>& columns() const { return m_texts; }

protected:
    void refresh() override;
    void jobsChanged() override;

private:
    QWidget* makeForm();
    QLayout* makeOptions(QWidget* box);
    void connectForm();
    void check();
    void modelChanged();
    GenerationSpecification job() const;
    QString reasonAgainst() const;
    void submit();
    void showRun(RowId parent);
    void fillHistory();
    void makeColumns(const QStringList& configurations);
    void takeText(qint64 job, int index, const QString& piece);
    void jobEnded(qint64 job, const WorkerVerdict& verdict);
    static QString figuresOf(const GenerationRecord& record);

    QPlainTextEdit* m_prompt = nullptr;
    ModelBox* m_model = nullptr;
    ConfigurationEdit* m_configurations = nullptr;
    QSpinBox* m_max_new = nullptr;
    QDoubleSpinBox* m_temperature = nullptr;
    QSpinBox* m_seed = nullptr;
    EngineFields* m_engine = nullptr;
    QCheckBox* m_raw = nullptr;
    QPushButton* m_start = nullptr;
    QPushButton* m_stop = nullptr;
    QLabel* m_status = nullptr;
    QComboBox* m_history = nullptr;
    QLabel* m_hint = nullptr;
    QSplitter* m_splitter = nullptr;
    std::vector<GenerationColumn*> m_texts;
    std::optional<qint64> m_job; ///< that writes into the columns
    RowId m_shown = 0;           ///< run that is in the columns
};

} // namespace kvw
