// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/jobs/job_controller.h"

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace kvw {

class JobListModel;
class TableView;

/// The jobs of the project: their list, what can be done with the picked one, and its log.
class JobPanel final : public QWidget
{
    Q_OBJECT
public:
    JobPanel(Workspace* workspace, JobController* jobs, QWidget* parent = nullptr);

    RowId pickedJob() const; ///< 0: none
    void pick(RowId job);
    /// Buttons and menu do these too; a sentence goes out by problem() when one cannot be.
    void runAgain();
    void cancel();

Q_SIGNALS:
    void problem(const kvw::Problem& problem);

private:
    QWidget* makeDetails();
    void showPicked();
    void showState();
    void addLines(qint64 job, const QStringList& lines);
    void keepPick();
    void runAgainWith();

    Workspace* m_workspace;
    JobController* m_jobs;
    JobListModel* m_model = nullptr;
    TableView* m_table = nullptr;
    QLabel* m_title = nullptr;
    QProgressBar* m_bar = nullptr;
    QPlainTextEdit* m_log = nullptr;
    QPushButton *m_start = nullptr, *m_cancel = nullptr, *m_kill = nullptr, *m_again = nullptr, *m_againWith = nullptr;
    RowId m_shown = 0; ///< whose log is shown
};

} // namespace kvw
