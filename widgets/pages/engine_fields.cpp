// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/engine_fields.h"

#include "core/base/engine_words.h"
#include "widgets/models/machine.h"
#include "widgets/pages/job_estimate.h"
#include "widgets/pages/job_fields.h"

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kBeginRole = Qt::UserRole + 1;

void choose(QComboBox* box, const QString& word)
{
    if (const int at = box->findData(word); at >= 0)
        box->setCurrentIndex(at);
}

} // namespace

EngineFields::EngineFields(Bases bases, QWidget* form, int cores)
    : QObject(form),
      m_cores(cores > 0 ? cores : thisMachine().logical_cores),
      m_type(new QComboBox(form)),
      m_device(new QComboBox(form)),
      m_threads(new QSpinBox(form)),
      m_note(new QLabel(form))
{
    for (const EnumWord<WantedType>& type : EnumWords<WantedType>::words)
        m_type->addItem(type.value == WantedType::Auto ? tr("automatic") : toQt(type.text), toQt(type.text));
    m_type->setAccessibleName(tr("Type"));
    m_type->setToolTip(tr("What the model computes in. Automatic: the faster of both on this machine, as the engine "
                          "measures it; the run says which one it was."));
    for (const EnumWord<DeviceKind>& device : EnumWords<DeviceKind>::words)
        m_device->addItem(toQt(device.text), toQt(device.text));
    m_device->setAccessibleName(tr("Device"));
    m_device->setToolTip(tr("Where the model runs"));
    m_threads->setRange(0, m_cores);
    m_threads->setSpecialValueText(tr("automatic"));
    m_threads->setAccessibleName(tr("Threads"));
    m_threads->setToolTip(tr("Threads of the engine"));
    m_note->setTextFormat(Qt::PlainText);
    m_note->setWordWrap(true);
    for (QComboBox* box : {m_type, m_device})
        connect(box, &QComboBox::currentIndexChanged, this, &EngineFields::changed);
    connect(m_threads, &QSpinBox::valueChanged, this, [this] {
        showThreads();
        Q_EMIT changed();
    });
    if (bases == Bases::Needed) {
        m_calibration = new QComboBox(form);
        m_calibration->setAccessibleName(tr("Calibration"));
        m_calibration->setToolTip(tr("Where the bases come from, for configurations that need them"));
        m_calibration->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        m_calibration->setMinimumContentsLength(16);
        m_calibration->addItem(tr("newest of this model"), qlonglong(0));
        connect(m_calibration, &QComboBox::activated, this, [this] {
            m_wanted = m_calibration->currentData().toLongLong();
            m_wantedBegin = m_calibration->currentData(kBeginRole).toString();
        });
        connect(m_calibration, &QComboBox::currentIndexChanged, this, &EngineFields::changed);
    }
    showThreads();
}

QList<EngineFields::Row> EngineFields::rows() const
{
    QList<Row> out{{tr("T&ype"), m_type}, {tr("&Device"), m_device}, {tr("T&hreads"), m_threads}};
    if (m_calibration)
        out.append({tr("Cali&bration"), m_calibration});
    return out;
}

void EngineFields::addRows(QFormLayout* form) const
{
    for (const Row& row : rows()) {
        auto* label = makeLabel(row.label, row.field, row.field->parentWidget());
        if (row.field != m_threads) {
            form->addRow(label, row.field);
            continue;
        }
        auto* both = new QVBoxLayout;
        both->addWidget(m_threads);
        both->addWidget(m_note);
        form->addRow(label, both);
    }
}

void EngineFields::addLine(QFormLayout* form) const
{
    const QList<Row> all = rows();
    auto* line = new QHBoxLayout;
    line->addWidget(m_type);
    for (const Row& row : {all[1], all[2]}) {
        line->addWidget(makeLabel(row.label, row.field, row.field->parentWidget()));
        line->addWidget(row.field);
    }
    line->addWidget(m_note, 1);
    form->addRow(makeLabel(all[0].label, m_type, m_type->parentWidget()), line);
    if (m_calibration)
        form->addRow(makeLabel(all[3].label, m_calibration, m_calibration->parentWidget()), m_calibration);
}

QString EngineFields::threadsText(int threads, int cores)
{
    const QLocale locale;
    const QString all = locale.toString(cores);
    if (threads > 0)
        return cores == 1 ? tr("the only core") : tr("%1 of %2 cores").arg(locale.toString(threads), all);
    const int taken = automaticThreads(cores);
    if (taken < cores)
        return tr("automatic: %1 of %2 cores, one is left for the window").arg(locale.toString(taken), all);
    return cores == 1 ? tr("automatic: the only core") : tr("automatic: both cores");
}

void EngineFields::showThreads() { m_note->setText(threadsText(m_threads->value(), m_cores)); }

void EngineFields::setModel(const Workspace& workspace, const QString& folder)
{
    if (!m_calibration)
        return;
    const RowId before = calibration().value_or(0);
    {
        const QSignalBlocker blocker(m_calibration);
        m_calibration->clear();
        const auto all = calibrationsOf(workspace, folder);
        m_calibration->addItem(all.empty() ? tr("none of this model yet") : tr("newest of this model"), qlonglong(0));
        const QLocale locale;
        for (const Provenance* run : all) {
            QStringList words{tr("run %1").arg(run->run.id)};
            if (run->text)
                words << toQt(run->text->name);
            if (run->run.input_tokens)
                words << tr("%1 tokens").arg(locale.toString(qlonglong(*run->run.input_tokens)));
            m_calibration->addItem(words.join(QStringLiteral(", ")), qlonglong(run->run.id));
            m_calibration->setItemData(m_calibration->count() - 1, toQt(run->run.started_at), kBeginRole);
        }
        m_calibration->setEnabled(!all.empty());
        chooseWanted();
    }
    if (calibration().value_or(0) != before)
        Q_EMIT changed();
}

void EngineFields::chooseWanted()
{
    const int at = m_wanted == 0 ? 0 : m_calibration->findData(qlonglong(m_wanted));
    const bool same =
        at > 0 && (m_wantedBegin.isEmpty() || m_calibration->itemData(at, kBeginRole).toString() == m_wantedBegin);
    m_calibration->setCurrentIndex(same ? at : 0);
}

EngineOptions EngineFields::options(const QString& model_folder) const
{
    EngineOptions out;
    out.model = toStd(model_folder);
    out.type = toStd(m_type->currentData().toString());
    out.device = toStd(m_device->currentData().toString());
    out.threads = m_threads->value() > 0 ? m_threads->value() : automaticThreads(m_cores);
    return out;
}

std::optional<RowId> EngineFields::calibration() const
{
    const RowId run = m_calibration ? m_calibration->currentData().toLongLong() : 0;
    return run > 0 ? std::optional(run) : std::nullopt;
}

void EngineFields::setOptions(const EngineOptions& options, std::optional<RowId> calibration)
{
    choose(m_type, toQt(options.type));
    choose(m_device, toQt(options.device));
    m_threads->setValue(options.threads == automaticThreads(m_cores) ? 0 : std::clamp(options.threads, 0, m_cores));
    m_wanted = calibration.value_or(0);
    m_wantedBegin.clear();
    if (m_calibration)
        chooseWanted();
}

void EngineFields::saveState(QJsonObject& state) const
{
    state.insert(QStringLiteral("type"), m_type->currentData().toString());
    state.insert(QStringLiteral("device"), m_device->currentData().toString());
    state.insert(QStringLiteral("threads"), m_threads->value());
    if (m_calibration && m_wanted > 0) {
        state.insert(QStringLiteral("calibration"), qint64(m_wanted));
        state.insert(QStringLiteral("calibration_begun"), m_wantedBegin);
    }
}

void EngineFields::restoreState(const QJsonObject& state)
{
    choose(m_type, state.value(QLatin1String("type")).toString());
    choose(m_device, state.value(QLatin1String("device")).toString());
    if (const QJsonValue threads = state.value(QLatin1String("threads")); threads.isDouble())
        m_threads->setValue(std::clamp(threads.toInt(), 0, m_cores));
    if (!m_calibration)
        return;
    const QString begun = state.value(QLatin1String("calibration_begun")).toString();
    if (begun.isEmpty())
        return;
    m_wanted = state.value(QLatin1String("calibration")).toInteger();
    m_wantedBegin = begun;
    chooseWanted();
}

} // namespace kvw
