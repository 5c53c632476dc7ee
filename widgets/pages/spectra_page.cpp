// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/spectra_page.h"

#include "widgets/models/comparison_model.h"
#include "widgets/models/record_columns.h"
#include "widgets/models/text.h"
#include "widgets/pages/page_tables.h"
#include "widgets/plots/plot_table.h"
#include "widgets/plots/spectrum_plot.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QJsonArray>
#include <QLabel>
#include <QSplitter>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr std::size_t kMostCurves = 64; ///< more cannot be told apart, and would not be painted within a frame
constexpr std::size_t kColoursTogether = 8;

/// The ways of weighing tokens, in the order of their combo box.
struct View
{
    Positions positions;
    Weighting weighting;
};
constexpr View kViews[] = {{Positions::AfterSinks, Weighting::Uniform},
                           {Positions::All, Weighting::Uniform},
                           {Positions::AfterSinks, Weighting::Attention},
                           {Positions::All, Weighting::Attention}};

template<typename List, typename Value>
std::size_t placeOf(const List& list, const Value& value)
{
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), value) - list.begin());
}

} // namespace

SpectraPage::~SpectraPage() = default;

std::optional<EmptyStateText> SpectraPage::emptyState() const
{
    if (!workspace())
        return std::nullopt;
    const auto runs = workspace()->calibrations();
    const bool any = std::any_of(runs.begin(), runs.end(),
                                 [this](const Provenance* run) { return !workspace()->spectra(run->run.id).empty(); });
    if (any)
        return std::nullopt;
    return EmptyStateText{
        tr("Spectra of keys and values"),
        tr("This project has no calibration yet. A calibration reads a text with a model and keeps how "
           "its queries, keys and values vary."),
        tr("Calibrate…"), QStringLiteral("page:calibrate")};
}

RowId SpectraPage::shownRun() const { return m_run->currentData().toLongLong(); }

void SpectraPage::setShownRun(RowId run) { m_run->setCurrentIndex(m_run->findData(qlonglong(run))); }

void SpectraPage::setOverlay(std::set<RowId> runs)
{
    m_overlay = std::move(runs);
    fillOverlays();
    showCurves();
}

void SpectraPage::setQuantities(const QStringList& quantities)
{
    m_quantities = quantities;
    fillQuantities();
    showCurves();
}

void SpectraPage::setMeasure(std::string_view field) { m_measure->setCurrentIndex(m_measure->findData(toQt(field))); }

const Field& SpectraPage::measure() const
{
    return spectrumMeasures()[static_cast<std::size_t>(std::max(0, m_measure->currentIndex()))];
}

SpectrumKind SpectraPage::mapKind() const
{
    SpectrumKind kind;
    kind.quantity = m_quantity->currentData().toString().toStdString();
    const View& view = kViews[std::max(0, m_view->currentData().toInt())];
    kind.positions = view.positions;
    kind.weighting = view.weighting;
    return kind;
}

void SpectraPage::refresh()
{
    m_indices.clear();
    m_filling = true;
    fillRuns();
    fillViews();
    fillOverlays();
    fillQuantities();
    m_filling = false;
    showMap();
    showCurves();
}

void SpectraPage::showSelection()
{
    const std::vector<RowId>& picked = workspace()->selection().runs;
    for (const RowId run : picked)
        if (const int at = m_run->findData(qlonglong(run)); at >= 0) {
            m_run->setCurrentIndex(at);
            break;
        }
    m_map->setPicks(workspace()->selection().heads);
    showCurves();
}

void SpectraPage::fillRuns()
{
    const RowId before = shownRun();
    const QSignalBlocker blocker(m_run);
    m_run->clear();
    for (const Provenance* run : workspace()->calibrations())
        if (!workspace()->spectra(run->run.id).empty())
            m_run->addItem(tr("%1, %2, %3 tokens")
                               .arg(runTitle(*run), toQt(run->model.name))
                               .arg(run->run.input_tokens.value_or(0)),
                           qlonglong(run->run.id));
    m_run->setCurrentIndex(std::max(0, m_run->findData(qlonglong(before))));
}

void SpectraPage::fillViews()
{
    const SpectrumIndex& own = index(shownRun());
    const QSignalBlocker quantities(m_quantity), views(m_view);
    const QVariant quantity = m_quantity->currentData(), view = m_view->currentData();
    m_quantity->clear();
    for (const char* each : kSpectrumQuantities)
        if (own.has(each))
            m_quantity->addItem(quantityText(each), QLatin1String(each));
    const QString texts[] = {tr("without sinks"), tr("all positions"), tr("attention-weighted, without sinks"),
                             tr("attention-weighted, all positions")};
    m_view->clear();
    for (int i = 0; i < static_cast<int>(std::size(kViews)); ++i)
        if (own.has(kViews[i].positions, kViews[i].weighting))
            m_view->addItem(texts[i], i);
    const int kept = m_quantity->findData(quantity);
    m_quantity->setCurrentIndex(std::max(0, kept >= 0 ? kept : m_quantity->findData(QStringLiteral("k"))));
    m_view->setCurrentIndex(std::max(0, m_view->findData(view)));
}

void SpectraPage::fillOverlays()
{
    m_overlayMenu->clear();
    const Provenance* own = workspace() ? workspace()->run(shownRun()) : nullptr;
    for (int i = 0; own && i < m_run->count(); ++i) {
        const RowId run = m_run->itemData(i).toLongLong();
        if (run == shownRun())
            continue;
        auto* action = m_overlayMenu->addAction(m_run->itemText(i));
        action->setCheckable(true);
        action->setChecked(m_overlay.contains(run));
        connect(action, &QAction::toggled, this, [this, run](bool on) {
            if (on)
                m_overlay.insert(run);
            else
                m_overlay.erase(run);
            showCurves();
        });
    }
    m_overlayButton->setEnabled(!m_overlayMenu->isEmpty());
}

void SpectraPage::fillQuantities()
{
    m_quantityMenu->clear();
    const SpectrumIndex& own = index(shownRun());
    for (const char* each : kSpectrumQuantities) {
        if (!own.has(each))
            continue;
        const QString name = QLatin1String(each);
        auto* action = m_quantityMenu->addAction(quantityText(each));
        action->setCheckable(true);
        action->setChecked(m_quantities.contains(name));
        connect(action, &QAction::toggled, this, [this, name](bool on) {
            m_quantities.removeAll(name);
            if (on)
                m_quantities.append(name);
            showCurves();
        });
    }
}

const SpectrumIndex& SpectraPage::index(RowId run)
{
    const auto found = m_indices.find(run);
    if (found != m_indices.end())
        return found->second;
    static const std::vector<SpectrumRow> none;
    return m_indices.emplace(run, SpectrumIndex(run != 0 && workspace() ? workspace()->spectra(run) : none))
        .first->second;
}

const SpectrumRecord* SpectraPage::spectrum(const Source& source)
{
    SpectrumKind kind = mapKind();
    kind.quantity = source.quantity;
    std::optional<std::size_t> at = index(source.run).find(source.head, kind);
    if (!at) { // only keys and values are weighted by attention
        kind.weighting = Weighting::Uniform;
        at = index(source.run).find(source.head, kind);
    }
    const std::vector<SpectrumRow>& rows = workspace()->spectra(source.run);
    return at && *at < rows.size() ? &rows[*at].record : nullptr;
}

std::vector<HeadId> SpectraPage::shownHeads() const
{
    if (!m_map->picks().empty())
        return m_map->picks();
    return {m_map->current()};
}

std::vector<RowId> SpectraPage::shownRuns() const
{
    std::vector<RowId> out{shownRun()};
    for (int i = 0; i < m_run->count(); ++i)
        if (const RowId run = m_run->itemData(i).toLongLong(); run != shownRun() && m_overlay.contains(run))
            out.push_back(run);
    return out;
}

std::vector<SpectraPage::Source> SpectraPage::sources()
{
    std::vector<Source> out;
    for (const HeadId head : shownHeads())
        for (const char* quantity : kSpectrumQuantities)
            if (m_quantities.contains(QLatin1String(quantity)))
                for (const RowId run : shownRuns())
                    if (Source source{run, head, quantity}; spectrum(source))
                        out.push_back(std::move(source));
    return out;
}

/// The place of its quantity among the drawn ones, else of its calibration.
int SpectraPage::dashOf(const Source& source, std::size_t run) const
{
    if (m_quantities.size() < 2)
        return static_cast<int>(run);
    int dash = 0;
    for (const char* quantity : kSpectrumQuantities) {
        if (source.quantity == quantity)
            break;
        dash += m_quantities.contains(QLatin1String(quantity)) ? 1 : 0;
    }
    return dash;
}

/// Colour tells what there are several of: heads, else quantities, else calibrations; dashes tell the next of these.
SeriesLook SpectraPage::lookOf(const Source& source, const std::vector<HeadId>& heads,
                               const std::vector<RowId>& runs) const
{
    const std::size_t head = placeOf(heads, source.head), run = placeOf(runs, source.run);
    SeriesLook look;
    look.dash = dashOf(source, run);
    if (heads.size() > kColoursTogether) {
        look.ramp = static_cast<double>(head) / static_cast<double>(heads.size() - 1);
    } else if (heads.size() > 1) {
        look.colour = static_cast<int>(head);
    } else {
        look.colour = look.dash;
        look.dash = static_cast<int>(m_quantities.size() > 1 ? run : 0);
    }
    look.wide = runs.size() > 1 && run == 0;
    return look;
}

QString SpectraPage::nameOf(const Source& source, bool several_runs) const
{
    const QString name = tr("%1, layer %2, head %3")
                             .arg(shortQuantityText(source.quantity))
                             .arg(source.head.layer)
                             .arg(source.head.kv_head);
    return several_runs ? tr("%1, run %2").arg(name).arg(source.run) : name;
}

QString SpectraPage::describe() const
{
    const Provenance* run = workspace()->run(shownRun());
    return run ? tr("%1, model %2, text %3, %4; %5")
                     .arg(runTitle(*run), toQt(run->model.name), run->text ? toQt(run->text->name) : tr("unknown"),
                          tr("%n token(s)", nullptr, static_cast<int>(run->run.input_tokens.value_or(0))),
                          m_view->currentText())
               : QString();
}

void SpectraPage::showMap()
{
    m_map->setTitle(tr("%1, %2").arg(m_measure->currentText(), m_quantity->currentText()));
    m_map->setDescription(describe());
    m_map->setData(mapOf(workspace()->spectra(shownRun()), index(shownRun()), mapKind(), measure()),
                   m_measure->currentText(), AxisKind::Number);
    m_map->setPicks(workspace()->selection().heads);
}

void SpectraPage::showCurves()
{
    if (m_filling || !workspace())
        return;
    m_sources = sources();
    const std::size_t all = m_sources.size();
    m_sources.resize(std::min(all, kMostCurves));
    const std::vector<HeadId> heads = shownHeads();
    const std::vector<RowId> runs = shownRuns();
    std::vector<SpectrumCurve> curves;
    curves.reserve(m_sources.size());
    for (const Source& source : m_sources)
        if (const SpectrumRecord* record = spectrum(source))
            curves.push_back({nameOf(source, runs.size() > 1), lookOf(source, heads, runs), record->eigenvalues});
    m_variances->setDescription(describe());
    m_energies->setDescription(describe());
    m_variances->setCurves(curves);
    m_energies->setCurves(std::move(curves));
    m_more->setVisible(all > kMostCurves);
    m_more->setText(tr("%1 of %2 curves are drawn; pick fewer heads to see all.").arg(kMostCurves).arg(all));
    showTable();
}

std::optional<int> SpectraPage::component() const
{
    if (const auto at = m_variances->readoutAt())
        return std::max(1, static_cast<int>(std::lround(*at)));
    return std::nullopt;
}

void SpectraPage::showTable()
{
    PlotTable table;
    table.title = tr("Picked spectra");
    table.header = {tr("spectrum")};
    const std::optional<int> at = component();
    if (at)
        table.header << tr("variance of component %1").arg(*at) << tr("energy of %1 components").arg(*at);
    for (const Field& each : spectrumMeasures())
        table.header << recordColumn(each).header();
    table.header << tr("vectors");
    const bool several = shownRuns().size() > 1;
    for (const Source& source : m_sources) {
        const SpectrumRecord* record = spectrum(source);
        if (!record)
            continue;
        QList<QVariant> row{nameOf(source, several)};
        if (at) {
            const auto place = static_cast<std::size_t>(*at - 1);
            const bool inside = place < record->eigenvalues.size();
            row << (inside ? QVariant(record->eigenvalues[place]) : QVariant());
            row << (inside ? QVariant(SpectrumPlot::values(record->eigenvalues, SpectrumPlot::Shown::Energy)[place])
                           : QVariant());
        }
        for (const Field& each : spectrumMeasures())
            row << valueOf(*record, each);
        row << qlonglong(record->vectors);
        table.rows << row;
    }
    m_values->setTable(std::move(table));
}

void SpectraPage::moveCursor()
{
    workspace()->setCursor(component());
    showTable();
}

QList<PageFigure> SpectraPage::figures() const
{
    return {figureOf(m_map, QStringLiteral("spectra-map")), figureOf(m_variances, QStringLiteral("spectra-variances")),
            figureOf(m_energies, QStringLiteral("spectra-energy"))};
}

QList<PageTable> SpectraPage::tables() const
{
    return {tableOf(*m_values, QStringLiteral("spectra-picked"), tr("Picked spectra"))};
}

QJsonObject SpectraPage::saveState() const
{
    return {{QStringLiteral("measure"), m_measure->currentData().toString()},
            {QStringLiteral("quantity"), m_quantity->currentData().toString()},
            {QStringLiteral("view"), m_view->currentData().toInt()},
            {QStringLiteral("second"), m_second->currentIndex()},
            {QStringLiteral("log_x"), m_logX->isChecked()},
            {QStringLiteral("log_y"), m_logY->isChecked()},
            {QStringLiteral("quantities"), QJsonArray::fromStringList(m_quantities)},
            {QStringLiteral("columns"), QString::fromLatin1(m_columns->saveState().toBase64())},
            {QStringLiteral("rows"), QString::fromLatin1(m_rows->saveState().toBase64())}};
}

void SpectraPage::restoreState(const QJsonObject& state)
{
    const auto choose = [&state](const char* key, QComboBox* box) {
        if (const int at = box->findData(state.value(QLatin1String(key)).toVariant()); at >= 0)
            box->setCurrentIndex(at);
    };
    choose("measure", m_measure);
    choose("quantity", m_quantity);
    choose("view", m_view);
    m_logX->setChecked(state.value(QLatin1String("log_x")).toBool(false));
    m_logY->setChecked(state.value(QLatin1String("log_y")).toBool(true));
    if (const QJsonValue second = state.value(QLatin1String("second")); second.isDouble())
        m_second->setCurrentIndex(std::clamp(second.toInt(), 0, m_second->count() - 1));
    if (state.value(QLatin1String("quantities")).isArray()) {
        QStringList quantities;
        for (const QJsonValue& each : state.value(QLatin1String("quantities")).toArray())
            if (placeOf(kSpectrumQuantities, each.toString().toStdString()) < kSpectrumQuantities.size())
                quantities << each.toString();
        m_quantities = quantities;
    }
    m_columns->restoreState(QByteArray::fromBase64(state.value(QLatin1String("columns")).toString().toLatin1()));
    m_rows->restoreState(QByteArray::fromBase64(state.value(QLatin1String("rows")).toString().toLatin1()));
}

} // namespace kvw
