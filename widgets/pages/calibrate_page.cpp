// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/calibrate_page.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/jobs/job_text.h"
#include "widgets/models/machine.h"
#include "widgets/models/model_facts.h"
#include "widgets/models/settings.h"
#include "widgets/pages/engine_fields.h"
#include "widgets/pages/job_estimate.h"
#include "widgets/pages/path_picker.h"
#include "widgets/plots/convergence_plot.h"
#include "widgets/plots/heat_map.h"
#include "widgets/style/icons.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace kvw {
namespace {

constexpr int kBarSteps = 1000;
const QString kCurve = QStringLiteral("subspace_change");

QSpinBox* spin(QWidget* parent, int least, int most, int value, int step, const QString& tip)
{
    auto* box = new QSpinBox(parent);
    box->setRange(least, most);
    box->setSingleStep(step);
    box->setValue(value);
    box->setGroupSeparatorShown(true);
    box->setToolTip(tip);
    return box;
}

} // namespace

CalibratePage::CalibratePage(QWidget* parent) : Page(parent)
{
    auto* splitter = new QSplitter(content());
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeForm());
    splitter->addWidget(makeLive());
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    const int character = fontMetrics().averageCharWidth();
    splitter->setSizes({character * 58, character * 100});
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(splitter);
    formChanged();
}

QWidget* CalibratePage::makeForm()
{
    auto* box = new QWidget;
    const CalibrateSpecification defaults;
    m_model = new PathPicker(PathPicker::What::Model, box);
    m_text = new PathPicker(PathPicker::What::Text, box);
    m_tokens = spin(box, 0, std::numeric_limits<int>::max(), int(defaults.tokens), 1024,
                    tr("How many tokens of the text are read; 0: all of it"));
    m_tokens->setSpecialValueText(tr("all"));
    m_window = spin(box, 8, 1 << 20, defaults.window, 64, tr("Tokens of one pass; no token sees further back"));
    m_sinks =
        spin(box, 0, 64, defaults.sinks, 1, tr("First positions of a window that the spectra without sinks leave out"));
    m_weighted = new QCheckBox(tr("&Attention-weighted moments too"), box);
    m_weighted->setChecked(defaults.weighted);
    m_weighted->setToolTip(tr("Needed by the codecs \"weighted\"; takes longer"));
    m_engine = new EngineFields(Bases::NotNeeded, box);
    m_estimate = new QLabel(box);
    m_estimate->setTextFormat(Qt::PlainText);
    m_estimate->setWordWrap(true);
    m_start = new QPushButton(icon(QStringLiteral("kvw-start-job")), tr("&Start the calibration"), box);

    auto* form = new QFormLayout(box);
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setVerticalSpacing(fontMetrics().height() * 2 / 3);
    form->addRow(tr("&Model"), m_model);
    form->addRow(tr("Te&xt"), m_text);
    form->addRow(tr("Tok&ens"), m_tokens);
    form->addRow(tr("&Window"), m_window);
    form->addRow(tr("S&inks"), m_sinks);
    form->addRow(QString(), m_weighted);
    m_engine->addRows(form);
    form->addRow(QString(), m_start);
    form->addRow(QString(), m_estimate);
    const std::pair<QWidget*, QString> names[] = {
        {m_tokens, tr("Tokens")}, {m_window, tr("Window")}, {m_sinks, tr("Sinks")}};
    for (const auto& [widget, name] : names)
        widget->setAccessibleName(name);

    connect(m_start, &QPushButton::clicked, this, &CalibratePage::start);
    for (PathPicker* picker : {m_model, m_text})
        connect(picker, &PathPicker::changed, this, &CalibratePage::formChanged);
    connect(m_engine, &EngineFields::changed, this, &CalibratePage::formChanged);
    connect(m_weighted, &QCheckBox::toggled, this, &CalibratePage::formChanged);
    for (QSpinBox* number : {m_tokens, m_window, m_sinks})
        connect(number, &QSpinBox::valueChanged, this, &CalibratePage::formChanged);
    auto* scroll = new QScrollArea;
    scroll->setWidget(box);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

QWidget* CalibratePage::makeLive()
{
    auto* box = new QWidget;
    m_state = new QLabel(box);
    QFont bold = font();
    bold.setBold(true);
    m_state->setFont(bold);
    m_stage = new QLabel(box);
    m_line = new QLabel(box);
    for (QLabel* label : {m_state, m_stage, m_line}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }
    m_bar = new QProgressBar(box);
    m_bar->setRange(0, kBarSteps);
    m_bar->setAccessibleName(tr("Progress of the stage"));
    m_cancel = new QPushButton(tr("Ca&ncel"), box);
    m_cancel->setToolTip(tr("End the calibration; what it has finished is kept"));
    m_kill = new QPushButton(tr("&Kill"), box);
    m_kill->setToolTip(tr("End the worker at once, without waiting for it"));
    m_spectra = new QPushButton(tr("Show the spe&ctra"), box);
    auto* row = new QHBoxLayout;
    row->addWidget(m_bar, 1);
    for (QPushButton* button : {m_cancel, m_kill, m_spectra})
        row->addWidget(button);
    m_curve = new ConvergencePlot(QStringLiteral("calibrate/convergence"), box);
    m_curve->setTitle(tr("Convergence"));
    m_curve->setAxis(PlotView::Axis::X, tr("tokens"), AxisKind::Count);
    m_curve->setAxis(PlotView::Axis::Y, tr("change of the basis"), AxisKind::Number);
    m_map = new HeatMap(QStringLiteral("calibrate/effective-rank"), box);
    m_map->setTitle(tr("Effective rank of the keys"));
    auto* plots = new QSplitter(Qt::Vertical, box);
    plots->setChildrenCollapsible(false);
    plots->addWidget(m_curve);
    plots->addWidget(m_map);
    plots->setStretchFactor(0, 3);
    plots->setStretchFactor(1, 2);
    auto* layout = new QVBoxLayout(box);
    layout->addWidget(m_state);
    layout->addWidget(m_stage);
    layout->addLayout(row);
    layout->addWidget(m_line);
    layout->addWidget(plots, 1);
    connect(m_cancel, &QPushButton::clicked, this, [this] { jobs()->cancel(m_job); });
    connect(m_kill, &QPushButton::clicked, this, [this] { jobs()->kill(m_job); });
    connect(m_spectra, &QPushButton::clicked, this, [this] {
        if (const Provenance* run = shownRun())
            workspace()->setRuns({run->run.id});
        Q_EMIT actionRequested(QStringLiteral("page:spectra"));
    });
    return box;
}

void CalibratePage::jobsChanged()
{
    if (!jobs())
        return;
    connect(jobs(), &JobController::jobsChanged, this, &CalibratePage::showState);
    connect(jobs(), &JobController::jobProgress, this, &CalibratePage::showProgress);
    connect(jobs(), &JobController::jobMetrics, this,
            [this](qint64 job, const QString& name, const QList<QPointF>& points) {
                if (job == m_job && name == kCurve)
                    for (const QPointF& point : points)
                        m_curve->addPoint(tr("largest change"), point.x(), point.y());
            });
}

void CalibratePage::showEvent(QShowEvent* event)
{
    takePaths();
    Page::showEvent(event);
}

void CalibratePage::takePaths()
{
    const Settings settings;
    const QString model = settings.text(QStringLiteral("model")), text = settings.text(QStringLiteral("text"));
    if (m_model->path().isEmpty() || !model.isEmpty())
        m_model->setPath(model.isEmpty() ? sampleModelFolder() : model);
    if (m_text->path().isEmpty() || !text.isEmpty())
        m_text->setPath(text);
}

void CalibratePage::formChanged()
{
    // "auto" is bf16 almost everywhere, and takes fp32 only where that fits into the memory.
    m_model->setUse(job().engine.type == "fp32" ? 4 : 2, m_window->value());
    const bool good = m_model->isGood() && m_text->isGood();
    m_start->setEnabled(good);
    m_start->setToolTip(good ? tr("The job runs in a process of its own; the window stays usable")
                             : tr("Choose a model and a text first"));
    showEstimate();
}

void CalibratePage::showEstimate()
{
    CalibrateSpecification asked = job();
    const qint64 there = m_text->tokens();
    if (asked.tokens == 0 || asked.tokens > there)
        asked.tokens = there;
    const bool ready = workspace() && workspace()->isOpen() && m_model->isGood() && m_text->isGood();
    m_estimate->setText(ready ? estimateText(estimateCalibration(*workspace(), asked, thisMachine().cpu)) : QString());
}

CalibrateSpecification CalibratePage::job() const
{
    CalibrateSpecification job;
    job.engine = m_engine->options(m_model->path());
    job.text = toStd(m_text->path());
    job.tokens = m_tokens->value();
    job.window = m_window->value();
    job.sinks = m_sinks->value();
    job.weighted = m_weighted->isChecked();
    return job;
}

std::string CalibratePage::specification() const { return nlohmann::json(job()).dump(); }

void CalibratePage::start()
{
    Settings settings;
    settings.setText(QStringLiteral("model"), m_model->path());
    settings.setText(QStringLiteral("text"), m_text->path());
    const auto result = jobs()->submit(RunKind::Calibrate, specification());
    if (const auto* trouble = std::get_if<Problem>(&result)) {
        Q_EMIT problem(*trouble);
        return;
    }
    Q_EMIT problem({});
    m_job = std::get<RowId>(result);
    m_curve->clear();
    showState();
}

bool CalibratePage::isCalibration(RowId job) const
{
    const auto& rows = workspace()->jobs();
    return std::any_of(rows.begin(), rows.end(),
                       [job](const JobRecord& row) { return row.id == job && row.kind == RunKind::Calibrate; });
}

void CalibratePage::refresh()
{
    if (m_job != 0 && !isCalibration(m_job))
        m_job = 0; // of another project
    showState();
    showCurve();
    showSpectra();
    showEstimate();
}

void CalibratePage::showState()
{
    if (!workspace() || !jobs())
        return;
    const auto running = jobs()->running();
    if (running && *running != m_job && isCalibration(*running)) {
        m_job = *running;
        m_curve->clear();
    }
    const bool runs = running && *running == m_job;
    const auto state = jobs()->workerState();
    m_bar->setVisible(runs);
    m_cancel->setVisible(runs);
    m_cancel->setEnabled(state != WorkerClient::State::Cancelling);
    m_kill->setVisible(runs
                       && (state == WorkerClient::State::NotResponding || state == WorkerClient::State::Cancelling));
    m_spectra->setVisible(!runs && shownRun() && shownRun()->run.status == RunStatus::Measured);
    m_stage->setVisible(runs);
    m_line->clear();
    if (runs) {
        m_state->setText(tr("Calibration %1: %2", "job's number, state").arg(m_job).arg(stateText(state)));
        showProgress(m_job);
        return;
    }
    const auto& rows = workspace()->jobs();
    const auto row = std::find_if(rows.begin(), rows.end(), [this](const JobRecord& job) { return job.id == m_job; });
    if (row != rows.end()) {
        m_state->setText(tr("Calibration %1: %2", "job's number, state").arg(m_job).arg(statusText(row->status)));
        if (row->error_message)
            m_line->setText(toQt(*row->error_message) + QLatin1Char('\n') + toQt(row->error_hint.value_or("")));
    } else if (const Provenance* run = shownRun()) {
        m_state->setText(tr("The latest calibration: run %1 of %2").arg(run->run.id).arg(toQt(run->model.name)));
        if (run->run.duration_s && run->run.input_tokens)
            m_line->setText(tr("%1 tokens of %2 in %3")
                                .arg(QLocale().toString(qlonglong(*run->run.input_tokens)),
                                     run->text ? toQt(run->text->name) : tr("an unknown text"),
                                     durationText(*run->run.duration_s)));
    } else {
        m_state->setText(tr("No calibration yet"));
        m_line->setText(tr("Choose a model and a text at the left and start; curve and spectra appear here."));
    }
}

void CalibratePage::showProgress(qint64 job)
{
    if (job != m_job)
        return;
    const LiveJob* live = jobs()->live(job);
    if (!live)
        return;
    m_stage->setText(stageLine(live->progress));
    m_line->setText(progressLine(live->progress));
    if (live->progress.fraction) {
        m_bar->setRange(0, kBarSteps);
        m_bar->setValue(qRound(*live->progress.fraction * kBarSteps));
    } else {
        m_bar->setRange(0, 0);
    }
}

const Provenance* CalibratePage::shownRun() const
{
    const auto& rows = workspace()->runs();
    const auto found = std::find_if(rows.rbegin(), rows.rend(),
                                    [](const Provenance& row) { return row.run.kind == RunKind::Calibrate; });
    return found == rows.rend() ? nullptr : &*found;
}

void CalibratePage::showCurve()
{
    const LiveJob* live = m_job != 0 ? jobs()->live(m_job) : nullptr;
    if (live && (jobs()->running() == m_job || m_curve->pointCount(tr("largest change")) > 0))
        return; // it grows by itself
    m_curve->clear();
    const Provenance* run = shownRun();
    if (!run)
        return;
    try {
        for (const Store::MetricPoint& point : workspace()->store()->metrics(run->run.id))
            if (toQt(point.name) == kCurve)
                m_curve->addPoint(tr("largest change"), point.x, point.value);
    } catch (const Error& error) {
        Q_EMIT problem(toProblem(error));
    }
}

void CalibratePage::showSpectra()
{
    const Provenance* run = shownRun();
    HeatMapData data;
    if (run) {
        data.layers = run->model.layers;
        data.kv_heads = run->model.kv_heads;
        data.values.assign(std::size_t(data.layers) * std::size_t(data.kv_heads),
                           std::numeric_limits<double>::quiet_NaN());
        for (const SpectrumRow& row : workspace()->spectra(run->run.id))
            if (row.record.quantity == "k" && row.record.positions == Positions::AfterSinks
                && row.record.weighting == Weighting::Uniform && row.record.layer < data.layers
                && row.record.kv_head < data.kv_heads)
                data.values[std::size_t(row.record.layer) * std::size_t(data.kv_heads)
                            + std::size_t(row.record.kv_head)] = row.record.effective_rank;
    }
    m_map->setData(std::move(data), tr("effective rank"), AxisKind::Number);
}

QList<PageFigure> CalibratePage::figures() const
{
    QList<PageFigure> out;
    for (PlotView* plot : {static_cast<PlotView*>(m_curve), static_cast<PlotView*>(m_map)})
        out.append({QString(plot->id()).replace(QLatin1Char('/'), QLatin1Char('-')), plot->title(), plot->description(),
                    [plot](QSizeF size) { return plot->figure(FigureFormat::Svg, {.size_mm = size}); },
                    [plot] { return toCsv(plot->table()); }});
    return out;
}

QJsonObject CalibratePage::saveState() const
{
    QJsonObject state{{QStringLiteral("tokens"), m_tokens->value()},
                      {QStringLiteral("window"), m_window->value()},
                      {QStringLiteral("sinks"), m_sinks->value()},
                      {QStringLiteral("weighted"), m_weighted->isChecked()}};
    m_engine->saveState(state);
    return state;
}

void CalibratePage::restoreState(const QJsonObject& state)
{
    const auto number = [&state](const char* key, QSpinBox* box) {
        const QJsonValue value = state.value(QLatin1String(key));
        if (value.isDouble())
            box->setValue(value.toInt(box->value()));
    };
    number("tokens", m_tokens);
    number("window", m_window);
    number("sinks", m_sinks);
    m_weighted->setChecked(state.value(QLatin1String("weighted")).toBool(m_weighted->isChecked()));
    m_engine->restoreState(state);
}

} // namespace kvw
