// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/speed_form.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/workspace.h"
#include "widgets/pages/job_fields.h"

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
      m_reason(new QLabel(this)),
      m_start(new QPushButton(tr("Measure"), this))
{
    const ThroughputSpecification defaults;
    m_decode->setRange(1, 4096);
    m_decode->setValue(defaults.decode);
    m_rounds->setRange(1, 1000);
    m_rounds->setValue(defaults.rounds);
    m_contexts->setToolTip(tr("Tokens in the cache before the first decoded one, several with commas between"));
    m_batches->setToolTip(tr("Sequences that are decoded together, several with commas between"));
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Model"), m_model);
    form->addRow(tr("&Configurations"), m_configurations);
    auto* numbers = new QHBoxLayout;
    const std::pair<QString, QWidget*> fields[] = {
        {tr("Batc&hes"), m_batches}, {tr("&Decoded tokens"), m_decode}, {tr("&Rounds"), m_rounds}};
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
    auto* end = new QHBoxLayout;
    end->addWidget(m_start);
    end->addWidget(m_reason, 1);
    form->addRow(end);
    connect(m_configurations, &ConfigurationEdit::changed, this, &SpeedForm::check);
    connect(m_contexts, &QLineEdit::textChanged, this, &SpeedForm::check);
    connect(m_batches, &QLineEdit::textChanged, this, &SpeedForm::check);
    connect(m_start, &QPushButton::clicked, this, &SpeedForm::submit);
    check();
}

void SpeedForm::setWorkspace(const Workspace& workspace)
{
    m_model->setModels(workspace);
    m_writable = workspace.isOpen() && !workspace.isReadOnly();
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

std::string SpeedForm::specification() const
{
    ThroughputSpecification job;
    job.engine.model = toStd(m_model->folder());
    job.contexts = numbers(m_contexts->text());
    job.batches = numbers(m_batches->text());
    job.decode = m_decode->value();
    job.rounds = m_rounds->value();
    job.configurations = m_configurations->configurations();
    return nlohmann::json(job).dump();
}

void SpeedForm::check()
{
    QString reason;
    if (!m_writable)
        reason = tr("The project is open for reading only.");
    else if (m_model->folder().isEmpty())
        reason = tr("The project knows no model yet: calibrate one first.");
    else if (numbers(m_contexts->text()).empty())
        reason = tr("Contexts are whole numbers with commas between.");
    else if (numbers(m_batches->text()).empty())
        reason = tr("Batches are whole numbers with commas between.");
    else if (!m_configurations->isValid())
        reason = tr("A configuration cannot be read.");
    m_start->setEnabled(m_jobs && reason.isEmpty());
    m_reason->setText(reason);
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
