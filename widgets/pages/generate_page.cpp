// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/generate_page.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/machine.h"
#include "widgets/models/record_columns.h"
#include "widgets/pages/engine_fields.h"
#include "widgets/pages/generation_column.h"
#include "widgets/pages/job_estimate.h"
#include "widgets/pages/job_fields.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace kvw {
namespace {

constexpr int kPromptLines = 3;
constexpr int kTitle_characters = 60;

RowId parentOf(const Provenance& source) { return source.run.parent_run.value_or(source.run.id); }

} // namespace

GeneratePage::GeneratePage(QWidget* parent) : Page(parent)
{
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setChildrenCollapsible(false);
    m_history = new QComboBox(this);
    m_history->setAccessibleName(tr("Earlier texts"));
    m_history->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_history->setMinimumContentsLength(40);
    auto* label = new QLabel(tr("Sho&w"), this);
    label->setBuddy(m_history);
    auto* tools = new QHBoxLayout;
    tools->addWidget(label);
    tools->addWidget(m_history, 1);
    tools->addStretch(1);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(makeForm());
    layout->addLayout(tools);
    m_hint =
        new QLabel(tr("What the model answers without compression and under each configuration appears here side by "
                      "side while it is written."),
                   this);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setWordWrap(true);
    layout->addWidget(m_hint, 1);
    layout->addWidget(m_splitter, 1);
    connect(m_history, &QComboBox::activated, this, [this] { showRun(m_history->currentData().toLongLong()); });
}

GeneratePage::~GeneratePage() = default;

QWidget* GeneratePage::makeForm()
{
    const GenerationSpecification defaults;
    auto* box = new QWidget(this);
    m_prompt = new QPlainTextEdit(box);
    m_prompt->setTabChangesFocus(true);
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setPlaceholderText(tr("Why is the sky blue?"));
    m_prompt->setFixedHeight(fontMetrics().lineSpacing() * (kPromptLines + 1));
    m_model = new ModelBox(box);
    m_configurations = new ConfigurationEdit(box);
    m_configurations->setText(QStringLiteral("k=int8 v=int8\nk=int4 v=int4 sinks=4"));
    m_max_new = new QSpinBox(box);
    m_max_new->setRange(1, 8192);
    m_max_new->setValue(defaults.max_new);
    m_temperature = new QDoubleSpinBox(box);
    m_temperature->setRange(0, 5);
    m_temperature->setSingleStep(0.1);
    m_temperature->setToolTip(tr("0: always the likeliest token"));
    m_seed = new QSpinBox(box);
    m_seed->setRange(0, 1'000'000'000);
    m_raw = new QCheckBox(tr("Without the chat &template"), box);
    m_start = new QPushButton(tr("&Generate"), box);
    m_stop = new QPushButton(tr("&Stop"), box);
    m_stop->setEnabled(false);
    m_status = new QLabel(box);
    m_status->setTextFormat(Qt::PlainText);
    m_status->setWordWrap(true);
    m_engine = new EngineFields(Bases::Needed, box);
    auto* form = new QFormLayout(box);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Prompt"), m_prompt);
    form->addRow(tr("&Configurations"), m_configurations);
    auto* model = new QLabel(tr("M&odel"), box);
    model->setBuddy(m_model);
    form->addRow(model, makeOptions(box));
    m_engine->addLine(form);
    auto* end = new QHBoxLayout;
    end->addWidget(m_start);
    end->addWidget(m_stop);
    end->addWidget(m_status, 1);
    form->addRow(QString(), end);
    connectForm();
    return box;
}

QLayout* GeneratePage::makeOptions(QWidget* box)
{
    auto* options = new QHBoxLayout;
    options->addWidget(m_model);
    for (const auto& [text, field] : {std::pair<QString, QWidget*>{tr("&New tokens"), m_max_new},
                                      {tr("Te&mperature"), m_temperature},
                                      {tr("S&eed"), m_seed}}) {
        auto* label = new QLabel(text, box);
        label->setBuddy(field);
        field->setAccessibleName(QString(text).remove(QLatin1Char('&')));
        options->addWidget(label);
        options->addWidget(field);
    }
    options->addWidget(m_raw);
    options->addStretch(1);
    return options;
}

void GeneratePage::connectForm()
{
    connect(m_model, &QComboBox::currentIndexChanged, this, &GeneratePage::modelChanged);
    connect(m_engine, &EngineFields::changed, this, &GeneratePage::check);
    connect(m_max_new, &QSpinBox::valueChanged, this, &GeneratePage::check);
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &GeneratePage::check);
    connect(m_configurations, &ConfigurationEdit::changed, this, &GeneratePage::check);
    connect(m_start, &QPushButton::clicked, this, &GeneratePage::submit);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (m_job)
            jobs()->cancel(*m_job);
    });
}

void GeneratePage::modelChanged()
{
    if (workspace())
        m_engine->setModel(*workspace(), m_model->folder());
    check();
}

GenerationSpecification GeneratePage::job() const
{
    GenerationSpecification job;
    job.engine = m_engine->options(m_model->folder());
    job.calibration = m_engine->calibration();
    job.prompt = toStd(m_prompt->toPlainText());
    job.raw = m_raw->isChecked();
    job.max_new = m_max_new->value();
    job.temperature = m_temperature->value();
    job.seed = static_cast<std::uint64_t>(m_seed->value());
    job.configurations = m_configurations->configurations();
    return job;
}

std::string GeneratePage::specification() const { return nlohmann::json(job()).dump(); }

QString GeneratePage::reasonAgainst() const
{
    if (workspace() && workspace()->isReadOnly())
        return tr("The project is open for reading only.");
    if (m_model->folder().isEmpty())
        return tr("The project knows no model yet: calibrate one first.");
    if (m_prompt->toPlainText().trimmed().isEmpty())
        return tr("A prompt is missing.");
    if (!m_configurations->isValid())
        return tr("A configuration cannot be read.");
    return {};
}

void GeneratePage::check()
{
    const QString reason = reasonAgainst();
    m_start->setEnabled(jobs() && !m_job && reason.isEmpty());
    m_stop->setEnabled(m_job.has_value());
    if (m_job)
        return;
    m_status->setText(
        reason.isEmpty() && workspace() ? estimateText(estimateTexts(*workspace(), job(), thisMachine().cpu)) : reason);
}

void GeneratePage::submit()
{
    const auto result = jobs()->submit(RunKind::Generate, specification());
    if (const auto* failed = std::get_if<Problem>(&result)) {
        Q_EMIT problem(*failed);
        return;
    }
    m_job = std::get<RowId>(result);
    QStringList titles{QStringLiteral("identity")};
    for (const std::string& configuration : m_configurations->configurations())
        titles.append(toQt(configuration));
    makeColumns(titles);
    m_shown = 0;
    m_status->setText(tr("Waiting for the worker…"));
    check();
}

void GeneratePage::makeColumns(const QStringList& configurations)
{
    qDeleteAll(m_texts);
    m_texts.clear();
    for (const QString& configuration : configurations) {
        auto* column = new GenerationColumn(configuration, m_splitter);
        m_splitter->addWidget(column);
        m_splitter->setStretchFactor(m_splitter->count() - 1, 1);
        m_texts.push_back(column);
    }
    m_hint->setVisible(m_texts.empty());
    m_splitter->setVisible(!m_texts.empty());
}

void GeneratePage::takeText(qint64 job, int index, const QString& piece)
{
    if (m_job != job || index < 0 || static_cast<std::size_t>(index) >= m_texts.size())
        return;
    GenerationColumn* column = m_texts[static_cast<std::size_t>(index)];
    column->append(piece);
    if (index > 0)
        column->compareWith(m_texts[0]->text(), GenerationColumn::Growing::Yes);
    m_status->setText(tr("Writing with %1").arg(column->configuration()));
}

void GeneratePage::jobEnded(qint64 job, const WorkerVerdict& verdict)
{
    if (m_job != job)
        return;
    m_job.reset();
    check();
    if (!verdict.problem.message.isEmpty() && verdict.status == JobStatus::Failed)
        Q_EMIT problem(verdict.problem);
    if (verdict.status == JobStatus::Cancelled)
        m_status->setText(tr("Stopped. What was finished is in the project."));
    for (const JobRecord& record : workspace()->jobs())
        if (record.id == job && record.run && verdict.status == JobStatus::Succeeded)
            showRun(*record.run);
    fillHistory();
}

void GeneratePage::jobsChanged()
{
    if (jobs()) {
        connect(jobs(), &JobController::jobText, this, &GeneratePage::takeText);
        connect(jobs(), &JobController::jobFinished, this, &GeneratePage::jobEnded);
    }
    check();
}

QString GeneratePage::figuresOf(const GenerationRecord& record)
{
    QStringList parts;
    const QLocale locale;
    if (record.equal_share) {
        parts.append(record.first_difference
                         ? tr("first differs at token %1").arg(locale.toString(qlonglong(*record.first_difference)))
                         : tr("the same tokens as without compression"));
        parts.append(tr("%1 % equal").arg(locale.toString(100 * *record.equal_share, 'f', 1)));
    }
    if (record.kl_mean)
        parts.append(tr("KL %1 nats").arg(figuresText(*record.kl_mean, 3)));
    parts.append(tr("tokens: %1").arg(locale.toString(qlonglong(record.token_ids.size()))));
    if (record.decode_tokens_per_s)
        parts.append(tr("%1 tokens/s").arg(figuresText(*record.decode_tokens_per_s, 3)));
    if (record.finish_reason == FinishReason::Length)
        parts.append(tr("cut at the length"));
    return parts.join(QStringLiteral(" · "));
}

void GeneratePage::showRun(RowId parent)
{
    std::vector<const Sourced<GenerationRecord>*> rows;
    for (const Sourced<GenerationRecord>& row : workspace()->generations())
        if (parentOf(row.source) == parent)
            rows.push_back(&row);
    QStringList titles;
    for (const auto* row : rows)
        titles.append(toQt(row->source.run.configuration.value_or("identity")));
    makeColumns(titles);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        m_texts[i]->setText(toQt(rows[i]->record.generated_text));
        m_texts[i]->setFigures(figuresOf(rows[i]->record));
        if (i > 0)
            m_texts[i]->compareWith(m_texts[0]->text(), GenerationColumn::Growing::No);
    }
    m_shown = rows.empty() ? 0 : parent;
    if (!rows.empty() && m_prompt->toPlainText().isEmpty())
        m_prompt->setPlainText(toQt(rows[0]->record.prompt));
}

void GeneratePage::fillHistory()
{
    std::set<RowId> seen;
    const QSignalBlocker blocker(m_history);
    m_history->clear();
    const auto& rows = workspace()->generations();
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        const RowId parent = parentOf(row->source);
        if (!seen.insert(parent).second)
            continue;
        const QString prompt = toQt(row->record.prompt).simplified();
        const bool cut = prompt.size() > kTitle_characters;
        m_history->addItem(
            tr("Run %1: %2").arg(parent).arg(cut ? prompt.left(kTitle_characters) + QStringLiteral("…") : prompt),
            qlonglong(parent));
    }
    m_history->setCurrentIndex(m_history->findData(qlonglong(m_shown)));
    m_history->setEnabled(m_history->count() > 0);
}

void GeneratePage::refresh()
{
    m_model->setModels(*workspace());
    modelChanged();
    if (!m_job) {
        const auto& rows = workspace()->generations();
        const bool gone =
            std::none_of(rows.begin(), rows.end(), [this](const auto& row) { return parentOf(row.source) == m_shown; });
        if (gone && !rows.empty())
            showRun(parentOf(rows.back().source));
        else if (gone)
            makeColumns({});
    }
    fillHistory();
    check();
}

std::optional<EmptyStateText> GeneratePage::emptyState() const
{
    if (!workspace() || !workspace()->runs().empty())
        return std::nullopt;
    return EmptyStateText{title(), tr("A text is written by a model that the project knows. Calibrate one first."),
                          tr("Calibrate…"), QStringLiteral("page:calibrate")};
}

QList<PageTable> GeneratePage::tables() const
{
    if (m_shown == 0)
        return {};
    PageTable out{QStringLiteral("generation"),
                  tr("Texts for one prompt"),
                  {tr("Configuration"), tr("First difference [tokens]"), tr("Equal tokens [%]"), tr("KL mean [nats]"),
                   tr("Decode [tokens/s]"), tr("Text")},
                  {}};
    for (const Sourced<GenerationRecord>& row : workspace()->generations()) {
        if (parentOf(row.source) != m_shown)
            continue;
        const GenerationRecord& record = row.record;
        const auto number = [](const auto& value, double scale = 1) {
            return value ? QVariant(scale * static_cast<double>(*value)) : QVariant();
        };
        out.rows.append({toQt(row.source.run.configuration.value_or("identity")),
                         record.first_difference ? QVariant(qlonglong(*record.first_difference)) : QVariant(),
                         number(record.equal_share, 100), number(record.kl_mean), number(record.decode_tokens_per_s),
                         toQt(record.generated_text)});
    }
    return {out};
}

QJsonObject GeneratePage::saveState() const
{
    QJsonObject state{{QStringLiteral("prompt"), m_prompt->toPlainText()},
                      {QStringLiteral("configurations"), m_configurations->text()},
                      {QStringLiteral("max_new"), m_max_new->value()},
                      {QStringLiteral("temperature"), m_temperature->value()},
                      {QStringLiteral("seed"), m_seed->value()},
                      {QStringLiteral("raw"), m_raw->isChecked()}};
    m_engine->saveState(state);
    return state;
}

void GeneratePage::restoreState(const QJsonObject& state)
{
    m_prompt->setPlainText(state.value(QStringLiteral("prompt")).toString(m_prompt->toPlainText()));
    m_configurations->setText(state.value(QStringLiteral("configurations")).toString(m_configurations->text()));
    m_max_new->setValue(state.value(QStringLiteral("max_new")).toInt(m_max_new->value()));
    m_temperature->setValue(state.value(QStringLiteral("temperature")).toDouble(m_temperature->value()));
    m_seed->setValue(state.value(QStringLiteral("seed")).toInt(m_seed->value()));
    m_raw->setChecked(state.value(QStringLiteral("raw")).toBool(m_raw->isChecked()));
    m_engine->restoreState(state);
}

} // namespace kvw
