// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/compare_page.h"

#include "core/report/table.h"
#include "widgets/models/comparison_model.h"
#include "widgets/models/record_view.h"
#include "widgets/models/table_view.h"
#include "widgets/pages/page_tables.h"
#include "widgets/plots/spectrum_plot.h"
#include "widgets/plots/throughput_plot.h"

#include <QComboBox>
#include <QFrame>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QStyle>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

TableView* makeView(QAbstractItemModel* model, const QString& name, QWidget* parent)
{
    auto* view = new TableView(parent);
    view->setModel(model);
    view->setAccessibleName(name);
    view->horizontalHeader()->setTextElideMode(Qt::ElideMiddle);
    return view;
}

bool isCalibration(const ComparedRun& run) { return !run.spectra.empty(); }

} // namespace

ComparePage::ComparePage(QWidget* parent)
    : Page(parent),
      m_figures(new FigureModel(this)),
      m_settings(new SettingModel(this)),
      m_comparison(std::make_unique<Comparison>())
{
    m_splitter = new QSplitter(Qt::Vertical, this);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(makeList());
    m_splitter->addWidget(makeComparison());
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setStretchFactor(1, 2);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(m_splitter);
}

ComparePage::~ComparePage() = default;

QWidget* ComparePage::makeList()
{
    m_panel = new RecordPanel(tr("Runs to compare"), this);
    m_panel->view()->setDefaultFileName(QStringLiteral("runs"));
    connect(m_panel->view(), &RecordView::picksChanged, this, [this] {
        // Runs that were picked before keep their order, so that the baseline stays one.
        std::vector<RowId> picked = m_panel->view()->pickedRuns(), runs;
        for (const RowId run : workspace()->selection().runs)
            if (std::find(picked.begin(), picked.end(), run) != picked.end())
                runs.push_back(run);
        for (const RowId run : picked)
            if (std::find(runs.begin(), runs.end(), run) == runs.end())
                runs.push_back(run);
        workspace()->setRuns(runs);
    });
    connect(m_panel->view(), &RecordView::problem, this, &Page::problem);
    return m_panel;
}

QWidget* ComparePage::makeComparison()
{
    auto* box = new QWidget(this);
    m_baseline = new QComboBox(box);
    m_baseline->setAccessibleName(tr("Baseline"));
    m_baseline->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_baseline->setMinimumContentsLength(30);
    m_swap = new QPushButton(tr("S&wap"), box);
    m_swap->setToolTip(tr("The next run becomes the baseline"));
    auto* label = new QLabel(tr("&Baseline"), box);
    label->setBuddy(m_baseline);
    auto* tools = new QHBoxLayout;
    tools->addWidget(label);
    tools->addWidget(m_baseline);
    tools->addWidget(m_swap);
    tools->addStretch(1);
    m_warning = new QFrame(box);
    m_warning->setFrameShape(QFrame::StyledPanel);
    m_objections = new QLabel(m_warning);
    m_objections->setWordWrap(true);
    m_objections->setTextFormat(Qt::PlainText);
    m_objections->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* sign = new QLabel(m_warning);
    const int side = style()->pixelMetric(QStyle::PM_LargeIconSize);
    sign->setPixmap(style()->standardIcon(QStyle::SP_MessageBoxWarning).pixmap(side));
    m_anyway = new QPushButton(tr("Compare &anyway"), m_warning);
    auto* warning = new QHBoxLayout(m_warning);
    warning->addWidget(sign, 0, Qt::AlignTop);
    warning->addWidget(m_objections, 1);
    warning->addWidget(m_anyway, 0, Qt::AlignTop);
    m_hint = new QLabel(tr("Pick two runs or more in the table above (Ctrl+click, or Ctrl+Space)."), box);
    m_hint->setAlignment(Qt::AlignCenter);
    m_tabs = new QTabWidget(box);
    m_tabs->addTab(makeView(m_figures, tr("Figures of the runs"), box), tr("Figures"));
    m_tabs->addTab(makeView(m_settings, tr("Settings of the runs"), box), tr("Settings"));
    m_quantity = new QComboBox(box);
    m_quantity->setAccessibleName(tr("Quantity"));
    for (const auto& [text, word] :
         {std::pair{tr("Keys before the rotary embedding"), "k_pre"}, std::pair{tr("Keys"), "k"},
          std::pair{tr("Values"), "v"}, std::pair{tr("Query-key product"), "qk"}})
        m_quantity->addItem(text, QLatin1String(word));
    m_spectra = new SpectrumPlot(QStringLiteral("compare/spectra"), SpectrumPlot::Shown::Energy, box);
    m_speeds = new ThroughputPlot(QStringLiteral("compare/decode"), box);
    auto* spectra = new QWidget(box);
    auto* column = new QVBoxLayout(spectra);
    column->addWidget(m_quantity, 0, Qt::AlignLeft);
    column->addWidget(m_spectra, 1);
    m_tabs->addTab(spectra, tr("Spectra"));
    m_tabs->addTab(m_speeds, tr("Speed"));
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(tools);
    layout->addWidget(m_warning);
    layout->addWidget(m_hint, 1);
    layout->addWidget(m_tabs, 1);
    connect(m_baseline, &QComboBox::activated, this, &ComparePage::setBaseline);
    connect(m_swap, &QPushButton::clicked, this, &ComparePage::swapBaseline);
    connect(m_anyway, &QPushButton::clicked, this, &ComparePage::compareAnyway);
    connect(m_quantity, &QComboBox::currentIndexChanged, this, &ComparePage::fillSpectra);
    for (PlotView* plot : {static_cast<PlotView*>(m_spectra), static_cast<PlotView*>(m_speeds)})
        connect(plot, &PlotView::problem, this, &Page::problem);
    return box;
}

void ComparePage::refresh()
{
    if (m_panel->records()->allColumns().empty()) {
        QStringList columns;
        for (const char* name : {"run", "kind", "configuration", "status", "model_name", "text_name", "protocol",
                                 "window_tokens", "input_tokens", "started_at", "parent_run"})
            columns.append(QLatin1String(name));
        m_panel->records()->setSource(
            make_table(std::span<const Provenance>()).columns,
            [this](ColumnChoice only) { return make_table(std::span<const Provenance>(workspace()->runs()), only); },
            columns);
    } else {
        m_panel->records()->refresh();
    }
    // A sweep or a benchmark has its figures in its parts.
    std::set<RowId> parents, with_figures;
    for (const Provenance& row : workspace()->runs())
        if (row.run.parent_run)
            parents.insert(*row.run.parent_run);
    for (const Provenance& row : workspace()->runs())
        if (row.run.status == RunStatus::Measured && !parents.contains(row.run.id))
            with_figures.insert(row.run.id);
    m_panel->filter()->setRuns(with_figures);
}

void ComparePage::showSelection()
{
    m_panel->view()->pickRuns(workspace()->selection().runs);
    m_baselineIndex = 0;
    compare();
}

void ComparePage::compare()
{
    m_runs = comparedRuns(*workspace(), workspace()->selection().runs);
    *m_comparison = {};
    QStringList titles;
    for (const ComparedRun& run : m_runs)
        titles.append(runTitle(run.source));
    if (m_runs.size() >= 2) {
        m_baselineIndex = std::min(m_baselineIndex, m_runs.size() - 1);
        try {
            *m_comparison = compare_runs(m_runs, m_baselineIndex);
        } catch (const Error& error) {
            Q_EMIT problem(toProblem(error));
            m_runs.clear();
        }
    }
    const QSignalBlocker blocker(m_baseline);
    m_baseline->clear();
    m_baseline->addItems(titles);
    m_baseline->setCurrentIndex(static_cast<int>(m_baselineIndex));
    m_figures->setComparison(*m_comparison, m_runs.size() >= 2 ? titles : QStringList());
    m_settings->setComparison(*m_comparison, m_runs.size() >= 2 ? titles : QStringList());
    fillSpectra();
    fillSpeeds();
    showObjections();
    for (int tab = 0; tab < 2; ++tab)
        qobject_cast<TableView*>(m_tabs->widget(tab))->fitColumns();
}

QString ComparePage::objections() const
{
    const bool waved = std::all_of(m_runs.begin(), m_runs.end(),
                                   [this](const ComparedRun& run) { return m_waved.contains(run.source.run.id); });
    QStringList lines;
    if (!waved)
        for (const std::string& sentence : m_comparison->objections)
            lines.append(toQt(sentence));
    return lines.join(QLatin1Char('\n'));
}

bool ComparePage::isShown() const { return m_runs.size() >= 2 && objections().isEmpty(); }

void ComparePage::showObjections()
{
    const bool some = m_runs.size() >= 2;
    m_objections->setText(objections());
    m_warning->setVisible(some && !isShown());
    m_hint->setVisible(!some);
    m_tabs->setVisible(isShown());
    m_baseline->setEnabled(isShown());
    m_swap->setEnabled(isShown());
    m_tabs->setTabVisible(2, std::any_of(m_runs.begin(), m_runs.end(), isCalibration));
    m_tabs->setTabVisible(3, !m_speeds->curves().empty());
}

void ComparePage::setBaseline(int index)
{
    m_baselineIndex = static_cast<std::size_t>(std::max(0, index));
    compare();
}

void ComparePage::swapBaseline()
{
    if (m_runs.size() >= 2)
        setBaseline(static_cast<int>((m_baselineIndex + 1) % m_runs.size()));
}

void ComparePage::compareAnyway()
{
    for (const ComparedRun& run : m_runs)
        m_waved.insert(run.source.run.id);
    showObjections();
}

void ComparePage::fillSpectra()
{
    // The mean over the picked heads, or over all of them: one curve a run can be told apart, hundreds cannot.
    const Selection& selection = workspace() ? workspace()->selection() : Selection();
    const std::string quantity = toStd(m_quantity->currentData().toString());
    std::vector<SpectrumCurve> curves;
    for (const ComparedRun& run : m_runs) {
        std::vector<double> sum;
        int heads = 0;
        for (const SpectrumRecord& spectrum : run.spectra) {
            const bool wanted = selection.heads.empty() || selection.has(HeadId{spectrum.layer, spectrum.kv_head});
            if (spectrum.quantity != quantity || spectrum.positions != Positions::All
                || spectrum.weighting != Weighting::Uniform || !wanted)
                continue;
            sum.resize(std::max(sum.size(), spectrum.eigenvalues.size()));
            for (std::size_t i = 0; i < spectrum.eigenvalues.size(); ++i)
                sum[i] += spectrum.eigenvalues[i];
            ++heads;
        }
        for (double& value : sum)
            value /= std::max(1, heads);
        if (!sum.empty()) {
            SeriesLook look;
            look.colour = look.dash = static_cast<int>(curves.size());
            curves.push_back({runTitle(run.source), look, std::move(sum)});
        }
    }
    m_spectra->setTitle(tr("Energy of %1").arg(m_quantity->currentText()));
    m_spectra->setDescription(selection.heads.empty() ? tr("Mean over all layers and heads")
                                                      : tr("Mean over the picked heads"));
    m_spectra->setCurves(std::move(curves));
}

void ComparePage::fillSpeeds()
{
    std::vector<ThroughputCurve> curves;
    std::map<std::pair<std::string, RowId>, std::size_t> known;
    for (const ComparedRun& run : m_runs)
        for (const ThroughputSummary& speed : run.throughput) {
            // Every context is a run of its own; those of one benchmark are one curve.
            const std::pair key(speed.configuration + " " + std::to_string(speed.batch),
                                run.source.run.parent_run.value_or(run.source.run.id));
            const auto [place, is_new] = known.emplace(key, curves.size());
            if (is_new)
                curves.push_back(
                    {tr("%1, batch %2 (run %3)").arg(toQt(speed.configuration)).arg(speed.batch).arg(key.second), {}});
            ThroughputPoint point;
            point.context = static_cast<double>(speed.context);
            point.median = speed.decode_tokens_per_s_median;
            point.p10 = speed.decode_tokens_per_s_p10;
            point.p90 = speed.decode_tokens_per_s_p90;
            curves[place->second].points.push_back(point);
        }
    for (ThroughputCurve& curve : curves)
        std::sort(curve.points.begin(), curve.points.end(),
                  [](const auto& a, const auto& b) { return a.context < b.context; });
    m_speeds->setTitle(tr("Speed of decoding"));
    m_speeds->setCurves(std::move(curves));
}

std::optional<EmptyStateText> ComparePage::emptyState() const
{
    if (!workspace() || m_panel->filter()->rowCount() >= 2 || !m_panel->filter()->search().isEmpty())
        return std::nullopt;
    return EmptyStateText{title(),
                          tr("There is nothing to set side by side: this project has fewer than two measured runs."),
                          tr("Measure quality…"), QStringLiteral("page:quality")};
}

QList<PageFigure> ComparePage::figures() const
{
    QList<PageFigure> out;
    if (isShown() && !m_spectra->curves().empty())
        out.append(figureOf(m_spectra, QStringLiteral("compare-spectra")));
    if (isShown() && !m_speeds->curves().empty())
        out.append(figureOf(m_speeds, QStringLiteral("compare-decode")));
    return out;
}

QList<PageTable> ComparePage::tables() const
{
    if (!isShown())
        return {};
    // As they are on the screen: a difference without its interval would say less.
    const auto shown = [](const QAbstractItemModel& model, const QString& id, const QString& title) {
        PageTable table = tableOf(model, id, title);
        for (qsizetype row = 0; row < table.rows.size(); ++row)
            for (qsizetype column = 0; column < table.rows[row].size(); ++column)
                table.rows[row][column] = model.index(int(row), int(column)).data().toString();
        return table;
    };
    return {shown(*m_figures, QStringLiteral("compare-figures"), tr("Comparison: figures")),
            shown(*m_settings, QStringLiteral("compare-settings"), tr("Comparison: settings"))};
}

QJsonObject ComparePage::saveState() const
{
    return {{QStringLiteral("list"), m_panel->view()->saveState()},
            {QStringLiteral("splitter"), QString::fromLatin1(m_splitter->saveState().toBase64())},
            {QStringLiteral("tab"), m_tabs->currentIndex()}};
}

void ComparePage::restoreState(const QJsonObject& state)
{
    if (!m_panel->records()->allColumns().empty())
        m_panel->view()->restoreState(state.value(QStringLiteral("list")).toObject());
    m_splitter->restoreState(QByteArray::fromBase64(state.value(QStringLiteral("splitter")).toString().toLatin1()));
    m_tabs->setCurrentIndex(std::clamp(state.value(QStringLiteral("tab")).toInt(), 0, m_tabs->count() - 1));
}

} // namespace kvw
