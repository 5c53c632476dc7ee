// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QString>

namespace kvw {

/// Every shortcut of actions.h and of the pages, in a table that can be filtered.
class ShortcutsDialog final : public QDialog
{
    Q_OBJECT
public:
    explicit ShortcutsDialog(QWidget* parent = nullptr);
};

/// Versions of the program and of what it is built on, licence. The worker is asked for its own.
class AboutDialog final : public QDialog
{
    Q_OBJECT
public:
    AboutDialog(const QString& worker, QWidget* parent = nullptr);
};

/// The manual (docs/manual.md), with the table of shortcuts filled in from actions.h.
class ManualDialog final : public QDialog
{
    Q_OBJECT
public:
    explicit ManualDialog(QWidget* parent = nullptr);

    /// What is shown, as Markdown.
    static QString text();
};

/// "KV Workbench 0.1.0", protocol, store, Qt, SQLite, compiler: a line each.
QString versionText();

} // namespace kvw
