// SPDX-License-Identifier: GPL-3.0-or-later
// The widgets of the spectra page and their connections.
#include "widgets/pages/spectra_page.h"

#include "widgets/models/record_columns.h"
#include "widgets/models/table_view.h"
#include "widgets/models/text.h"
#include "widgets/plots/plot_table.h"
#include "widgets/plots/spectrum_plot.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSplitter>
#include <QToolButton>

namespace kvw {
namespace {

/// "Label [field]" at the end of a row.
void addField(QHBoxLayout* row, const QString& text, QWidget* field)
{
    auto* label = new QLabel(text, field->parentWidget());
    label->setBuddy(field);
    field->setAccessibleName(QString(text).remove(QLatin1Char('&')));
    row->addWidget(label);
    row->addWidget(field);
}

QToolButton* makeMenuButton(const QString& text, const QString& tip, QMenu* menu, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setToolTip(tip);
    button->setPopupMode(QToolButton::InstantPopup);
    button->setMenu(menu);
    return button;
}

} // namespace

SpectraPage::SpectraPage(QWidget* parent) : Page(parent)
{
    auto* tools = makeTools();
    m_map = new HeatMap(QStringLiteral("spectra/map"), this);
    m_rows = new QSplitter(Qt::Vertical, this);
    m_rows->addWidget(m_map);
    m_rows->addWidget(makeCurves());
    m_rows->addWidget(makeTable());
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(0, 3);
    m_rows->setStretchFactor(1, 5);
    m_rows->setStretchFactor(2, 2);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(tools);
    layout->addWidget(m_rows, 1);
    connect(m_map, &HeatMap::picksChanged, this, [this] { workspace()->setHeads(m_map->picks()); });
    connect(m_map, &HeatMap::currentChanged, this, [this] {
        if (m_map->picks().empty())
            showCurves();
    });
    connect(m_map, &PlotView::problem, this, &Page::problem);
}

QWidget* SpectraPage::makeTools()
{
    auto* box = new QWidget(this);
    m_run = new QComboBox(box);
    m_quantity = new QComboBox(box);
    m_view = new QComboBox(box);
    m_measure = new QComboBox(box);
    for (QComboBox* each : {m_run, m_quantity, m_view, m_measure})
        each->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    for (const Field& each : spectrumMeasures())
        m_measure->addItem(recordColumn(each).header(), toQt(each.name));
    m_overlayMenu = new QMenu(this);
    m_overlayButton =
        makeMenuButton(tr("&Overlay"), tr("Curves of other calibrations beside this one's"), m_overlayMenu, box);
    auto* first = new QHBoxLayout;
    addField(first, tr("Cali&bration"), m_run);
    first->addWidget(m_overlayButton);
    first->addStretch(1);
    auto* second = new QHBoxLayout;
    addField(second, tr("&Map of"), m_measure);
    addField(second, tr("o&f"), m_quantity);
    addField(second, tr("o&ver"), m_view);
    second->addStretch(1);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(first);
    layout->addLayout(second);
    connect(m_run, &QComboBox::currentIndexChanged, this, [this] {
        m_filling = true;
        fillViews();
        fillOverlays();
        fillQuantities();
        m_filling = false;
        showMap();
        showCurves();
    });
    connect(m_measure, &QComboBox::currentIndexChanged, this, [this] {
        if (workspace())
            showMap();
    });
    for (QComboBox* each : {m_quantity, m_view})
        connect(each, &QComboBox::currentIndexChanged, this, [this] {
            showMap();
            showCurves();
        });
    return box;
}

QWidget* SpectraPage::makeCurves()
{
    auto* box = new QWidget(this);
    m_variances = new SpectrumPlot(QStringLiteral("spectra/variances"), SpectrumPlot::Shown::Eigenvalue, box);
    m_energies = new SpectrumPlot(QStringLiteral("spectra/energy"), SpectrumPlot::Shown::Energy, box);
    m_variances->setTitle(tr("Variance along the principal axes"));
    m_energies->setTitle(tr("Cumulative energy"));
    m_variances->linkX(m_energies);
    m_quantityMenu = new QMenu(this);
    m_quantityButton = makeMenuButton(tr("C&urves"), tr("Which vectors' spectra are drawn"), m_quantityMenu, box);
    m_logX = new QCheckBox(tr("log &x"), box);
    m_logY = new QCheckBox(tr("log &y"), box);
    m_second = new QComboBox(box);
    for (const auto shown : {SpectrumPlot::Shown::Energy, SpectrumPlot::Shown::LeftOut, SpectrumPlot::Shown::Share})
        m_second->addItem(SpectrumPlot::text(shown), static_cast<int>(shown));
    m_more = new QLabel(box);
    m_more->hide();
    auto* tools = new QHBoxLayout;
    tools->addWidget(m_quantityButton);
    tools->addWidget(m_logX);
    tools->addWidget(m_logY);
    tools->addWidget(m_more);
    tools->addStretch(1);
    addField(tools, tr("&Right"), m_second);
    m_columns = new QSplitter(Qt::Horizontal, box);
    m_columns->addWidget(m_variances);
    m_columns->addWidget(m_energies);
    m_columns->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(tools);
    layout->addWidget(m_columns, 1);
    connectCurves();
    return box;
}

QWidget* SpectraPage::makeTable()
{
    m_values = new PlotTableModel(this);
    m_table = new TableView(this);
    m_table->setModel(m_values);
    m_table->setAccessibleName(tr("Picked spectra"));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    return m_table;
}

void SpectraPage::connectCurves()
{
    const auto follow = [this](QCheckBox* check, PlotView::Axis axis) {
        check->setChecked(m_variances->scale(axis) == PlotView::Scale::Log);
        connect(check, &QCheckBox::toggled, this, [this, axis](bool on) {
            m_variances->setScale(axis, on ? PlotView::Scale::Log : PlotView::Scale::Linear);
            if (axis == PlotView::Axis::X)
                m_energies->setScale(axis, m_variances->scale(axis));
        });
    };
    follow(m_logX, PlotView::Axis::X);
    follow(m_logY, PlotView::Axis::Y);
    m_logY->setChecked(true); // variances span decades
    connect(m_variances, &PlotView::scaleChanged, this, [this] {
        m_logX->setChecked(m_variances->scale(PlotView::Axis::X) == PlotView::Scale::Log);
        m_logY->setChecked(m_variances->scale(PlotView::Axis::Y) == PlotView::Scale::Log);
    });
    connect(m_second, &QComboBox::currentIndexChanged, this, [this] {
        m_energies->setShown(static_cast<SpectrumPlot::Shown>(m_second->currentData().toInt()));
        m_energies->setTitle(m_second->currentText());
    });
    connect(m_variances, &PlotView::readoutChanged, this, &SpectraPage::moveCursor);
    for (PlotView* plot : {static_cast<PlotView*>(m_variances), static_cast<PlotView*>(m_energies)})
        connect(plot, &PlotView::problem, this, &Page::problem);
}

} // namespace kvw
