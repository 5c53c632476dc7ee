// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QWidget>

namespace kvw {

class MainWindow;
enum class EditResult;

/// What the actions of the window do: the table in actions.cpp names a member function for each row, and one that says when
/// it is enabled. What finds nothing to do says so in the status bar.
class Commands final : public QObject
{
    Q_OBJECT
public:
    explicit Commands(MainWindow* window);

    void newProject();
    void openProject();
    void openExample();
    void saveCopy();
    void exportPage();
    void closeProject();
    void quit();

    void copy();
    void copyWithHeaders();
    void selectAll();
    void clearSelection();
    void find();

    void back();
    void forward();
    void refresh();
    void toggleFullScreen();
    void saveLayout();
    void resetLayout();

    void newCalibration();
    void cancelJob();
    void runJobAgain();
    void showJobs();

    void showManual();
    void showShortcuts();
    void showAbout();

    bool always() const { return true; }
    bool hasProject() const;
    bool canGoBack() const;
    bool canGoForward() const;
    bool jobRuns() const;
    bool hasJobs() const;

private:
    void say(const QString& sentence);
    void sayUnless(EditResult result, const QString& nothingPicked, const QString& notHere);
    /// What the menu Edit speaks of: the menu bar takes the focus while it is walked through by keys.
    QWidget* focus() const;

    MainWindow* m_window;
    QPointer<QWidget> m_focus;
};

} // namespace kvw
