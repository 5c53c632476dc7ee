// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/version.h"
#include "widgets/models/text.h"
#include "widgets/shell/main_window.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QTextStream>

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("kvworkbench"));
    QApplication::setApplicationDisplayName(QStringLiteral("KV Workbench"));
    QApplication::setApplicationVersion(kvw::toQt(kvw::version()));
    QCommandLineParser parser;
    parser.addPositionalArgument(QStringLiteral("file"), QApplication::translate("main", "project file to open"));
    parser.process(application);
    kvw::MainWindow window;
    if (!parser.positionalArguments().isEmpty())
        if (const auto problem = window.workspace()->open(parser.positionalArguments().first())) {
            QTextStream(stderr) << problem->message << '\n';
            return 1;
        }
    window.show();
    return QApplication::exec();
}
