// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_list_model.h"

#include "widgets/jobs/job_text.h"

#include <QDateTime>
#include <QLocale>
#include <QRegularExpression>

#include <algorithm>

namespace kvw {
namespace {

QDateTime time(const std::optional<std::string>& utc)
{
    return utc ? QDateTime::fromString(toQt(*utc), Qt::ISODateWithMs) : QDateTime();
}

} // namespace

JobListModel::JobListModel(Workspace* workspace, JobController* jobs, QObject* parent)
    : QAbstractTableModel(parent),
      m_workspace(workspace),
      m_jobs(jobs)
{
    connect(workspace, &Workspace::projectChanged, this, &JobListModel::refresh);
    connect(jobs, &JobController::jobsChanged, this, &JobListModel::refresh);
    connect(jobs, &JobController::jobProgress, this, [this](qint64 job) {
        const int at = row(job);
        if (at >= 0)
            Q_EMIT dataChanged(index(at, State), index(at, kColumns - 1));
    });
    refresh();
}

void JobListModel::refresh()
{
    std::vector<JobRecord> fresh(m_workspace->jobs().rbegin(), m_workspace->jobs().rend());
    const auto id = [](const JobRecord& job) { return job.id; };
    const bool same = std::equal(fresh.begin(), fresh.end(), m_rows.begin(), m_rows.end(),
                                 [&](const auto& a, const auto& b) { return id(a) == id(b); });
    if (same) {
        m_rows = std::move(fresh);
        if (!m_rows.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
        return;
    }
    // The usual change: newer jobs above those that were there.
    const std::size_t more = fresh.size() > m_rows.size() ? fresh.size() - m_rows.size() : 0;
    if (more > 0
        && std::equal(m_rows.begin(), m_rows.end(), fresh.begin() + static_cast<std::ptrdiff_t>(more), fresh.end(),
                      [&](const auto& a, const auto& b) { return id(a) == id(b); })) {
        beginInsertRows({}, 0, static_cast<int>(more) - 1);
        m_rows = std::move(fresh);
        endInsertRows();
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
        return;
    }
    beginResetModel();
    m_rows = std::move(fresh);
    endResetModel();
}

int JobListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int JobListModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

RowId JobListModel::job(int row) const
{
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].id : 0;
}

int JobListModel::row(RowId job) const
{
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [job](const JobRecord& row) { return row.id == job; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

const JobRecord* JobListModel::record(RowId job) const
{
    const int at = row(job);
    return at < 0 ? nullptr : &m_rows[static_cast<std::size_t>(at)];
}

QString JobListModel::stateOf(const JobRecord& job) const
{
    if (m_jobs->running() == job.id)
        return stateText(m_jobs->workerState());
    if (job.status == JobStatus::Queued && !m_jobs->isQueuedHere(job.id))
        return tr("not started");
    return statusText(job.status);
}

std::optional<double> JobListModel::duration_s(const JobRecord& job) const
{
    const QDateTime begin = time(job.started_at);
    const QDateTime end = job.finished_at  ? time(job.finished_at)
        : job.status == JobStatus::Running ? QDateTime::currentDateTimeUtc()
                                           : QDateTime();
    if (!begin.isValid() || !end.isValid())
        return std::nullopt;
    return static_cast<double>(begin.msecsTo(end)) / 1000;
}

QVariant JobListModel::text(const JobRecord& job, int column) const
{
    const LiveJob* live = m_jobs->running() == job.id ? m_jobs->live(job.id) : nullptr;
    switch (column) {
    case State:
        return stateOf(job);
    case Kind:
        return kindText(job.kind);
    case Subject:
        return subjectText(job);
    case Progress:
        if (live)
            return QStringList{stageLine(live->progress), progressLine(live->progress)}
                .filter(QRegularExpression(QStringLiteral(".")))
                .join(QStringLiteral(" · "));
        return job.error_message && job.status != JobStatus::Succeeded ? toQt(*job.error_message) : QString();
    case Started: {
        const QDateTime begin = time(job.started_at);
        return begin.isValid() ? QLocale().toString(begin.toLocalTime(), QLocale::ShortFormat) : QString();
    }
    case Duration: {
        const auto seconds = duration_s(job);
        return seconds ? durationText(*seconds) : QString();
    }
    default:
        return {};
    }
}

QVariant JobListModel::sortValue(const JobRecord& job, int column) const
{
    const LiveJob* live = m_jobs->live(job.id);
    switch (column) {
    case Progress:
        return live && live->progress.fraction ? QVariant(*live->progress.fraction) : QVariant();
    case Started:
        return job.started_at ? QVariant(toQt(*job.started_at)) : QVariant();
    case Duration: {
        const auto seconds = duration_s(job);
        return seconds ? QVariant(*seconds) : QVariant();
    }
    default:
        return text(job, column);
    }
}

QVariant JobListModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const JobRecord& job = m_rows[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return text(job, index.column());
    case Qt::ToolTipRole: {
        const QString shown = text(job, index.column()).toString();
        const bool hint = index.column() == Progress && job.error_hint && !job.error_hint->empty();
        return hint ? QStringLiteral("%1\n%2").arg(shown, toQt(*job.error_hint)) : shown;
    }
    case Qt::TextAlignmentRole:
        return index.column() == Duration ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case SortRole:
        return sortValue(job, index.column());
    case JobRole:
        return QVariant::fromValue<qlonglong>(job.id);
    case FractionRole: {
        const LiveJob* live = m_jobs->running() == job.id ? m_jobs->live(job.id) : nullptr;
        return live && live->progress.fraction ? QVariant(*live->progress.fraction) : QVariant();
    }
    default:
        return {};
    }
}

QVariant JobListModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole)
        return {};
    if (orientation == Qt::Vertical)
        return QVariant::fromValue<qlonglong>(job(section));
    switch (section) {
    case State:
        return tr("State");
    case Kind:
        return tr("Job");
    case Subject:
        return tr("Of what");
    case Progress:
        return tr("Progress");
    case Started:
        return tr("Begun");
    case Duration:
        return tr("Took");
    default:
        return {};
    }
}

} // namespace kvw
