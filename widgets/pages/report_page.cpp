// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/report_page.h"

#include "core/base/time.h"
#include "core/base/version.h"
#include "core/report/table.h"
#include "widgets/models/record_columns.h"
#include "widgets/models/record_view.h"
#include "widgets/models/report_text.h"
#include "widgets/pages/note_panel.h"

#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QTabWidget>
#include <QTextDocument>
#include <QTextEdit>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kPreviewDelay_ms = 250;
constexpr std::size_t kPreviewedRuns = 60; ///< the settings of more take longer than a person waits
const QSizeF kFigure_mm(170, 100);
/// What the report has from the records themselves.
constexpr const char* kRecordTables[] = {"runs", "throughput", "memory", "quality", "spectra"};

bool isRecordTable(const PageTable& table)
{
    return std::any_of(std::begin(kRecordTables), std::end(kRecordTables),
                       [&](const char* id) { return table.id == QLatin1String(id); });
}

std::string bytesOf(const QByteArray& bytes) { return {bytes.constData(), static_cast<std::size_t>(bytes.size())}; }

} // namespace

ReportPage::ReportPage(QWidget* parent) : Page(parent), m_timer(new QTimer(this))
{
    m_preview = new QTextEdit(this);
    m_preview->setReadOnly(true);
    m_preview->setAccessibleName(tr("Preview of the report"));
    m_preview->setTabChangesFocus(true);
    m_preview->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // figures are as wide as the page
    m_preview->document()->setDocumentMargin(fontMetrics().height());
    // Paper is white in every theme, and so are the figures on it.
    QPalette paper = m_preview->palette();
    paper.setColor(QPalette::Base, Qt::white);
    paper.setColor(QPalette::Text, QColor(0x1b, 0x1f, 0x24));
    m_preview->setPalette(paper);
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(makeChoices());
    m_splitter->addWidget(m_preview);
    m_splitter->setStretchFactor(0, 2);
    m_splitter->setStretchFactor(1, 3);
    auto* layout = new QVBoxLayout(content());
    layout->addWidget(m_splitter);
    m_timer->setSingleShot(true);
    m_timer->setInterval(kPreviewDelay_ms);
    connect(m_timer, &QTimer::timeout, this, &ReportPage::showPreview);
    connect(m_title, &QLineEdit::textChanged, m_timer, qOverload<>(&QTimer::start));
    connect(m_runs->view(), &RecordView::picksChanged, m_timer, qOverload<>(&QTimer::start));
    connect(m_runs->view(), &RecordView::problem, this, &Page::problem);
    connect(m_notes, &NotePanel::problem, this, &Page::problem);
    connect(m_pageList, &QListWidget::itemChanged, this, [this](const QListWidgetItem* item) {
        const QString id = item->data(Qt::UserRole).toString();
        m_unwanted.removeAll(id);
        if (item->checkState() == Qt::Unchecked)
            m_unwanted.append(id);
        m_timer->start();
    });
}

ReportPage::~ReportPage() = default;

QWidget* ReportPage::makeChoices()
{
    auto* box = new QWidget(this);
    m_title = new QLineEdit(box);
    m_title->setPlaceholderText(tr("KV cache report"));
    m_runs = new RecordPanel(tr("Runs of the report"), box);
    m_pageList = new QListWidget(box);
    m_pageList->setAccessibleName(tr("Pages of the report"));
    m_notes = new NotePanel(box);
    m_chosen = new QLabel(box);
    m_chosen->setWordWrap(true);
    auto* runs = new QWidget(box);
    auto* runs_layout = new QVBoxLayout(runs);
    runs_layout->addWidget(m_chosen);
    runs_layout->addWidget(m_runs, 1);
    auto* tabs = new QTabWidget(box);
    tabs->addTab(runs, tr("Runs"));
    tabs->addTab(m_pageList, tr("Pages"));
    tabs->addTab(m_notes, tr("Notes"));
    auto* form = new QFormLayout;
    form->addRow(tr("&Title"), m_title);
    auto* buttons = new QHBoxLayout;
    for (const auto& [text, ending] :
         {std::pair{tr("Save as &HTML…"), "html"}, std::pair{tr("&PDF…"), "pdf"}, std::pair{tr("&Markdown…"), "md"}}) {
        auto* button = new QPushButton(text, box);
        connect(button, &QPushButton::clicked, this, [this, ending = ending] { exportDialog(QLatin1String(ending)); });
        buttons->addWidget(button);
    }
    buttons->addStretch(1);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(form);
    layout->addWidget(tabs, 1);
    layout->addLayout(buttons);
    return box;
}

void ReportPage::setPages(const QList<Page*>& pages)
{
    m_pages.clear();
    for (Page* page : pages)
        if (page != this)
            m_pages.append(page);
}

QList<Page*> ReportPage::pages() const
{
    QList<Page*> out;
    for (const QPointer<Page>& page : m_pages)
        if (page)
            out.append(page);
    if (m_pages.isEmpty())
        for (Page* page : window()->findChildren<Page*>())
            if (page != this)
                out.append(page);
    return out;
}

std::vector<Page*> ReportPage::chosenPages() const
{
    std::vector<Page*> out;
    for (Page* page : pages())
        if (!m_unwanted.contains(page->id()))
            out.push_back(page);
    return out;
}

void ReportPage::fillPages()
{
    const QSignalBlocker blocker(m_pageList);
    m_pageList->clear();
    for (Page* page : pages()) {
        if (page->figures().isEmpty() && page->tables().isEmpty())
            continue;
        auto* item = new QListWidgetItem(page->title(), m_pageList);
        item->setData(Qt::UserRole, page->id());
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemIsSelectable);
        item->setCheckState(m_unwanted.contains(page->id()) ? Qt::Unchecked : Qt::Checked);
    }
}

void ReportPage::refresh()
{
    if (m_runs->records()->allColumns().empty()) {
        QStringList columns;
        for (const char* name : {"run", "kind", "configuration", "status", "started_at", "parent_run"})
            columns.append(QLatin1String(name));
        m_runs->records()->setSource(
            make_table(std::span<const Provenance>()).columns,
            [this](ColumnChoice only) { return make_table(std::span<const Provenance>(workspace()->runs()), only); },
            columns);
    } else {
        m_runs->records()->refresh();
    }
    m_notes->setWorkspace(workspace());
    m_notes->refresh();
    m_timer->start();
}

ReportTables ReportPage::readerTables(const QString& title, const PageTable& table)
{
    ReportTables out{toStd(title), {}};
    ReaderTable& reader = out.tables.emplace_back();
    for (qsizetype column = 0; column < table.header.size(); ++column) {
        const bool number = std::all_of(table.rows.begin(), table.rows.end(), [&](const QList<QVariant>& row) {
            return row[column].typeId() != QMetaType::QString;
        });
        reader.heads.push_back({toStd(table.header[column]), number ? ReaderAlign::Right : ReaderAlign::Left,
                                number ? ReaderStyle::Figures : ReaderStyle::Words});
    }
    for (const QList<QVariant>& row : table.rows) {
        std::vector<std::string>& cells = reader.rows.emplace_back();
        for (const QVariant& cell : row)
            cells.push_back(!cell.isValid()                          ? kReaderNothing
                                : cell.typeId() == QMetaType::Double ? toStd(figuresText(cell.toDouble(), 4))
                                                                     : toStd(cell.toString()));
    }
    return out;
}

ReportDocument ReportPage::document() const { return documentOf(m_runs->view()->pickedRuns()); }

std::vector<RowId> ReportPage::previewedRuns() const
{
    std::vector<RowId> runs = m_runs->view()->pickedRuns();
    const std::vector<Provenance>& all = workspace()->runs();
    if (runs.empty() && all.size() > kPreviewedRuns)
        for (auto run = all.end() - static_cast<std::ptrdiff_t>(kPreviewedRuns); run != all.end(); ++run)
            runs.push_back(run->run.id);
    return runs;
}

ReportDocument ReportPage::documentOf(const std::vector<RowId>& runs) const
{
    ReportContents contents;
    contents.title = toStd(m_title->text());
    contents.project = toStd(workspace()->name());
    contents.made_at = utc_now();
    contents.program = "KV Workbench " + std::string(version());
    if (const Store* store = workspace()->store())
        contents.data = store->report_data(runs);
    contents.notes = workspace()->notes();
    for (Page* page : chosenPages()) {
        page->updateNow();
        for (const PageFigure& figure : page->figures())
            contents.figures.push_back({toStd(figure.id), toStd(figure.title), toStd(figure.caption),
                                        bytesOf(figure.svg(kFigure_mm)),
                                        figure.csv ? bytesOf(figure.csv()) : std::string()});
        for (const PageTable& table : page->tables())
            if (!isRecordTable(table) && !table.rows.isEmpty())
                contents.tables.push_back(readerTables(table.title, table));
    }
    return make_report(contents);
}

void ReportPage::showPreview()
{
    if (!workspace() || !workspace()->isOpen())
        return;
    fillPages();
    const std::size_t picked = m_runs->view()->pickedRuns().size();
    const std::vector<RowId> runs = previewedRuns();
    QString chosen = picked == 0 ? tr("All runs. Pick some to have only these, with what belongs to them.")
                                 : tr("Only what is picked (runs: %1), with what belongs to it.").arg(picked);
    if (picked == 0 && !runs.empty())
        chosen += tr(" The preview has the newest %1; a file has all.").arg(runs.size());
    m_chosen->setText(chosen);
    const int place = m_preview->verticalScrollBar()->value();
    try {
        const int width =
            m_preview->viewport()->width() - static_cast<int>(2 * m_preview->document()->documentMargin());
        fillTextDocument(*m_preview->document(), documentOf(runs), std::max(200, width));
    } catch (const Error& error) {
        Q_EMIT problem(toProblem(error));
    }
    m_preview->verticalScrollBar()->setValue(place);
}

std::optional<Problem> ReportPage::exportTo(const QString& file)
{
    try {
        return exportReport(document(), file);
    } catch (const Error& error) {
        return toProblem(error);
    }
}

void ReportPage::exportDialog(const QString& ending)
{
    const QString name = QDir::home().filePath(workspace()->name() + QLatin1Char('.') + ending);
    auto* dialog = new QFileDialog(this, tr("Save the report"), name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(ending);
    dialog->setNameFilter(QStringLiteral("%1 (*.%2)").arg(ending.toUpper(), ending));
    dialog->selectFile(workspace()->name() + QLatin1Char('.') + ending);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& file) { Q_EMIT problem(exportTo(file).value_or(Problem{})); });
    dialog->open();
}

std::optional<EmptyStateText> ReportPage::emptyState() const
{
    if (!workspace() || !workspace()->runs().empty())
        return std::nullopt;
    return EmptyStateText{title(), tr("There is nothing to report yet: this project has no runs."), tr("Calibrate…"),
                          QStringLiteral("page:calibrate")};
}

QJsonObject ReportPage::saveState() const
{
    return {{QStringLiteral("title"), m_title->text()},
            {QStringLiteral("unwanted"), m_unwanted.join(QLatin1Char(' '))},
            {QStringLiteral("splitter"), QString::fromLatin1(m_splitter->saveState().toBase64())}};
}

void ReportPage::restoreState(const QJsonObject& state)
{
    m_title->setText(state.value(QStringLiteral("title")).toString());
    m_unwanted = state.value(QStringLiteral("unwanted")).toString().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    m_splitter->restoreState(QByteArray::fromBase64(state.value(QStringLiteral("splitter")).toString().toLatin1()));
}

} // namespace kvw
