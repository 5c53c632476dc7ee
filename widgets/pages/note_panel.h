// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/records/job.h"
#endif
#include "widgets/models/text.h"

#include <QWidget>

class QComboBox;
class QListWidget;
class QPlainTextEdit;
class QPushButton;

namespace kvw {

class Workspace;

/// The notes of a project and its runs: read, written, changed, deleted.
class NotePanel final : public QWidget
{
    Q_OBJECT
public:
    explicit NotePanel(QWidget* parent = nullptr);

    void setWorkspace(Workspace* workspace) { m_workspace = workspace; }
    void refresh();
    QPlainTextEdit* editor() const { return m_editor; }
    QListWidget* list() const { return m_list; }
    QComboBox* subject() const { return m_subject; }

public Q_SLOTS:
    void save();   ///< what is in the editor: a new note, or the one that is picked
    void remove(); ///< the one that is picked
    void addNew(); ///< empties the editor for a new one

Q_SIGNALS:
    void problem(const kvw::Problem& problem);

private:
    void showPicked();
    void check();
    template<typename Work>
    bool write(Work work);

    Workspace* m_workspace = nullptr;
    QListWidget* m_list;
    QComboBox* m_subject;
    QPlainTextEdit* m_editor;
    QPushButton* m_save;
    QPushButton* m_new;
    QPushButton* m_delete;
    qint64 m_note = 0; ///< that is in the editor; 0: a new one
};

} // namespace kvw
