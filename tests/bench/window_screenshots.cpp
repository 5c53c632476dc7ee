// SPDX-License-Identifier: GPL-3.0-or-later
// window_screenshots PROJECT FOLDER: every page of the window on that project, light and dark, as PNG. scripts/screenshots
// calls it. No display is needed; settings are those of a first start.
#include "widgets/models/settings.h"
#include "widgets/pages/page.h"
#include "widgets/shell/main_window.h"
#include "widgets/style/style.h"

#include <QApplication>
#include <QDir>
#include <QLocale>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>

namespace {

constexpr QSize kWindow{1360, 860};
constexpr int kSettle_ms = 400; ///< queued repaints and layouts

/// What a person would have picked before looking at the page.
void pickSomething(kvw::Workspace& workspace)
{
    std::vector<kvw::RowId> runs;
    for (const kvw::QualityRow& row : workspace.quality())
        if (runs.size() < 4 && row.source.run.parent_run)
            runs.push_back(row.record.run);
    workspace.setSelection({runs, {{0, 0}, {8, 1}, {20, 2}}});
}

bool shoot(kvw::MainWindow& window, const QString& folder, const QString& scheme)
{
    QApplication::setPalette(scheme == QLatin1String("dark") ? kvw::Appearance::darkPalette()
                                                             : kvw::Appearance::lightPalette());
    for (kvw::Page* page : window.pages()) {
        window.showPage(page->id());
        QTest::qWait(kSettle_ms);
        const QString file = QStringLiteral("%1/%2-%3.png").arg(folder, page->id(), scheme);
        if (!window.grab().save(file, "PNG", 0)) {
            std::fprintf(stderr, "error: %s cannot be written\n", qPrintable(file));
            return false;
        }
        std::printf("%s\n", qPrintable(file));
    }
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: window_screenshots PROJECT FOLDER\n");
        return 2;
    }
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    const QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(QStringLiteral("KV Workbench"));
    QApplication::setStyle(new kvw::Style);
    const QTemporaryDir own;
    kvw::setUpSettings(own.filePath(QStringLiteral("settings.ini")));
    const QString folder = QString::fromLocal8Bit(argv[2]);
    QDir().mkpath(folder);
    kvw::Settings().setText(QStringLiteral("model"), QStringLiteral("models/smollm2-135m"));
    kvw::Settings().setText(QStringLiteral("text"), QString());
    kvw::MainWindow window(kvw::MainWindow::Layout::Reset);
    window.resize(kWindow);
    if (const auto problem = window.workspace()->open(QString::fromLocal8Bit(argv[1]), kvw::Store::Access::ReadOnly)) {
        std::fprintf(stderr, "error: %s\n", qPrintable(problem->message));
        return 1;
    }
    pickSomething(*window.workspace());
    window.show();
    return shoot(window, folder, QStringLiteral("light")) && shoot(window, folder, QStringLiteral("dark")) ? 0 : 1;
}
