// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_copy.h"

#include "core/report/formats.h"

#include <QCoreApplication>
#include <QLocale>
#include <QMimeData>

#include <algorithm>
#include <map>
#include <set>

namespace kvw {
namespace {

/// A value for programs; what is no number stays as it is shown.
QString plain(const QVariant& raw, const QString& shown)
{
    switch (raw.typeId()) {
    case QMetaType::Int:
    case QMetaType::LongLong:
        return QString::number(raw.toLongLong());
    case QMetaType::Double:
        return QString::number(raw.toDouble(), 'g', QLocale::FloatingPointShortest);
    default:
        return raw.isValid() ? raw.toString() : shown;
    }
}

/// Tabs and line breaks would be cells and rows.
QString oneLine(QString text)
{
    for (QChar& c : text)
        if (c == QLatin1Char('\t') || c == QLatin1Char('\n') || c == QLatin1Char('\r'))
            c = QLatin1Char(' ');
    return text;
}

QString element(const char* name, const QString& text, bool right)
{
    return QStringLiteral("<%1%2>%3</%1>")
        .arg(QLatin1String(name), right ? QStringLiteral(" align=\"right\"") : QString(), text.toHtmlEscaped());
}

bool isRight(const QVariant& alignment) { return (alignment.toInt() & Qt::AlignRight) != 0; }

} // namespace

std::unique_ptr<QMimeData> copyCells(const QAbstractItemModel& model, const QModelIndexList& cells, CopyHeads heads,
                                     const QList<int>& columns)
{
    std::map<int, std::set<int>> rows;
    std::set<int> used;
    for (const QModelIndex& cell : cells) {
        rows[cell.row()].insert(cell.column());
        used.insert(cell.column());
    }
    QList<int> order;
    for (const int column : columns.isEmpty() ? QList<int>(used.begin(), used.end()) : columns)
        if (used.contains(column))
            order.append(column);
    QStringList lines;
    QString html = QStringLiteral("<table>\n");
    if (heads == CopyHeads::Yes) {
        QStringList head;
        html += QStringLiteral("<tr>");
        for (const int column : order) {
            const QString title = model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
            head.append(oneLine(title));
            html += element("th", title, isRight(model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole)));
        }
        html += QStringLiteral("</tr>\n");
        lines.append(head.join(QLatin1Char('\t')));
    }
    for (const auto& [row, chosen] : rows) {
        QStringList line;
        html += QStringLiteral("<tr>");
        for (const int column : order) {
            const QModelIndex cell = model.index(row, column);
            const QString shown = chosen.contains(column) ? cell.data(Qt::DisplayRole).toString() : QString();
            line.append(chosen.contains(column) ? oneLine(plain(cell.data(Qt::EditRole), shown)) : QString());
            html += element("td", shown, isRight(cell.data(Qt::TextAlignmentRole)));
        }
        html += QStringLiteral("</tr>\n");
        lines.append(line.join(QLatin1Char('\t')));
    }
    auto out = std::make_unique<QMimeData>();
    out->setText(lines.join(QLatin1Char('\n')) + QLatin1Char('\n'));
    out->setHtml(html + QStringLiteral("</table>\n"));
    return out;
}

QByteArray tableBytes(const Table& table, ExportFormat format)
{
    const std::span<const Table> one(&table, 1);
    std::string text;
    switch (format) {
    case ExportFormat::Csv:
        text = write_csv(one, CsvHeads::None);
        break;
    case ExportFormat::Json:
        text = write_json(one);
        break;
    case ExportFormat::JsonLines:
        text = write_json_lines(one);
        break;
    case ExportFormat::Markdown:
        text = write_markdown(one);
        break;
    }
    return {text.data(), static_cast<qsizetype>(text.size())};
}

QStringList tableFileFilters()
{
    return {QCoreApplication::translate("kvw::RecordCopy", "CSV (*.csv)"),
            QCoreApplication::translate("kvw::RecordCopy", "JSON (*.json)"),
            QCoreApplication::translate("kvw::RecordCopy", "JSON lines (*.jsonl)"),
            QCoreApplication::translate("kvw::RecordCopy", "Markdown (*.md)")};
}

ExportFormat tableFormatOf(const QString& file)
{
    const auto ends = [&](const char* ending) { return file.endsWith(QLatin1String(ending), Qt::CaseInsensitive); };
    return ends(".json") ? ExportFormat::Json
        : ends(".jsonl") ? ExportFormat::JsonLines
        : ends(".md")    ? ExportFormat::Markdown
                         : ExportFormat::Csv;
}

} // namespace kvw
