// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/job_panel.h"

#include "widgets/jobs/job_list_model.h"
#include "widgets/jobs/job_text.h"
#include "widgets/models/table_view.h"
#include "widgets/shell/again_dialog.h"
#include "widgets/style/icons.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QVBoxLayout>

namespace kvw {
namespace {

constexpr int kBarSteps = 1000;

} // namespace

JobPanel::JobPanel(Workspace* workspace, JobController* jobs, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_jobs(jobs),
      m_model(new JobListModel(workspace, jobs, this)),
      m_table(new TableView(this))
{
    setFocusProxy(m_table);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Jobs of the project"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->show(); // the numbers of the jobs
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int character = fontMetrics().averageCharWidth();
    const std::pair<int, int> widths[] = {{JobListModel::State, 14},
                                          {JobListModel::Kind, 18},
                                          {JobListModel::Subject, 34},
                                          {JobListModel::Started, 20},
                                          {JobListModel::Duration, 12}};
    for (const auto& [column, characters] : widths)
        m_table->setColumnWidth(column, character * characters);
    m_table->horizontalHeader()->setSectionResizeMode(JobListModel::Progress, QHeaderView::Stretch);

    auto* splitter = new QSplitter(this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_table);
    splitter->addWidget(makeDetails());
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &JobPanel::showPicked);
    connect(m_model, &QAbstractItemModel::modelReset, this, &JobPanel::keepPick);
    connect(m_model, &QAbstractItemModel::rowsInserted, this, [this] { pick(m_model->job(0)); });
    connect(m_model, &QAbstractItemModel::dataChanged, this, &JobPanel::showState);
    connect(jobs, &JobController::jobLogged, this, &JobPanel::addLines);
    connect(jobs, &JobController::jobFinished, this, [this](qint64 job) {
        if (job == m_shown)
            showPicked();
    });
    keepPick();
}

QWidget* JobPanel::makeDetails()
{
    auto* details = new QWidget(this);
    m_title = new QLabel(details);
    m_title->setTextFormat(Qt::PlainText);
    m_title->setWordWrap(true);
    m_bar = new QProgressBar(details);
    m_bar->setRange(0, kBarSteps);
    m_bar->setAccessibleName(tr("Progress of the stage"));
    m_log = new QPlainTextEdit(details);
    m_log->setReadOnly(true);
    m_log->setMaximumBlockCount(WorkerClient::kLogLines);
    m_log->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_log->setAccessibleName(tr("Log of the picked job"));
    m_log->setPlaceholderText(tr("What a job's worker writes stands here."));
    m_start = new QPushButton(tr("&Start"), details);
    m_start->setToolTip(tr("Start a job that an earlier session left waiting"));
    m_cancel = new QPushButton(tr("Ca&ncel"), details);
    m_cancel->setToolTip(tr("End the job; what it has finished is kept"));
    m_kill = new QPushButton(tr("&Kill"), details);
    m_kill->setToolTip(tr("End the worker at once, without waiting for it"));
    m_again = new QPushButton(tr("&Run again"), details);
    m_again->setToolTip(tr("Start a new job with the same settings"));
    m_againWith = new QPushButton(tr("Run again with…"), details);
    m_againWith->setToolTip(tr("Start a new job with the same settings, but computed in another way"));
    auto* buttons = new QHBoxLayout;
    for (QPushButton* button : {m_start, m_cancel, m_kill, m_again, m_againWith})
        buttons->addWidget(button);
    buttons->addStretch();
    auto* layout = new QVBoxLayout(details);
    layout->setContentsMargins(fontMetrics().height() / 3, 0, 0, 0);
    layout->addWidget(m_title);
    layout->addWidget(m_bar);
    layout->addLayout(buttons);
    layout->addWidget(m_log, 1);
    connect(m_start, &QPushButton::clicked, this, [this] {
        if (const auto trouble = m_jobs->start(pickedJob()))
            Q_EMIT problem(*trouble);
    });
    connect(m_cancel, &QPushButton::clicked, this, &JobPanel::cancel);
    connect(m_kill, &QPushButton::clicked, this, [this] { m_jobs->kill(pickedJob()); });
    connect(m_again, &QPushButton::clicked, this, &JobPanel::runAgain);
    connect(m_againWith, &QPushButton::clicked, this, &JobPanel::runAgainWith);
    return details;
}

RowId JobPanel::pickedJob() const
{
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    return rows.isEmpty() ? 0 : m_model->job(rows.first().row());
}

void JobPanel::pick(RowId job)
{
    const int row = m_model->row(job);
    if (row >= 0)
        m_table->selectRow(row);
    else
        m_table->clearSelection();
}

void JobPanel::keepPick()
{
    pick(m_model->row(m_shown) >= 0 ? m_shown : m_model->job(0));
    showPicked();
}

void JobPanel::runAgain()
{
    const auto result = m_jobs->runAgain(pickedJob());
    if (const auto* trouble = std::get_if<Problem>(&result))
        Q_EMIT problem(*trouble);
}

void JobPanel::runAgainWith()
{
    const JobRecord* job = m_model->record(pickedJob());
    if (!job)
        return;
    auto* dialog = new AgainDialog(*m_workspace, *job, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] {
        const auto result = m_jobs->submit(dialog->kind(), dialog->specification());
        if (const auto* trouble = std::get_if<Problem>(&result))
            Q_EMIT problem(*trouble);
    });
    dialog->open();
}

void JobPanel::cancel() { m_jobs->cancel(m_jobs->running().value_or(pickedJob())); }

void JobPanel::showPicked()
{
    m_shown = pickedJob();
    m_log->setPlainText(m_shown == 0 ? QString() : m_jobs->log(m_shown).join(QLatin1Char('\n')));
    m_log->moveCursor(QTextCursor::End);
    m_log->horizontalScrollBar()->setValue(0); // sentences are read from their beginning
    showState();
}

void JobPanel::addLines(qint64 job, const QStringList& lines)
{
    if (job == m_shown)
        m_log->appendPlainText(lines.join(QLatin1Char('\n')));
}

void JobPanel::showState()
{
    const JobRecord* job = m_model->record(pickedJob());
    const bool runs = job && m_jobs->running() == job->id;
    const bool waits = job && job->status == JobStatus::Queued && !runs;
    m_start->setVisible(waits && !m_jobs->isQueuedHere(job->id));
    m_cancel->setVisible(runs || waits);
    m_cancel->setEnabled(!runs || m_jobs->workerState() != WorkerClient::State::Cancelling);
    m_kill->setVisible(runs
                       && (m_jobs->workerState() == WorkerClient::State::NotResponding
                           || m_jobs->workerState() == WorkerClient::State::Cancelling));
    m_again->setVisible(job && !runs && !waits);
    m_againWith->setVisible(job && !runs && !waits && AgainDialog::suits(*job));
    m_bar->setVisible(runs);
    if (!job) {
        m_title->setText(tr("No job is picked."));
        return;
    }
    const QModelIndex row = m_model->index(m_model->row(job->id), JobListModel::State);
    m_title->setText(
        tr("Job %1, %2: %3", "number, kind, state").arg(job->id).arg(kindText(job->kind), row.data().toString()));
    if (!runs)
        return;
    const LiveJob* live = m_jobs->live(job->id);
    if (live && live->progress.fraction) {
        m_bar->setRange(0, kBarSteps);
        m_bar->setValue(qRound(*live->progress.fraction * kBarSteps));
    } else {
        m_bar->setRange(0, 0); // busy, and nobody knows how long
    }
    if (live && live->progress.stage > 0)
        m_title->setText(m_title->text() + QLatin1Char('\n') + stageLine(live->progress));
}

} // namespace kvw
