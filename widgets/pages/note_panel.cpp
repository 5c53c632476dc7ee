// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/note_panel.h"

#include "widgets/models/comparison_model.h"
#include "widgets/models/record_columns.h"
#include "widgets/models/workspace.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kEditorLines = 4;

} // namespace

NotePanel::NotePanel(QWidget* parent)
    : QWidget(parent),
      m_list(new QListWidget(this)),
      m_subject(new QComboBox(this)),
      m_editor(new QPlainTextEdit(this)),
      m_save(new QPushButton(tr("&Save note"), this)),
      m_new(new QPushButton(tr("&New note"), this)),
      m_delete(new QPushButton(tr("&Delete"), this))
{
    m_list->setAccessibleName(tr("Notes"));
    m_list->setWordWrap(true);
    m_list->setAlternatingRowColors(true);
    m_subject->setAccessibleName(tr("What the note is about"));
    m_subject->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_subject->setMinimumContentsLength(20);
    m_editor->setAccessibleName(tr("Text of the note"));
    m_editor->setPlaceholderText(tr("What should be remembered?"));
    m_editor->setTabChangesFocus(true);
    m_editor->setFixedHeight(fontMetrics().lineSpacing() * (kEditorLines + 1));
    auto* about = new QLabel(tr("A&bout"), this);
    about->setBuddy(m_subject);
    auto* top = new QHBoxLayout;
    top->addWidget(about);
    top->addWidget(m_subject, 1);
    auto* buttons = new QHBoxLayout;
    for (QPushButton* button : {m_save, m_new, m_delete})
        buttons->addWidget(button);
    buttons->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_list, 1);
    layout->addLayout(top);
    layout->addWidget(m_editor);
    layout->addLayout(buttons);
    connect(m_list, &QListWidget::currentRowChanged, this, &NotePanel::showPicked);
    connect(m_editor, &QPlainTextEdit::textChanged, this, &NotePanel::check);
    connect(m_save, &QPushButton::clicked, this, &NotePanel::save);
    connect(m_new, &QPushButton::clicked, this, &NotePanel::addNew);
    connect(m_delete, &QPushButton::clicked, this, &NotePanel::remove);
    check();
}

void NotePanel::refresh()
{
    const QSignalBlocker list_blocker(m_list), subject_blocker(m_subject);
    const QVariant subject = m_subject->currentData();
    m_subject->clear();
    m_subject->addItem(tr("The project"), qlonglong(0));
    const std::vector<Provenance>& runs = m_workspace->runs();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run)
        m_subject->addItem(runTitle(*run), qlonglong(run->run.id));
    m_subject->setCurrentIndex(std::max(0, m_subject->findData(subject)));
    m_list->clear();
    for (const Note& note : m_workspace->notes()) {
        const Provenance* run = note.run ? m_workspace->run(*note.run) : nullptr;
        auto* item = new QListWidgetItem(
            QStringLiteral("%1 (%2)\n%3")
                .arg(run ? runTitle(*run) : tr("The project"), timeText(toQt(note.created_at)), toQt(note.text)),
            m_list);
        item->setData(Qt::UserRole, qlonglong(note.id));
        if (note.id == m_note)
            m_list->setCurrentItem(item);
    }
    check();
}

void NotePanel::showPicked()
{
    const QListWidgetItem* item = m_list->currentItem();
    const qint64 id = item ? item->data(Qt::UserRole).toLongLong() : 0;
    for (const Note& note : m_workspace->notes()) {
        if (note.id != id)
            continue;
        m_note = id;
        m_editor->setPlainText(toQt(note.text));
        m_subject->setCurrentIndex(std::max(0, m_subject->findData(qlonglong(note.run.value_or(0)))));
    }
    check();
}

void NotePanel::check()
{
    const bool writable = m_workspace && m_workspace->isOpen() && !m_workspace->isReadOnly();
    m_save->setEnabled(writable && !m_editor->toPlainText().trimmed().isEmpty());
    m_delete->setEnabled(writable && m_note != 0);
    m_editor->setReadOnly(!writable);
    m_save->setText(m_note == 0 ? tr("&Add note") : tr("&Save note"));
}

template<typename Work>
bool NotePanel::write(Work work)
{
    try {
        work(*m_workspace->store());
    } catch (const Error& error) {
        Q_EMIT problem(toProblem(error));
        return false;
    }
    return true;
}

void NotePanel::save()
{
    if (!m_workspace || !m_workspace->store())
        return;
    Note note;
    note.id = m_note;
    note.text = toStd(m_editor->toPlainText());
    if (const qint64 run = m_subject->currentData().toLongLong(); run != 0)
        note.run = run;
    if (!write([&](Store& store) { store.put_note(note); }))
        return;
    addNew();
    m_workspace->reload();
}

void NotePanel::remove()
{
    if (m_note == 0 || !m_workspace || !m_workspace->store())
        return;
    if (!write([&](Store& store) { store.delete_note(m_note); }))
        return;
    addNew();
    m_workspace->reload();
}

void NotePanel::addNew()
{
    m_note = 0;
    const QSignalBlocker blocker(m_list);
    m_list->setCurrentRow(-1);
    m_editor->clear();
    check();
}

} // namespace kvw
