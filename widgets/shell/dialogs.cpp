// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/dialogs.h"

#include "core/base/version.h"
#include "core/protocol/message.h"
#include "core/store/store.h"
#include "widgets/models/table_view.h"
#include "widgets/models/text.h"
#include "widgets/pages/page.h"
#include "widgets/pages/page_list.h"
#include "widgets/plots/qcp_version.h"
#include "widgets/shell/actions.h"
#include "widgets/style/icons.h"

#include <QApplication>
#include <QDialogButtonBox>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QSortFilterProxyModel>
#include <QStandardItemModel>
#include <QTextBrowser>
#include <QTextDocument>
#include <QVBoxLayout>

namespace kvw {
namespace {

struct ShortcutRow
{
    QString keys, what, where;
};

QString joined(const QList<QKeySequence>& keys)
{
    QStringList texts;
    for (const QKeySequence& key : keys)
        texts.append(key.toString(QKeySequence::NativeText));
    return texts.join(QStringLiteral(", "));
}

QList<ShortcutRow> shortcutRows()
{
    const QString everywhere = ShortcutsDialog::tr("everywhere");
    QList<ShortcutRow> rows;
    for (const ActionRow& action : actionTable())
        if (const QString keys = joined(actionKeys(action)); !keys.isEmpty())
            rows.append({keys, actionTip(action), everywhere});
    for (const PlotKeyRow& row : plotKeyTable())
        rows.append({joined(plotKeys(row)), plotKeyText(row), ShortcutsDialog::tr("in a plot")});
    const qsizetype pages = static_cast<qsizetype>(pageList().size());
    rows.append({QStringLiteral("%1 … %2")
                     .arg(QKeySequence(Qt::CTRL | Qt::Key_1).toString(QKeySequence::NativeText))
                     .arg(pages),
                 ShortcutsDialog::tr("Go to a page, in the order of the list at the left"), everywhere});
    return rows;
}

QDialogButtonBox* closeButton(QDialog* dialog)
{
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    return buttons;
}

QSize textSize(const QWidget& widget, int columns, int lines)
{
    return {widget.fontMetrics().averageCharWidth() * columns, widget.fontMetrics().height() * lines};
}

} // namespace

ShortcutsDialog::ShortcutsDialog(QWidget* parent) : QDialog(parent)
{
    setWindowTitle(tr("Keyboard shortcuts"));
    auto* filter = new QLineEdit(this);
    filter->setClearButtonEnabled(true);
    filter->setPlaceholderText(tr("Filter"));
    filter->setAccessibleName(tr("Filter the shortcuts"));
    auto* model = new QStandardItemModel(0, 3, this);
    model->setHorizontalHeaderLabels({tr("Keys"), tr("What it does"), tr("Where")});
    for (const ShortcutRow& row : shortcutRows()) {
        QList<QStandardItem*> items;
        for (const QString& text : {row.keys, row.what, row.where}) {
            items.append(new QStandardItem(text));
            items.last()->setEditable(false);
        }
        model->appendRow(items);
    }
    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(model);
    sorted->setFilterKeyColumn(-1);
    sorted->setFilterCaseSensitivity(Qt::CaseInsensitive);
    auto* table = new TableView(this);
    table->setModel(sorted);
    table->setAccessibleName(windowTitle());
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(filter, &QLineEdit::textChanged, sorted, &QSortFilterProxyModel::setFilterFixedString);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(filter);
    layout->addWidget(table, 1);
    layout->addWidget(closeButton(this));
    resize(textSize(*this, 100, 34));
}

QString versionText()
{
    return QStringLiteral(
               "KV Workbench %1\nprotocol %2\nstore %3\nQt %4 (built with %5)\nQCustomPlot %6\nSQLite %7\n%8\n")
        .arg(toQt(version()))
        .arg(protocol::kVersion)
        .arg(store_facts().version)
        .arg(QLatin1String(qVersion()), QLatin1String(QT_VERSION_STR), qcustomplotVersion(),
             toQt(store_facts().sqlite_version), toQt(compiler()));
}

AboutDialog::AboutDialog(const QString& worker, QWidget* parent) : QDialog(parent)
{
    setWindowTitle(tr("About KV Workbench"));
    auto* picture = new QLabel(this);
    const int side = fontMetrics().height() * 4;
    picture->setPixmap(QIcon(QStringLiteral(":/icons/kvworkbench.svg")).pixmap(side, side));
    auto* text = new QLabel(tr("A laboratory for compressing the key/value cache of language models.\n\n"
                               "Free software under the GNU General Public License, version 3 or later; "
                               "without any warranty."),
                            this);
    text->setWordWrap(true);
    text->setTextFormat(Qt::PlainText);
    auto* versions = new QLabel(versionText(), this);
    versions->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    versions->setAccessibleName(tr("Versions"));
    auto* engine = new QLabel(tr("Worker: %1").arg(worker), this);
    engine->setWordWrap(true);
    engine->setTextFormat(Qt::PlainText);
    engine->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* layout = new QVBoxLayout(this);
    for (QWidget* widget : std::initializer_list<QWidget*>{picture, text, versions, engine, closeButton(this)})
        layout->addWidget(widget);
    setMinimumWidth(textSize(*this, 70, 1).width());

    auto* process = new QProcess(this);
    connect(process, &QProcess::finished, engine, [process, engine] {
        engine->setText(tr("Worker: %1").arg(QString::fromUtf8(process->readAllStandardOutput()).trimmed()));
    });
    connect(process, &QProcess::errorOccurred, engine,
            [engine, worker] { engine->setText(tr("Worker: %1 does not start.").arg(worker)); });
    process->start(worker, {QStringLiteral("--version")});
}

QString ManualDialog::text()
{
    setUpResources();
    QFile file(QStringLiteral(":/manual.md"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QString rows =
        QStringLiteral("| %1 | %2 | %3 |\n| --- | --- | --- |\n").arg(tr("Keys"), tr("What it does"), tr("Where"));
    for (const ShortcutRow& row : shortcutRows())
        rows += QStringLiteral("| %1 | %2 | %3 |\n").arg(row.keys, row.what, row.where);
    return QString::fromUtf8(file.readAll()).replace(QStringLiteral("<!-- shortcuts -->"), rows);
}

ManualDialog::ManualDialog(QWidget* parent) : QDialog(parent)
{
    setWindowTitle(tr("Manual"));
    auto* browser = new QTextBrowser(this);
    browser->setOpenExternalLinks(true);
    browser->setAccessibleName(windowTitle());
    browser->document()->setMarkdown(text(), QTextDocument::MarkdownDialectGitHub);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(browser, 1);
    layout->addWidget(closeButton(this));
    resize(textSize(*this, 110, 40));
}

} // namespace kvw
