// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/workspace.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QPushButton;

namespace kvw {

/// What is picked in the whole window, to be seen from every page: runs (the first is the baseline) and heads.
class SelectionPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit SelectionPanel(Workspace* workspace, QWidget* parent = nullptr);

    /// "4: Perplexity, k=kq:56 sinks=4"
    static QString runText(const Provenance& run);
    /// "layers 0-2, 7: heads 0, 1", short for whole rows.
    static QString headsText(const std::vector<HeadId>& heads);

private:
    void refresh();
    void removePicked();
    void makeBaseline();

    Workspace* m_workspace;
    QLabel* m_runsTitle = nullptr;
    QListWidget* m_runs = nullptr;
    QPushButton *m_baseline = nullptr, *m_remove = nullptr, *m_clear = nullptr;
    QLabel* m_heads = nullptr;
};

} // namespace kvw
