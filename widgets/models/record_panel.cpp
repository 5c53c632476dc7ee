// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_view.h"
#include "widgets/models/search_box.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

namespace kvw {

RecordPanel::RecordPanel(const QString& name, QWidget* parent)
    : QWidget(parent),
      m_records(new RecordTableModel(this)),
      m_filter(new RecordFilter(this)),
      m_search(new SearchBox(this)),
      m_count(new QLabel(this)),
      m_view(new RecordView(this))
{
    m_filter->setRecords(m_records);
    m_view->setFilter(m_filter);
    m_view->setAccessibleName(name);
    auto* tools = new QHBoxLayout;
    tools->setObjectName(QStringLiteral("tools"));
    tools->addWidget(m_search, 1);
    tools->addStretch(0);
    tools->addWidget(m_count);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(tools);
    layout->addWidget(m_view, 1);
    connect(m_search, &SearchBox::searched, m_filter, &RecordFilter::setSearch);
    connect(m_filter, &QAbstractItemModel::modelReset, this, &RecordPanel::showCount);
    connect(m_filter, &QAbstractItemModel::rowsInserted, this, &RecordPanel::showCount);
    connect(m_filter, &QAbstractItemModel::rowsRemoved, this, &RecordPanel::showCount);
    showCount();
}

void RecordPanel::addTool(QWidget* widget)
{
    auto* tools = findChild<QHBoxLayout*>(QStringLiteral("tools"));
    tools->insertWidget(tools->count() - 2, widget);
}

void RecordPanel::showCount()
{
    const int all = m_records->rowCount(), shown = m_filter->rowCount();
    const QLocale locale;
    m_count->setText(shown == all ? tr("Rows: %1").arg(locale.toString(all))
                                  : tr("Rows: %1 of %2").arg(locale.toString(shown), locale.toString(all)));
}

} // namespace kvw
