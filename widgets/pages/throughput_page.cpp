// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/throughput_page.h"

#include "core/report/table.h"
#include "widgets/models/comparison_model.h"
#include "widgets/models/record_view.h"
#include "widgets/pages/page_tables.h"
#include "widgets/pages/quality_curves.h"
#include "widgets/pages/speed_form.h"
#include "widgets/plots/stacked_bars.h"
#include "widgets/plots/throughput_plot.h"

#include <QComboBox>
#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <map>
#include <set>

namespace kvw {
namespace {

constexpr std::size_t kMostBars = 24; ///< more would be lines

QStringList names(std::initializer_list<const char*> list)
{
    QStringList out;
    for (const char* name : list)
        out.append(QLatin1String(name));
    return out;
}

} // namespace

ThroughputPage::ThroughputPage(QWidget* parent)
    : Page(parent),
      m_form(new SpeedForm(this)),
      m_tabs(new QTabWidget(this))
{
    addPanel(QStringLiteral("runs"), tr("Runs"));
    addPanel(QStringLiteral("throughput"), tr("Speed"));
    addPanel(QStringLiteral("memory"), tr("Memory"));
    addPanel(QStringLiteral("quality"), tr("Quality"));
    auto* measure = new QToolButton(this);
    measure->setText(tr("Measure speed…"));
    measure->setToolTip(tr("Decoding and prefill of configurations in turn, with the bandwidth of this machine"));
    measure->setCheckable(true);
    m_tabs->setCornerWidget(measure);
    m_form->hide();
    connect(measure, &QToolButton::toggled, m_form, &QWidget::setVisible);
    connect(m_form, &SpeedForm::submitted, measure, [measure] { measure->setChecked(false); });
    connect(m_form, &SpeedForm::problem, this, &Page::problem);
    m_rows = new QSplitter(Qt::Vertical, this);
    m_rows->addWidget(m_tabs);
    m_rows->addWidget(makeFigures());
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(0, 1);
    m_rows->setStretchFactor(1, 1);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(m_form);
    layout->addWidget(m_rows, 1);
}

ThroughputPage::~ThroughputPage() = default;

RecordPanel* ThroughputPage::addPanel(const QString& name, const QString& title)
{
    auto* panel = new RecordPanel(title, this);
    panel->setObjectName(name);
    panel->view()->setDefaultFileName(name);
    const int room = fontMetrics().height() / 3;
    panel->layout()->setContentsMargins(room, room, room, room);
    m_tabs->addTab(panel, title);
    m_panels.push_back(panel);
    connect(panel->view(), &RecordView::picksChanged, this,
            [this, panel] { workspace()->setRuns(panel->view()->pickedRuns()); });
    connect(panel->view(), &RecordView::problem, this, &Page::problem);
    return panel;
}

QWidget* ThroughputPage::makeFigures()
{
    m_measurement = new QComboBox(this);
    m_place = new QComboBox(this);
    m_measurement->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_place->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_measurement->setAccessibleName(tr("Measurement"));
    m_place->setAccessibleName(tr("Context and batch"));
    m_bars = new StackedBars(QStringLiteral("throughput/ledger"), this);
    m_plot = new ThroughputPlot(QStringLiteral("throughput/decode"), this);
    connect(m_measurement, &QComboBox::currentIndexChanged, this, [this] {
        fillPlaces();
        showFigures();
    });
    connect(m_place, &QComboBox::currentIndexChanged, this, &ThroughputPage::showFigures);
    connect(m_bars, &StackedBars::currentBarChanged, this, [this] {
        if (const auto bar = m_bars->currentBar(); bar && static_cast<std::size_t>(*bar) < m_barRuns.size())
            workspace()->setRuns({m_barRuns[static_cast<std::size_t>(*bar)]});
    });
    for (PlotView* plot : {static_cast<PlotView*>(m_bars), static_cast<PlotView*>(m_plot)})
        connect(plot, &PlotView::problem, this, &Page::problem);
    auto* tools = new QHBoxLayout;
    for (const auto& [text, box] : {std::pair{tr("Fi&gures of"), m_measurement}, std::pair{tr("&at"), m_place}}) {
        auto* label = new QLabel(text, this);
        label->setBuddy(box);
        tools->addWidget(label);
        tools->addWidget(box);
    }
    tools->addStretch(1);
    m_columns = new QSplitter(Qt::Horizontal, this);
    m_columns->addWidget(m_bars);
    m_columns->addWidget(m_plot);
    m_columns->setChildrenCollapsible(false);
    auto* box = new QWidget(this);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(tools);
    layout->addWidget(m_columns, 1);
    return box;
}

void ThroughputPage::setSources()
{
    const auto set = [this](std::size_t panel, const auto& rows, const QStringList& columns) {
        using Row = typename std::decay_t<decltype(rows())>::value_type;
        m_panels[panel]->records()->setSource(
            make_table(std::span<const Row>()).columns,
            [rows](ColumnChoice only) { return make_table(std::span<const Row>(rows()), only); }, columns);
    };
    set(
        0, [this]() -> auto& { return workspace()->runs(); },
        names({"run", "kind", "status", "configuration", "model_name", "text_name", "protocol", "window_tokens",
               "started_at", "duration_s", "device", "type"}));
    set(
        1, [this]() -> auto& { return workspace()->throughput(); },
        names({"run", "configuration", "context", "batch", "prefill_tokens_per_s", "decode_tokens_per_s_median",
               "decode_tokens_per_s_p10", "decode_tokens_per_s_p90", "bytes_per_step", "bandwidth_gb_s", "device",
               "type", "started_at"}));
    set(
        2, [this]() -> auto& { return workspace()->memory(); },
        names({"run", "configuration", "context", "batch", "payload_bytes", "scales_bytes", "raw_bytes",
               "padding_bytes", "cache_bytes", "bits_per_value", "fixed_bytes", "scratch_bytes", "allocator_bytes",
               "peak_rss_bytes"}));
    set(
        3, [this]() -> auto& { return workspace()->quality(); },
        names({"run", "configuration", "ppl", "rel_ppl", "rel_ppl_lo", "rel_ppl_hi", "kl_mean", "kl_p99", "top1",
               "bits_per_value", "cache_bytes", "protocol", "window_tokens", "scored_tokens", "text_name"}));
}

void ThroughputPage::refresh()
{
    if (m_panels[0]->records()->allColumns().empty())
        setSources();
    else
        for (RecordPanel* panel : m_panels)
            panel->records()->refresh();
    m_form->setWorkspace(*workspace());
    fillMeasurements();
    fillPlaces();
    showFigures();
}

void ThroughputPage::jobsChanged() { m_form->setJobs(jobs()); }

void ThroughputPage::showSelection()
{
    const std::vector<RowId>& runs = workspace()->selection().runs;
    for (RecordPanel* panel : m_panels)
        panel->view()->pickRuns(runs);
    const auto bar = runs.empty() ? m_barRuns.end() : std::find(m_barRuns.begin(), m_barRuns.end(), runs.front());
    m_bars->setCurrentBar(bar == m_barRuns.end() ? std::nullopt
                                                 : std::optional(static_cast<int>(bar - m_barRuns.begin())));
}

RowId ThroughputPage::measurement() const { return m_measurement->currentData().toLongLong(); }

ThroughputPage::Place ThroughputPage::place() const
{
    const QPoint data = m_place->currentData().toPoint();
    return {data.x(), data.y()};
}

void ThroughputPage::fillMeasurements()
{
    std::set<RowId> all;
    for (const MemoryRow& row : workspace()->memory())
        all.insert(measurementOf(row.source));
    // A benchmark has both figures, so the newest of them is what one sees first.
    RowId newest_bench = 0;
    for (const ThroughputRow& row : workspace()->throughput())
        newest_bench = std::max(newest_bench, measurementOf(row.source));
    const RowId before = measurement();
    const QSignalBlocker blocker(m_measurement);
    m_measurement->clear();
    for (auto id = all.rbegin(); id != all.rend(); ++id)
        if (const Provenance* run = workspace()->run(*id))
            m_measurement->addItem(tr("%1, %2").arg(runTitle(*run), toQt(run->model.name)), qlonglong(*id));
    const int kept = m_measurement->findData(qlonglong(before));
    m_measurement->setCurrentIndex(std::max(0, kept >= 0 ? kept : m_measurement->findData(qlonglong(newest_bench))));
}

void ThroughputPage::fillPlaces()
{
    std::set<Place> all;
    for (const MemoryRow& row : workspace()->memory())
        if (measurementOf(row.source) == measurement())
            all.insert({row.record.context, row.record.batch});
    const Place before = place();
    const QSignalBlocker blocker(m_place);
    m_place->clear();
    for (const Place& one : all)
        m_place->addItem(tr("context %1, batch %2").arg(one.context).arg(one.batch),
                         QPoint(static_cast<int>(one.context), static_cast<int>(one.batch)));
    const auto kept = all.find(before);
    m_place->setCurrentIndex(kept == all.end() ? m_place->count() - 1
                                               : static_cast<int>(std::distance(all.begin(), kept)));
}

void ThroughputPage::showFigures()
{
    fillBars();
    fillPlot();
}

QString ThroughputPage::describeMeasurement() const
{
    const Provenance* run = workspace()->run(measurement());
    return run
        ? tr("%1; model %2, %3, %4")
              .arg(runTitle(*run), toQt(run->model.name), toQt(run->environment.device), toQt(run->environment.type))
        : QString();
}

void ThroughputPage::fillBars()
{
    std::vector<StackedBar> bars;
    m_barRuns.clear();
    for (const MemoryRow& row : workspace()->memory()) {
        const Ledger& ledger = row.record.ledger;
        if (measurementOf(row.source) != measurement() || row.record.context != place().context
            || row.record.batch != place().batch || bars.size() == kMostBars)
            continue;
        bars.push_back({toQt(row.record.configuration),
                        {ledger.payload_bytes, ledger.scales_bytes, ledger.raw_bytes, ledger.padding_bytes,
                         ledger.fixed_bytes, ledger.scratch_bytes}});
        m_barRuns.push_back(row.record.run);
    }
    m_bars->setTitle(tr("Bytes of the cache, %1").arg(m_place->currentText()));
    m_bars->setDescription(describeMeasurement());
    m_bars->setBars(std::move(bars),
                    {tr("Payload"), tr("Scales"), tr("Raw tokens"), tr("Padding"), tr("Bases"), tr("Scratch")},
                    tr("Bytes"), AxisKind::Bytes);
}

void ThroughputPage::fillPlot()
{
    std::map<std::string, std::vector<ThroughputPoint>> points;
    std::vector<std::string> order;
    for (const ThroughputRow& row : workspace()->throughput()) {
        const ThroughputSummary& speed = row.record;
        if (measurementOf(row.source) != measurement() || speed.batch != place().batch)
            continue;
        if (points[speed.configuration].empty())
            order.push_back(speed.configuration);
        ThroughputPoint point;
        point.context = static_cast<double>(speed.context);
        point.median = speed.decode_tokens_per_s_median;
        point.p10 = speed.decode_tokens_per_s_p10;
        point.p90 = speed.decode_tokens_per_s_p90;
        point.bound = speed.bound_tokens_per_s();
        points[speed.configuration].push_back(point);
    }
    std::vector<ThroughputCurve> curves;
    for (const std::string& config : order) {
        std::vector<ThroughputPoint>& own = points[config];
        std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.context < b.context; });
        curves.push_back({toQt(config), std::move(own)});
    }
    m_plot->setVisible(!curves.empty());
    m_plot->setTitle(tr("Speed of decoding, batch %1").arg(place().batch));
    m_plot->setDescription(describeMeasurement());
    m_plot->setCurves(std::move(curves));
}

std::optional<EmptyStateText> ThroughputPage::emptyState() const
{
    if (!workspace() || !workspace()->runs().empty())
        return std::nullopt;
    return EmptyStateText{title(),
                          tr("This project has no runs yet. Calibrate a model, then measure its quality or its speed."),
                          tr("Calibrate…"), QStringLiteral("page:calibrate")};
}

QList<PageFigure> ThroughputPage::figures() const
{
    QList<PageFigure> out;
    if (!m_bars->bars().empty())
        out.append(figureOf(m_bars, QStringLiteral("memory-ledger")));
    if (!m_plot->curves().empty())
        out.append(figureOf(m_plot, QStringLiteral("throughput-decode")));
    return out;
}

QList<PageTable> ThroughputPage::tables() const
{
    QList<PageTable> out;
    for (int i = 0; i < m_tabs->count(); ++i) {
        const RecordPanel* panel = m_panels[static_cast<std::size_t>(i)];
        if (panel->filter()->rowCount() > 0)
            out.append(tableOf(*panel->filter(), panel->objectName(), m_tabs->tabText(i)));
    }
    return out;
}

QJsonObject ThroughputPage::saveState() const
{
    QJsonObject state{{QStringLiteral("tab"), m_panels[static_cast<std::size_t>(m_tabs->currentIndex())]->objectName()},
                      {QStringLiteral("rows"), QString::fromLatin1(m_rows->saveState().toBase64())},
                      {QStringLiteral("columns"), QString::fromLatin1(m_columns->saveState().toBase64())},
                      {QStringLiteral("form"), m_form->saveState()}};
    for (const RecordPanel* panel : m_panels)
        state.insert(panel->objectName(), panel->view()->saveState());
    return state;
}

void ThroughputPage::restoreState(const QJsonObject& state)
{
    m_form->restoreState(state.value(QStringLiteral("form")).toObject());
    m_rows->restoreState(QByteArray::fromBase64(state.value(QStringLiteral("rows")).toString().toLatin1()));
    m_columns->restoreState(QByteArray::fromBase64(state.value(QStringLiteral("columns")).toString().toLatin1()));
    if (m_panels[0]->records()->allColumns().empty() && workspace())
        setSources();
    for (RecordPanel* panel : m_panels) {
        if (!panel->records()->allColumns().empty())
            panel->view()->restoreState(state.value(panel->objectName()).toObject());
        if (panel->objectName() == state.value(QStringLiteral("tab")).toString())
            m_tabs->setCurrentWidget(panel);
    }
}

} // namespace kvw
