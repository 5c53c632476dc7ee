// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/speed_form.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/machine.h"
#include "widgets/models/workspace.h"
#include "widgets/pages/engine_fields.h"
#include "widgets/pages/job_estimate.h"
#include "widgets/pages/job_fields.h"

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

namespace kvw {

SpeedForm::SpeedForm(QWidget* parent)
    : QWidget(parent),
      m_model(new ModelBox(this)),
      m_configurations(new ConfigurationEdit(this)),
      m_contexts(new QLineEdit(QStringLiteral("512, 2048"), this)),
      m_batches(new QLineEdit(QStringLiteral("1"), this)),
      m_decode(new QSpinBox(this)),
      m_rounds(new QSpinBox(this)),
      m_engine(new EngineFields(Bases::Needed, this)),
      m_reason(new QLabel(this)),
      m_start(new QPushButton(tr("Measure"), this))
{
    const ThroughputSpecification defaults;
    m_decode->setRange(1, 4096);
    m_decode->setValue(defaults.decode);
    m_rounds->setRange(1, 1000);
    m_rounds->setValue(defaults.rounds);
    m_reason->setTextFormat(Qt::PlainText);
    m_reason->setWordWrap(true);
    m_contexts->setToolTip(tr("Tokens in the cache before the first decoded one, several with commas between"));
    m_batches->setToolTip(tr("Sequences that are decoded together, several with commas between"));
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Model"), m_model);
    form->addRow(tr("&Configurations"), m_configurations);
    auto* numbers = new QHBoxLayout;
    const std::pair<QString, QWidget*> fields[] = {
        {tr("Ba&tches"), m_batches}, {tr("D&ecoded tokens"), m_decode}, {tr("&Rounds"), m_rounds}};
    numbers->addWidget(m_contexts, 2);
    for (const auto& [text, field] : fields) {
        auto* label = new QLabel(text, this);
        label->setBuddy(field);
        numbers->addWidget(label);
        numbers->addWidget(field, field == m_batches ? 1 : 0);
        field->setAccessibleName(QString(text).remove(QLatin1Char('&')));
    }
    m_contexts->setAccessibleName(tr("Contexts"));
    auto* contexts = new QLabel(tr("C&ontexts"), this);
    contexts->setBuddy(m_contexts);
    form->addRow(contexts, numbers);
    m_engine->addLine(form);
    auto* end = new QHBoxLayout;
    end->addWidget(m_start);
    end->addWidget(m_reason, 1);
    form->addRow(end);
    connectFields();
    check();
}

void SpeedForm::connectFields()
{
    connect(m_model, &QComboBox::currentIndexChanged, this, &SpeedForm::modelChanged);
    connect(m_engine, &EngineFields::changed, this, &SpeedForm::check);
    for (QSpinBox* number : {m_decode, m_rounds})
        connect(number, &QSpinBox::valueChanged, this, &SpeedForm::check);
    connect(m_configurations, &ConfigurationEdit::changed, this, &SpeedForm::check);
    connect(m_contexts, &QLineEdit::textChanged, this, &SpeedForm::check);
    connect(m_batches, &QLineEdit::textChanged, this, &SpeedForm::check);
    connect(m_start, &QPushButton::clicked, this, &SpeedForm::submit);
}

void SpeedForm::setWorkspace(const Workspace& workspace)
{
    m_workspace = &workspace;
    m_model->setModels(workspace);
    modelChanged();
}

void SpeedForm::modelChanged()
{
    if (m_workspace)
        m_engine->setModel(*m_workspace, m_model->folder());
    check();
}

void SpeedForm::setJobs(JobController* jobs)
{
    m_jobs = jobs;
    check();
}

std::vector<int> SpeedForm::numbers(const QString& text)
{
    std::vector<int> out;
    for (const QString& part : text.split(QLatin1Char(','))) {
        bool good = false;
        const int number = part.trimmed().toInt(&good);
        if (!good || number < 1)
            return {};
        out.push_back(number);
    }
    return out;
}

ThroughputSpecification SpeedForm::job() const
{
    ThroughputSpecification job;
    job.engine = m_engine->options(m_model->folder());
    job.calibration = m_engine->calibration();
    job.contexts = numbers(m_contexts->text());
    job.batches = numbers(m_batches->text());
    job.decode = m_decode->value();
    job.rounds = m_rounds->value();
    job.configurations = m_configurations->configurations();
    return job;
}

std::string SpeedForm::specification() const { return nlohmann::json(job()).dump(); }

QString SpeedForm::reasonAgainst() const
{
    if (!m_workspace || !m_workspace->isOpen() || m_workspace->isReadOnly())
        return tr("The project is open for reading only.");
    if (m_model->folder().isEmpty())
        return tr("The project knows no model yet: calibrate one first.");
    if (numbers(m_contexts->text()).empty())
        return tr("Contexts are whole numbers with commas between.");
    if (numbers(m_batches->text()).empty())
        return tr("Batches are whole numbers with commas between.");
    if (!m_configurations->isValid())
        return tr("A configuration cannot be read.");
    return {};
}

void SpeedForm::check()
{
    const QString reason = reasonAgainst();
    m_start->setEnabled(m_jobs && reason.isEmpty());
    m_reason->setText(reason.isEmpty() ? estimateText(estimateSpeed(*m_workspace, job(), thisMachine().cpu)) : reason);
}

QJsonObject SpeedForm::saveState() const
{
    QJsonObject state{{QStringLiteral("configurations"), m_configurations->text()},
                      {QStringLiteral("contexts"), m_contexts->text()},
                      {QStringLiteral("batches"), m_batches->text()},
                      {QStringLiteral("decode"), m_decode->value()},
                      {QStringLiteral("rounds"), m_rounds->value()}};
    m_engine->saveState(state);
    return state;
}

void SpeedForm::restoreState(const QJsonObject& state)
{
    m_configurations->setText(state.value(QLatin1String("configurations")).toString(m_configurations->text()));
    m_contexts->setText(state.value(QLatin1String("contexts")).toString(m_contexts->text()));
    m_batches->setText(state.value(QLatin1String("batches")).toString(m_batches->text()));
    m_decode->setValue(state.value(QLatin1String("decode")).toInt(m_decode->value()));
    m_rounds->setValue(state.value(QLatin1String("rounds")).toInt(m_rounds->value()));
    m_engine->restoreState(state);
}

void SpeedForm::submit()
{
    const auto result = m_jobs->submit(RunKind::Bench, specification());
    if (const auto* failed = std::get_if<Problem>(&result))
        Q_EMIT problem(*failed);
    else
        Q_EMIT submitted();
}

} // namespace kvw
