// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/actions.h"

#include "widgets/models/text.h"
#include "widgets/shell/commands.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QCoreApplication>
#include <QMenu>

namespace kvw {
namespace {

using Key = QKeySequence;
constexpr Key::StandardKey kNoKey = Key::UnknownKey;

// clang-format off
constexpr ActionRow kActions[] = {
    {"file.new", QT_TRANSLATE_NOOP("kvw::Actions", "&New project…"), QT_TRANSLATE_NOOP("kvw::Actions", "Make an empty project file"), "", Key::New, "document-new", Menu::File, &Commands::newProject, &Commands::always},
    {"file.open", QT_TRANSLATE_NOOP("kvw::Actions", "&Open…"), QT_TRANSLATE_NOOP("kvw::Actions", "Open a project file"), "", Key::Open, "document-open", Menu::File, &Commands::openProject, &Commands::always},
    {"file.example", QT_TRANSLATE_NOOP("kvw::Actions", "Open &example"), QT_TRANSLATE_NOOP("kvw::Actions", "Open the example project, measured on the sample model"), "", kNoKey, "kvw-example", Menu::File, &Commands::openExample, &Commands::always},
    {"file.saveAs", QT_TRANSLATE_NOOP("kvw::Actions", "Save a &copy as…"), QT_TRANSLATE_NOOP("kvw::Actions", "Write a compact copy of the project under another name"), "Ctrl+Shift+S", kNoKey, "document-save-as", Menu::File, &Commands::saveCopy, &Commands::hasProject, GroupBegins::Yes},
    {"file.export", QT_TRANSLATE_NOOP("kvw::Actions", "E&xport this page…"), QT_TRANSLATE_NOOP("kvw::Actions", "Write the figures and tables of the page that is shown into a folder"), "Ctrl+E", kNoKey, "document-export", Menu::File, &Commands::exportPage, &Commands::hasProject},
    {"file.close", QT_TRANSLATE_NOOP("kvw::Actions", "C&lose project"), QT_TRANSLATE_NOOP("kvw::Actions", "Close the project; the window stays"), "Ctrl+W", kNoKey, "window-close", Menu::File, &Commands::closeProject, &Commands::hasProject, GroupBegins::Yes},
    {"file.quit", QT_TRANSLATE_NOOP("kvw::Actions", "&Quit"), QT_TRANSLATE_NOOP("kvw::Actions", "Close the window"), "Ctrl+Q", kNoKey, "application-exit", Menu::File, &Commands::quit, &Commands::always},

    {"edit.copy", QT_TRANSLATE_NOOP("kvw::Actions", "&Copy"), QT_TRANSLATE_NOOP("kvw::Actions", "Copy the selected cells, or the figure that has the focus"), "", Key::Copy, "edit-copy", Menu::Edit, &Commands::copy, &Commands::always},
    {"edit.copyWithHeaders", QT_TRANSLATE_NOOP("kvw::Actions", "Copy with &headers"), QT_TRANSLATE_NOOP("kvw::Actions", "Copy the selected cells with the names of their columns"), "Ctrl+Shift+C", kNoKey, "kvw-copy-headers", Menu::Edit, &Commands::copyWithHeaders, &Commands::always},
    {"edit.selectAll", QT_TRANSLATE_NOOP("kvw::Actions", "Select &all"), QT_TRANSLATE_NOOP("kvw::Actions", "Select every row of the table that has the focus"), "", Key::SelectAll, "edit-select-all", Menu::Edit, &Commands::selectAll, &Commands::always},
    {"edit.clearSelection", QT_TRANSLATE_NOOP("kvw::Actions", "C&lear selection"), QT_TRANSLATE_NOOP("kvw::Actions", "Pick no run and no head"), "Esc", kNoKey, "edit-clear", Menu::Edit, &Commands::clearSelection, &Commands::always},
    {"edit.find", QT_TRANSLATE_NOOP("kvw::Actions", "&Filter"), QT_TRANSLATE_NOOP("kvw::Actions", "Go to the page's filter"), "", Key::Find, "edit-find", Menu::Edit, &Commands::find, &Commands::always, GroupBegins::Yes},

    {"view.back", QT_TRANSLATE_NOOP("kvw::Actions", "&Back"), QT_TRANSLATE_NOOP("kvw::Actions", "The page and selection before"), "Alt+Left", kNoKey, "go-previous", Menu::View, &Commands::back, &Commands::canGoBack},
    {"view.forward", QT_TRANSLATE_NOOP("kvw::Actions", "F&orward"), QT_TRANSLATE_NOOP("kvw::Actions", "The page and selection that Back left"), "Alt+Right", kNoKey, "go-next", Menu::View, &Commands::forward, &Commands::canGoForward},
    {"view.refresh", QT_TRANSLATE_NOOP("kvw::Actions", "&Refresh"), QT_TRANSLATE_NOOP("kvw::Actions", "Read the project file again"), "F5", kNoKey, "view-refresh", Menu::View, &Commands::refresh, &Commands::hasProject},
    {"view.fullScreen", QT_TRANSLATE_NOOP("kvw::Actions", "F&ull screen"), QT_TRANSLATE_NOOP("kvw::Actions", "Fill the screen, or stop filling it"), "F11", kNoKey, "view-fullscreen", Menu::View, &Commands::toggleFullScreen, &Commands::always},
    {"view.saveLayout", QT_TRANSLATE_NOOP("kvw::Actions", "&Save layout as…"), QT_TRANSLATE_NOOP("kvw::Actions", "Keep the arrangement of docks and pages under a name"), "", kNoKey, "kvw-layout", Menu::View, &Commands::saveLayout, &Commands::always, GroupBegins::Yes},
    {"view.resetLayout", QT_TRANSLATE_NOOP("kvw::Actions", "Rese&t layout"), QT_TRANSLATE_NOOP("kvw::Actions", "Put docks and window back where they were at first"), "Ctrl+Shift+R", kNoKey, "kvw-layout-reset", Menu::View, &Commands::resetLayout, &Commands::always},

    {"jobs.calibrate", QT_TRANSLATE_NOOP("kvw::Actions", "New &calibration"), QT_TRANSLATE_NOOP("kvw::Actions", "Choose a model and a text and gather the moments of its keys and values"), "Ctrl+Shift+N", kNoKey, "kvw-calibrate", Menu::Jobs, &Commands::newCalibration, &Commands::always},
    {"jobs.cancel", QT_TRANSLATE_NOOP("kvw::Actions", "Ca&ncel the running job"), QT_TRANSLATE_NOOP("kvw::Actions", "End the running job; what it has finished is kept"), "Ctrl+.", kNoKey, "process-stop", Menu::Jobs, &Commands::cancelJob, &Commands::jobRuns},
    {"jobs.again", QT_TRANSLATE_NOOP("kvw::Actions", "&Run the picked job again"), QT_TRANSLATE_NOOP("kvw::Actions", "Start a job with the same settings"), "Ctrl+Shift+J", kNoKey, "kvw-again", Menu::Jobs, &Commands::runJobAgain, &Commands::hasJobs},
    {"jobs.show", QT_TRANSLATE_NOOP("kvw::Actions", "Show &jobs"), QT_TRANSLATE_NOOP("kvw::Actions", "Show the list of jobs and their log"), "Ctrl+J", kNoKey, "kvw-jobs", Menu::Jobs, &Commands::showJobs, &Commands::always, GroupBegins::Yes},

    {"help.manual", QT_TRANSLATE_NOOP("kvw::Actions", "&Manual"), QT_TRANSLATE_NOOP("kvw::Actions", "Open the manual"), "", Key::HelpContents, "help-contents", Menu::Help, &Commands::showManual, &Commands::always},
    {"help.shortcuts", QT_TRANSLATE_NOOP("kvw::Actions", "&Keyboard shortcuts"), QT_TRANSLATE_NOOP("kvw::Actions", "List every shortcut"), "Ctrl+Shift+K", kNoKey, "kvw-keyboard", Menu::Help, &Commands::showShortcuts, &Commands::always},
    {"help.about", QT_TRANSLATE_NOOP("kvw::Actions", "&About KV Workbench"), QT_TRANSLATE_NOOP("kvw::Actions", "Versions of the program and its libraries, licence"), "", kNoKey, "help-about", Menu::Help, &Commands::showAbout, &Commands::always, GroupBegins::Yes},
};

constexpr PlotKeyRow kPlotKeys[] = {
    {QT_TRANSLATE_NOOP("kvw::Actions", "Move the cursor"), "Left; Right"},
    {QT_TRANSLATE_NOOP("kvw::Actions", "Zoom in"), "+"},
    {QT_TRANSLATE_NOOP("kvw::Actions", "Zoom out"), "-"},
    {QT_TRANSLATE_NOOP("kvw::Actions", "Show everything"), "0"},
};
// clang-format on

} // namespace

std::span<const ActionRow> actionTable() { return kActions; }

std::span<const PlotKeyRow> plotKeyTable() { return kPlotKeys; }

QString actionText(const ActionRow& row)
{
    return QCoreApplication::translate("kvw::Actions", row.text).remove(QLatin1Char('&'));
}

QString actionTip(const ActionRow& row) { return QCoreApplication::translate("kvw::Actions", row.tip); }

QList<QKeySequence> actionKeys(const ActionRow& row)
{
    if (row.keys.empty())
        return row.standard_key == kNoKey ? QList<QKeySequence>() : QKeySequence::keyBindings(row.standard_key);
    return {QKeySequence(toQt(row.keys), QKeySequence::PortableText)};
}

QString plotKeyText(const PlotKeyRow& row) { return QCoreApplication::translate("kvw::Actions", row.text); }

QList<QKeySequence> plotKeys(const PlotKeyRow& row)
{
    QList<QKeySequence> out;
    for (const QString& keys : toQt(row.keys).split(QStringLiteral("; ")))
        out.append(QKeySequence(keys, QKeySequence::PortableText));
    return out;
}

Actions::Actions(Commands* commands) : QObject(commands), m_commands(commands)
{
    for (const ActionRow& row : kActions) {
        const QString id = toQt(row.id);
        auto* action = new QAction(this);
        action->setObjectName(id);
        action->setShortcuts(actionKeys(row));
        action->setIcon(icon(toQt(row.icon)));
        // Qt would guess a role from the text and move "About" and "Quit" about.
        action->setMenuRole(QAction::NoRole);
        connect(action, &QAction::triggered, commands, [commands, run = row.run] { run(*commands); });
        m_actions.insert(id, action);
    }
    retranslate();
}

QList<QAction*> Actions::all() const
{
    QList<QAction*> out;
    for (const ActionRow& row : kActions)
        out.append(action(toQt(row.id)));
    return out;
}

void Actions::updateEnabled()
{
    for (const ActionRow& row : kActions)
        action(toQt(row.id))->setEnabled(row.enabled(*m_commands));
}

void Actions::fill(QMenu* menu, Menu which) const
{
    for (const ActionRow& row : kActions) {
        if (row.menu != which)
            continue;
        if (row.group == GroupBegins::Yes)
            menu->addSeparator();
        menu->addAction(action(toQt(row.id)));
    }
}

void Actions::retranslate()
{
    for (const ActionRow& row : kActions) {
        QAction* found = action(toQt(row.id));
        found->setText(QCoreApplication::translate("kvw::Actions", row.text));
        const QString keys = found->shortcut().toString(QKeySequence::NativeText);
        found->setToolTip(keys.isEmpty() ? actionText(row) : QStringLiteral("%1 (%2)").arg(actionText(row), keys));
        found->setStatusTip(actionTip(row));
    }
}

} // namespace kvw
