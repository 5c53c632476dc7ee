// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/jobs/job_controller.h"

#include <QAbstractTableModel>

namespace kvw {

/// The project's jobs, newest first.
class JobListModel final : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { State, Kind, Subject, Progress, Started, Duration, kColumns };
    enum Role {
        SortRole = Qt::UserRole, ///< the raw value: number, time as text, fraction
        JobRole,                 ///< the job's number
        FractionRole,            ///< 0 to 1 of the running job's stage, else nothing
    };

    explicit JobListModel(Workspace* workspace, JobController* jobs, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    RowId job(int row) const;
    int row(RowId job) const; ///< -1 when it is not there
    const JobRecord* record(RowId job) const;

private:
    void refresh();
    QString stateOf(const JobRecord& job) const;
    QVariant text(const JobRecord& job, int column) const;
    QVariant sortValue(const JobRecord& job, int column) const;
    std::optional<double> duration_s(const JobRecord& job) const;

    Workspace* m_workspace;
    JobController* m_jobs;
    std::vector<JobRecord> m_rows; ///< newest first
};

} // namespace kvw
