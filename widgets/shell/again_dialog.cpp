// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/again_dialog.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_text.h"
#include "widgets/pages/engine_fields.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>

#include <nlohmann/json.hpp>

namespace kvw {
namespace {

bool takesBases(RunKind kind)
{
    return kind == RunKind::Ppl || kind == RunKind::Sweep || kind == RunKind::Bench || kind == RunKind::Generate;
}

/// What a job was asked for; an empty object where that cannot be read.
nlohmann::json settingsOf(const JobRecord& job)
{
    auto json = nlohmann::json::parse(job.specification_json, nullptr, false);
    return json.is_object() ? json : nlohmann::json::object();
}

EngineOptions engineOf(const nlohmann::json& settings)
{
    try {
        return settings.value("engine", EngineOptions{});
    } catch (const nlohmann::json::exception&) { // the worker will say what is wrong with it
        return {};
    }
}

std::optional<RowId> calibrationOf(const nlohmann::json& settings)
{
    const auto found = settings.find("calibration");
    return found != settings.end() && found->is_number_integer() ? std::optional(found->get<RowId>()) : std::nullopt;
}

} // namespace

AgainDialog::AgainDialog(const Workspace& workspace, const JobRecord& job, QWidget* parent)
    : QDialog(parent),
      m_job(job),
      m_engine(new EngineFields(takesBases(job.kind) ? Bases::Needed : Bases::NotNeeded, this))
{
    setWindowTitle(tr("Run job %1 again").arg(job.id));
    auto* subject = new QLabel(QStringLiteral("%1: %2").arg(kindText(job.kind), subjectText(job)), this);
    subject->setTextFormat(Qt::PlainText);
    subject->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    buttons->addButton(tr("&Run"), QDialogButtonBox::AcceptRole);
    auto* form = new QFormLayout(this);
    form->addRow(subject);
    m_engine->addRows(form);
    form->addRow(buttons);
    setMinimumWidth(fontMetrics().averageCharWidth() * 60);
    const nlohmann::json settings = settingsOf(job);
    const EngineOptions engine = engineOf(settings);
    m_engine->setOptions(engine, calibrationOf(settings));
    m_engine->setModel(workspace, QString::fromStdString(engine.model.string()));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

bool AgainDialog::suits(const JobRecord& job) { return job.kind == RunKind::Calibrate || takesBases(job.kind); }

std::string AgainDialog::specification() const
{
    nlohmann::json settings = settingsOf(m_job);
    const EngineOptions before = engineOf(settings);
    EngineOptions engine = m_engine->options(QString::fromStdString(before.model.string()));
    engine.kernels = before.kernels;
    settings["engine"] = engine;
    if (takesBases(m_job.kind)) {
        settings.erase("calibration");
        if (const auto calibration = m_engine->calibration())
            settings["calibration"] = *calibration;
    }
    return settings.dump();
}

} // namespace kvw
