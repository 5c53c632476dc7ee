// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_table.h"

#include "core/report/formats.h"
#include "widgets/models/table_view.h"

#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLocale>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

#include <cmath>

namespace kvw {
namespace {

bool isNumber(const QVariant& value)
{
    const int type = value.metaType().id();
    return type == QMetaType::Int || type == QMetaType::LongLong || type == QMetaType::Double;
}

Cell cellOf(const QVariant& value)
{
    switch (value.metaType().id()) {
    case QMetaType::UnknownType:
        return std::monostate{};
    case QMetaType::Double:
        return value.toDouble();
    case QMetaType::Int:
    case QMetaType::LongLong:
        return static_cast<std::int64_t>(value.toLongLong());
    default:
        return value.toString().toStdString();
    }
}

QString displayed(const QVariant& value)
{
    if (value.metaType().id() == QMetaType::Double) {
        const double number = value.toDouble();
        return std::isnan(number) ? QStringLiteral("–") : QLocale().toString(number, 'g', 6);
    }
    return isNumber(value) ? QLocale().toString(value.toLongLong()) : value.toString();
}

} // namespace

QByteArray toCsv(const PlotTable& table)
{
    std::vector<std::string> names; // Field looks into them
    for (const QString& name : table.header)
        names.push_back(name.toStdString());
    Table out{"plot", {}, {}};
    for (const std::string& name : names)
        out.columns.push_back({name, Title(name), "", Form::Words, Sense::Detail, Plot::No, ""});
    for (const QList<QVariant>& row : table.rows) {
        auto& cells = out.rows.emplace_back();
        for (const QVariant& value : row)
            cells.push_back(cellOf(value));
    }
    return QByteArray::fromStdString(write_csv(std::span(&out, 1), CsvHeads::None));
}

QString toTsv(const PlotTable& table)
{
    const auto plain = [](QString text) {
        return text.replace(QLatin1Char('\t'), QLatin1Char(' ')).replace(QLatin1Char('\n'), QLatin1Char(' '));
    };
    QStringList lines;
    QStringList cells;
    for (const QString& name : table.header)
        cells << plain(name);
    lines << cells.join(QLatin1Char('\t'));
    for (const QList<QVariant>& row : table.rows) {
        cells.clear();
        for (const QVariant& value : row)
            cells << (value.metaType().id() == QMetaType::Double
                          ? QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest)
                          : plain(value.toString()));
        lines << cells.join(QLatin1Char('\t'));
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

PlotTableModel::PlotTableModel(QObject* parent) : QAbstractTableModel(parent) {}

void PlotTableModel::setTable(PlotTable table)
{
    beginResetModel();
    m_table = std::move(table);
    endResetModel();
}

int PlotTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_table.rows.size());
}

int PlotTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_table.header.size());
}

QVariant PlotTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const QVariant value = m_table.rows[index.row()].value(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return displayed(value);
    case Qt::EditRole:
        return value;
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            Qt::Alignment((isNumber(value) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    default:
        return {};
    }
}

QVariant PlotTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole)
        return {};
    return orientation == Qt::Horizontal ? QVariant(m_table.header.value(section)) : QVariant(section + 1);
}

void showTable(const PlotTable& table, QWidget* parent)
{
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(table.title);
    auto* model = new PlotTableModel(dialog);
    model->setTable(table);
    auto* sorted = new QSortFilterProxyModel(dialog);
    sorted->setSourceModel(model);
    sorted->setSortRole(Qt::EditRole);
    auto* view = new TableView(dialog);
    view->setAccessibleName(table.title);
    view->setModel(sorted);
    view->setSortingEnabled(true);
    view->sortByColumn(-1, Qt::AscendingOrder);
    view->fitColumns();
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    auto* copy = buttons->addButton(PlotTableModel::tr("&Copy all"), QDialogButtonBox::ActionRole);
    QObject::connect(copy, &QPushButton::clicked, dialog,
                     [table] { QApplication::clipboard()->setText(toTsv(table)); });
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    auto* layout = new QVBoxLayout(dialog);
    layout->addWidget(view);
    layout->addWidget(buttons);
    const QFontMetrics metrics = dialog->fontMetrics();
    dialog->resize(metrics.averageCharWidth() * 90, metrics.height() * 28);
    dialog->show();
}

} // namespace kvw
