// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/selection_panel.h"

#include "widgets/jobs/job_text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

/// "0-2, 7"
QString rangesText(const std::vector<int>& numbers)
{
    QStringList parts;
    for (std::size_t begin = 0; begin < numbers.size();) {
        std::size_t end = begin;
        while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1)
            ++end;
        const QString first = QString::number(numbers[begin]);
        parts.append(end == begin ? first : QStringLiteral("%1–%2").arg(first).arg(numbers[end]));
        begin = end + 1;
    }
    return parts.join(QStringLiteral(", "));
}

} // namespace

SelectionPanel::SelectionPanel(Workspace* workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_runsTitle(new QLabel(this)),
      m_runs(new QListWidget(this)),
      m_baseline(new QPushButton(tr("&Baseline"), this)),
      m_remove(new QPushButton(tr("&Remove"), this)),
      m_clear(new QPushButton(tr("C&lear"), this)),
      m_heads(new QLabel(this))
{
    m_runs->setAccessibleName(tr("Picked runs"));
    m_runs->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_runs->setTextElideMode(Qt::ElideMiddle);
    m_runsTitle->setBuddy(m_runs);
    m_baseline->setToolTip(tr("Compare the others with this run"));
    m_remove->setToolTip(tr("Pick these runs no more"));
    m_clear->setToolTip(tr("Pick no run and no head"));
    m_heads->setWordWrap(true);
    m_heads->setTextFormat(Qt::PlainText);
    auto* buttons = new QHBoxLayout;
    for (QPushButton* button : {m_baseline, m_remove, m_clear})
        buttons->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(m_runsTitle);
    layout->addWidget(m_runs, 1);
    layout->addLayout(buttons);
    layout->addWidget(m_heads);
    connect(m_remove, &QPushButton::clicked, this, &SelectionPanel::removePicked);
    connect(m_baseline, &QPushButton::clicked, this, &SelectionPanel::makeBaseline);
    connect(m_clear, &QPushButton::clicked, this, [this] { m_workspace->setSelection({}); });
    connect(m_runs, &QListWidget::itemSelectionChanged, this, [this] {
        const qsizetype count = m_runs->selectedItems().size();
        m_remove->setEnabled(count > 0);
        m_baseline->setEnabled(count == 1 && !m_runs->item(0)->isSelected());
    });
    connect(workspace, &Workspace::selectionChanged, this, &SelectionPanel::refresh);
    connect(workspace, &Workspace::projectChanged, this, &SelectionPanel::refresh);
    connect(workspace, &Workspace::dataChanged, this, &SelectionPanel::refresh);
    refresh();
}

QString SelectionPanel::runText(const Provenance& run)
{
    QString text = tr("%1: %2", "number and kind of a run").arg(run.run.id).arg(kindText(run.run.kind));
    if (run.run.configuration && !run.run.configuration->empty())
        text += QStringLiteral(", ") + toQt(*run.run.configuration);
    else
        text += QStringLiteral(", ") + toQt(run.model.name);
    return text;
}

QString SelectionPanel::headsText(const std::vector<HeadId>& heads)
{
    if (heads.empty())
        return tr("No head is picked.");
    // Layers with the same heads stand together.
    std::map<int, std::vector<int>> headsOf;
    for (const HeadId& head : heads)
        headsOf[head.layer].push_back(head.kv_head);
    std::map<std::vector<int>, std::vector<int>> layersOf;
    for (const auto& [layer, own] : headsOf)
        layersOf[own].push_back(layer);
    QStringList parts;
    for (const auto& [own, layers] : layersOf)
        parts.append(tr("layers %1: heads %2").arg(rangesText(layers), rangesText(own)));
    return tr("Picked: %1").arg(parts.join(QStringLiteral("; ")));
}

void SelectionPanel::refresh()
{
    const Selection& selection = m_workspace->selection();
    m_runs->clear();
    for (const RowId id : selection.runs)
        if (const Provenance* run = m_workspace->run(id)) {
            auto* item = new QListWidgetItem(runText(*run), m_runs);
            item->setData(Qt::UserRole, QVariant::fromValue<qlonglong>(id));
            item->setToolTip(item->text());
        }
    if (m_runs->count() > 0) {
        QFont bold = m_runs->font();
        bold.setBold(true);
        m_runs->item(0)->setFont(bold);
        m_runs->item(0)->setToolTip(tr("Baseline of comparisons: %1").arg(m_runs->item(0)->text()));
    }
    m_runsTitle->setText(selection.runs.empty() ? tr("No run is picked.")
                                                : tr("%n picked run(s), the baseline first:", nullptr,
                                                     static_cast<int>(selection.runs.size())));
    m_heads->setText(headsText(selection.heads));
    m_remove->setEnabled(false);
    m_baseline->setEnabled(false);
    m_clear->setEnabled(!selection.runs.empty() || !selection.heads.empty());
}

void SelectionPanel::removePicked()
{
    std::vector<RowId> runs = m_workspace->selection().runs;
    for (const QListWidgetItem* item : m_runs->selectedItems())
        std::erase(runs, item->data(Qt::UserRole).toLongLong());
    m_workspace->setRuns(std::move(runs));
}

void SelectionPanel::makeBaseline()
{
    const QList<QListWidgetItem*> items = m_runs->selectedItems();
    if (items.size() != 1)
        return;
    std::vector<RowId> runs = m_workspace->selection().runs;
    const auto found = std::find(runs.begin(), runs.end(), items.first()->data(Qt::UserRole).toLongLong());
    if (found != runs.end())
        std::rotate(runs.begin(), found, found + 1);
    m_workspace->setRuns(std::move(runs));
}

} // namespace kvw
