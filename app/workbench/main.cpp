// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/version.h"
#include "core/manual/manual.h"
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

/// What the parser, the page for man and the completions of shells are made from.
kvw::manual::Program program()
{
    using kvw::manual::Value;
    kvw::manual::Program out;
    out.name = "kvworkbench";
    out.version = std::string(kvw::version());
    out.help =
        "The window of KV Workbench: calibrates language models, compresses their KV caches and compares what that "
        "costs and gains.";
    out.options = {
        {{}, "FILE", "project to open (*.kvw)", Value::File, false},
        {{"--page"}, "NAME", "show this page first", Value::Text, false},
        {{"--compare"}, "A", "pick two runs by number: --compare A B", Value::Text, false},
        {{"--export"},
         "OUT",
         "write figures and tables of the page into this folder, without a window",
         Value::Folder,
         false},
        {{"--reset-layout"}, "", "begin with the docks where they were at first", Value::None, false},
        {{"--settings"}, "FILE", "keep settings in this file (*.ini)", Value::File, false},
        {{"-h", "--help"}, "", "show this and end", Value::None, false},
        {{"--version"}, "", "show the versions of the program and its libraries and end", Value::None, false}};
    out.sections = {{"EXIT STATUS",
                     "0  done\n1  failed; one sentence on standard error says what\n2  a mistake on the command line"},
                    {"SEE ALSO", "kvw(1)"}};
    return out;
}

/// For packages, not for people: writes the page for man or the completion of a shell.
const QString kDescribe = QStringLiteral("describe");

void describe(QCommandLineParser& parser)
{
    const kvw::manual::Program all = program();
    parser.setApplicationDescription(kvw::toQt(all.help));
    for (const kvw::manual::Option& option : all.options) {
        QStringList names;
        for (const std::string& name : option.names)
            names.append(kvw::toQt(name).mid(name.starts_with("--") ? 2 : 1));
        if (names.isEmpty())
            parser.addPositionalArgument(kvw::toQt(option.value), kvw::toQt(option.help),
                                         QStringLiteral("[%1...]").arg(kvw::toQt(option.value)));
        else
            parser.addOption({names, kvw::toQt(option.help), kvw::toQt(option.value)});
    }
    QCommandLineOption hidden(kDescribe, QString(), QStringLiteral("FORM"));
    hidden.setFlags(QCommandLineOption::HiddenFromHelp);
    parser.addOption(hidden);
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
    if (understood && parser.isSet(kDescribe)) {
        const std::string text = kvw::manual::describe(program(), parser.value(kDescribe).toStdString());
        if (text.empty())
            return fail(QStringLiteral("--describe takes man, bash, zsh or fish"), kUsage);
        QTextStream(stdout) << kvw::toQt(text);
        return 0;
    }
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
