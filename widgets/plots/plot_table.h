// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>
#include <QVariant>

namespace kvw {

/// The data of a plot as a table. Cells are numbers (int, qlonglong, double), QString, or invalid for nothing.
struct PlotTable
{
    QString title;
    QStringList header; ///< names with units, "decode [tokens/s]"
    QList<QList<QVariant>> rows;
};

/// RFC 4180 with a header, numbers in the C locale and as many digits as read back to the same double.
QByteArray toCsv(const PlotTable& table);
/// With tabs between, for the clipboard; numbers as in the CSV.
QString toTsv(const PlotTable& table);

/// Read-only; Qt::DisplayRole has numbers of the locale, Qt::EditRole the raw value, by which it is sorted.
class PlotTableModel final : public QAbstractTableModel
{
    Q_OBJECT
public:
    explicit PlotTableModel(QObject* parent = nullptr);

    void setTable(PlotTable table);
    const PlotTable& table() const { return m_table; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    PlotTable m_table;
};

/// "Show as table": a window of its own with the table, sorted by a click, copied with Ctrl+C. Deletes itself.
void showTable(const PlotTable& table, QWidget* parent);

} // namespace kvw
