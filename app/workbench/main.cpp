// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/settings.h"
#include "widgets/models/text.h"
#include "widgets/pages/page.h"
#include "widgets/pages/page_export.h"
#include "widgets/shell/dialogs.h"
#include "widgets/shell/language.h"
#include "widgets/shell/main_window.h"
#include "widgets/style/style.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QTextStream>

#include <memory>

namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

int fail(const QString& sentence, int code)
{
    QTextStream(stderr) << sentence << '\n';
    return code;
}

void describe(QCommandLineParser& parser)
{
    parser.setApplicationDescription(QStringLiteral("The window of KV Workbench."));
    parser.addPositionalArgument(QStringLiteral("FILE"), QStringLiteral("project to open (*.kvw)"),
                                 QStringLiteral("[FILE...]"));
    parser.addOptions(
        {{QStringLiteral("page"), QStringLiteral("show this page first"), QStringLiteral("NAME")},
         {QStringLiteral("compare"), QStringLiteral("pick two runs by number: --compare A B"), QStringLiteral("A")},
         {QStringLiteral("export"),
          QStringLiteral("write figures and tables of the page into this folder, without a window"),
          QStringLiteral("OUT")},
         {QStringLiteral("reset-layout"), QStringLiteral("begin with the docks where they were at first")},
         {QStringLiteral("settings"), QStringLiteral("keep settings in this file (*.ini)"), QStringLiteral("FILE")},
         {{QStringLiteral("h"), QStringLiteral("help")}, QStringLiteral("show this and end")},
         {QStringLiteral("version"), QStringLiteral("show the versions of the program and its libraries and end")}});
}

/// Opens what was asked for and shows or exports it; the exit code.
int run(const QCommandLineParser& parser, QStringList files)
{
    kvw::MainWindow window(parser.isSet(QStringLiteral("reset-layout")) ? kvw::MainWindow::Layout::Reset
                                                                        : kvw::MainWindow::Layout::Restored);
    std::vector<kvw::RowId> runs;
    if (parser.isSet(QStringLiteral("compare"))) {
        bool good = !files.isEmpty(), also = false;
        runs.push_back(parser.value(QStringLiteral("compare")).toLongLong(&also));
        if (good)
            runs.push_back(files.takeFirst().toLongLong(&good));
        if (!good || !also)
            return fail(QStringLiteral("--compare takes the numbers of two runs: --compare A B"), kUsage);
    }
    const QString page = parser.value(QStringLiteral("page"));
    if (!page.isEmpty() && !window.page(page))
        return fail(QStringLiteral("there is no page \"%1\"").arg(page), kUsage);
    const bool exports = parser.isSet(QStringLiteral("export"));
    if (!files.isEmpty()) {
        if (exports) {
            if (const auto problem = window.workspace()->open(files.first(), kvw::Store::Access::ReadOnly))
                return fail(problem->message, kFailure);
        } else {
            window.openProject(files.first()); // the window says what is wrong
        }
    }
    window.workspace()->setRuns(runs);
    window.showPage(!page.isEmpty() ? page : runs.empty() ? QString() : QStringLiteral("compare"));
    if (!exports) {
        window.show();
        return QApplication::exec();
    }
    window.currentPage()->updateNow();
    const auto result = kvw::exportPage(*window.currentPage(), parser.value(QStringLiteral("export")));
    for (const QString& file : result.files)
        QTextStream(stdout) << file << '\n';
    return result.problem ? fail(result.problem->message, kFailure) : 0;
}

} // namespace

int main(int argc, char** argv)
{
    QCommandLineParser parser;
    describe(parser);
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const bool understood = parser.parse(arguments);
    if (understood && parser.isSet(QStringLiteral("version"))) {
        QTextStream(stdout) << kvw::versionText();
        return 0;
    }
    if (understood && parser.isSet(QStringLiteral("help"))) {
        const QCoreApplication application(argc, argv);
        QTextStream(stdout) << parser.helpText();
        return 0;
    }
    if (!understood)
        return fail(parser.errorText(), kUsage);
    const QString settings = parser.value(QStringLiteral("settings"));
    if (!settings.isEmpty() && !settings.endsWith(QStringLiteral(".ini")))
        return fail(QStringLiteral("--settings wants a file that ends in .ini, and \"%1\" does not").arg(settings),
                    kUsage);
    if (parser.isSet(QStringLiteral("export")))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(QStringLiteral("KV Workbench"));
    QApplication::setDesktopFileName(QStringLiteral("io.github.kvworkbench.KvWorkbench"));
    QApplication::setStyle(new kvw::Style);
    kvw::setUpSettings(settings);
    kvw::installTranslations();
    return run(parser, parser.positionalArguments());
}
