// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/quality_page.h"

#include "core/report/table.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/comparison_model.h"
#include "widgets/models/record_view.h"
#include "widgets/pages/page_tables.h"
#include "widgets/pages/quality_curves.h"
#include "widgets/pages/sweep_form.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSplitter>
#include <QToolButton>

#include <algorithm>

namespace kvw {
namespace {

/// The figures that may stand side by side: of one model, text and protocol.
bool comparable(const Provenance& a, const Provenance& b)
{
    return a.model.hash == b.model.hash && a.run.text_hash == b.run.text_hash && a.run.protocol == b.run.protocol
        && a.run.window_tokens == b.run.window_tokens;
}

} // namespace

QualityPage::QualityPage(QWidget* parent) : Page(parent), m_form(new SweepForm(this))
{
    m_form->hide();
    m_plot = new RankQualityPlot(QStringLiteral("quality/plot"), this);
    m_panel = new RecordPanel(tr("Quality"), this);
    m_panel->view()->setDefaultFileName(QStringLiteral("quality"));
    m_panel->setObjectName(QStringLiteral("quality"));
    auto* tools = makeTools();
    m_rows = new QSplitter(Qt::Vertical, this);
    m_rows->addWidget(m_plot);
    m_rows->addWidget(m_panel);
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(0, 3);
    m_rows->setStretchFactor(1, 2);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(tools);
    layout->addWidget(m_form);
    layout->addWidget(m_rows, 1);
    setMeasures(QualityMeasure::BitsPerValue, QualityMeasure::RelativePpl);
    m_logY->setChecked(true); // from a ten-thousandth to several times
    connect(m_form, &SweepForm::problem, this, &Page::problem);
    connect(m_form, &SweepForm::submitted, m_compose, [this] { m_compose->setChecked(false); });
    connect(m_plot, &PlotView::problem, this, &Page::problem);
    connect(m_plot, &RankQualityPlot::runActivated, this, [this](RowId run) { workspace()->setRuns({run}); });
    connect(m_panel->view(), &RecordView::picksChanged, this,
            [this] { workspace()->setRuns(m_panel->view()->pickedRuns()); });
    connect(m_panel->view(), &RecordView::problem, this, &Page::problem);
}

QualityPage::~QualityPage() = default;

QWidget* QualityPage::makeTools()
{
    auto* box = new QWidget(this);
    m_menu = new QMenu(this);
    m_measurements = new QToolButton(box);
    m_measurements->setText(tr("Meas&urements"));
    m_measurements->setToolTip(tr("Sweeps and measurements that are drawn"));
    m_measurements->setPopupMode(QToolButton::InstantPopup);
    m_measurements->setMenu(m_menu);
    m_compose = new QToolButton(box);
    m_compose->setText(tr("&New sweep…"));
    m_compose->setToolTip(tr("Many configurations measured on one text"));
    m_compose->setCheckable(true);
    m_x = new QComboBox(box);
    m_y = new QComboBox(box);
    for (const QualityMeasure measure : kQualityMeasures)
        for (QComboBox* axis : {m_x, m_y})
            axis->addItem(RankQualityPlot::text(measure), static_cast<int>(measure));
    m_x->setAccessibleName(tr("Horizontal axis"));
    m_y->setAccessibleName(tr("Vertical axis"));
    m_logX = new QCheckBox(tr("&log x"), box);
    m_logY = new QCheckBox(tr("lo&g y"), box);
    auto* over = new QLabel(tr("over"), box);
    over->setBuddy(m_x);
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    for (QWidget* each :
         {static_cast<QWidget*>(m_measurements), static_cast<QWidget*>(m_y), static_cast<QWidget*>(m_logY),
          static_cast<QWidget*>(over), static_cast<QWidget*>(m_x), static_cast<QWidget*>(m_logX)})
        layout->addWidget(each);
    layout->addStretch(1);
    layout->addWidget(m_compose);
    connect(m_compose, &QToolButton::toggled, m_form, &QWidget::setVisible);
    for (QComboBox* axis : {m_x, m_y})
        connect(axis, &QComboBox::currentIndexChanged, this, [this] {
            m_plot->setMeasures(static_cast<QualityMeasure>(m_x->currentData().toInt()),
                                static_cast<QualityMeasure>(m_y->currentData().toInt()));
        });
    for (const auto& [check, axis] : {std::pair{m_logX, PlotView::Axis::X}, std::pair{m_logY, PlotView::Axis::Y}}) {
        connect(check, &QCheckBox::toggled, m_plot,
                [this, axis](bool on) { m_plot->setScale(axis, on ? PlotView::Scale::Log : PlotView::Scale::Linear); });
    }
    connect(m_plot, &PlotView::scaleChanged, this, [this] {
        m_logX->setChecked(m_plot->scale(PlotView::Axis::X) == PlotView::Scale::Log);
        m_logY->setChecked(m_plot->scale(PlotView::Axis::Y) == PlotView::Scale::Log);
    });
    return box;
}

void QualityPage::setMeasures(QualityMeasure x, QualityMeasure y)
{
    m_x->setCurrentIndex(m_x->findData(static_cast<int>(x)));
    m_y->setCurrentIndex(m_y->findData(static_cast<int>(y)));
    m_plot->setMeasures(x, y);
}

std::optional<EmptyStateText> QualityPage::emptyState() const
{
    if (!workspace() || !workspace()->quality().empty() || !workspace()->calibrations().empty())
        return std::nullopt;
    return EmptyStateText{tr("Rank and bits against quality"),
                          tr("This project has measured no quality yet. Calibrate a model first; then a sweep measures "
                             "what compression costs."),
                          tr("Calibrate…"), QStringLiteral("page:calibrate")};
}

void QualityPage::refresh()
{
    if (m_panel->records()->allColumns().empty())
        setSource();
    else
        m_panel->records()->refresh();
    m_form->setWorkspace(*workspace());
    if (workspace()->quality().empty())
        m_compose->setChecked(true); // nothing else to do here
    fillMeasurements();
    showCurves();
}

void QualityPage::jobsChanged() { m_form->setJobs(jobs()); }

void QualityPage::showSelection()
{
    const std::vector<RowId>& runs = workspace()->selection().runs;
    m_panel->view()->pickRuns(runs);
    m_plot->setCurrentRun(runs.empty() ? std::nullopt : std::optional(runs.front()));
}

void QualityPage::setSource()
{
    QStringList columns;
    for (const char* name :
         {"run", "configuration", "ppl", "rel_ppl", "rel_ppl_lo", "rel_ppl_hi", "kl_mean", "kl_p99", "top1",
          "bits_per_value", "cache_bytes", "protocol", "window_tokens", "scored_tokens", "text_name"})
        columns << QLatin1String(name);
    m_panel->records()->setSource(
        make_table(std::span<const QualityRow>()).columns,
        [this](ColumnChoice only) { return make_table(std::span<const QualityRow>(workspace()->quality()), only); },
        columns);
}

/// The newest measurement is shown, with all others that it may be compared with; and a new one beside what is shown.
void QualityPage::chooseMeasurements()
{
    std::set<RowId> all;
    const Provenance* newest = nullptr;
    for (const QualityRow& row : workspace()->quality()) {
        all.insert(measurementOf(row.source));
        if (!newest || measurementOf(row.source) >= measurementOf(*newest))
            newest = &row.source;
    }
    std::erase_if(m_shown, [&all](RowId run) { return !all.contains(run); });
    const bool fresh = m_shown.empty() || (!all.empty() && !m_known.contains(*all.rbegin()));
    m_known = all;
    if (!fresh || !newest)
        return;
    for (const QualityRow& row : workspace()->quality())
        if (comparable(row.source, *newest))
            m_shown.insert(measurementOf(row.source));
}

void QualityPage::fillMeasurements()
{
    chooseMeasurements();
    m_menu->clear();
    for (auto run = m_known.rbegin(); run != m_known.rend(); ++run) {
        const Provenance* source = workspace()->run(*run);
        if (!source)
            continue;
        auto* action = m_menu->addAction(tr("%1, %2, %3")
                                             .arg(runTitle(*source), toQt(source->model.name),
                                                  source->text ? toQt(source->text->name) : tr("unknown text")));
        action->setCheckable(true);
        action->setChecked(m_shown.contains(*run));
        connect(action, &QAction::toggled, this, [this, id = *run](bool on) {
            if (on)
                m_shown.insert(id);
            else
                m_shown.erase(id);
            showCurves();
        });
    }
    m_measurements->setEnabled(!m_menu->isEmpty());
}

void QualityPage::setShownMeasurements(std::set<RowId> measurements)
{
    m_shown = std::move(measurements);
    fillMeasurements();
    showCurves();
}

QString QualityPage::describe() const
{
    QStringList parts;
    for (const RowId run : m_shown)
        if (const Provenance* source = workspace()->run(run))
            parts << tr("%1 of %2 on %3, protocol %4")
                         .arg(runTitle(*source), toQt(source->model.name),
                              source->text ? toQt(source->text->name) : tr("unknown text"),
                              toQt(source->run.protocol.value_or("?")));
    return parts.join(QStringLiteral("; "));
}

void QualityPage::showCurves()
{
    m_plot->setTitle(tr("What compression costs"));
    m_plot->setDescription(describe());
    m_plot->setCurves(qualityCurves(workspace()->quality(), m_shown));
    showSelection();
}

QList<PageFigure> QualityPage::figures() const
{
    if (m_plot->curves().empty())
        return {};
    return {figureOf(m_plot, QStringLiteral("quality-plot"))};
}

QList<PageTable> QualityPage::tables() const
{
    if (m_panel->filter()->rowCount() == 0)
        return {};
    return {tableOf(*m_panel->filter(), QStringLiteral("quality"), tr("Quality"))};
}

QJsonObject QualityPage::saveState() const
{
    return {{QStringLiteral("x"), m_x->currentData().toInt()},
            {QStringLiteral("y"), m_y->currentData().toInt()},
            {QStringLiteral("log_x"), m_logX->isChecked()},
            {QStringLiteral("log_y"), m_logY->isChecked()},
            {QStringLiteral("form"), m_form->saveState()},
            {QStringLiteral("table"), m_panel->view()->saveState()},
            {QStringLiteral("rows"), QString::fromLatin1(m_rows->saveState().toBase64())}};
}

void QualityPage::restoreState(const QJsonObject& state)
{
    const auto choose = [&state](const char* key, QComboBox* box) {
        if (const QJsonValue value = state.value(QLatin1String(key)); value.isDouble())
            if (const int at = box->findData(value.toInt()); at >= 0)
                box->setCurrentIndex(at);
    };
    choose("x", m_x);
    choose("y", m_y);
    m_logX->setChecked(state.value(QLatin1String("log_x")).toBool(m_logX->isChecked()));
    m_logY->setChecked(state.value(QLatin1String("log_y")).toBool(m_logY->isChecked()));
    m_form->restoreState(state.value(QLatin1String("form")).toObject());
    m_rows->restoreState(QByteArray::fromBase64(state.value(QLatin1String("rows")).toString().toLatin1()));
    if (m_panel->records()->allColumns().empty() && workspace())
        setSource();
    if (!m_panel->records()->allColumns().empty())
        m_panel->view()->restoreState(state.value(QLatin1String("table")).toObject());
}

} // namespace kvw
