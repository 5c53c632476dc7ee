// SPDX-License-Identifier: GPL-3.0-or-later
// kvworkbench as a program of the command line: without a display, with wrong arguments, and what it links.
#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/text.h"

#include <QDir>
#include <QImage>
#include <QProcess>

namespace kvw::testing {
namespace {

struct Ended
{
    int code = -1;
    QString out, err;
};

Ended run(const QString& program, const QStringList& arguments, const QStringList& environment = {})
{
    QProcess process;
    QProcessEnvironment own = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        own.remove(QLatin1String(name));
    for (const QString& each : environment)
        own.insert(each.section(QLatin1Char('='), 0, 0), each.section(QLatin1Char('='), 1));
    process.setProcessEnvironment(own);
    process.start(program, arguments);
    EXPECT_TRUE(process.waitForFinished(60'000)) << toStd(process.errorString());
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError())};
}

const QString kProgram = toQt(testing::program("kvworkbench").string());

TEST(Workbench, SaysItsVersionAndHelpWithoutADisplay)
{
    const Ended version = run(kProgram, {QStringLiteral("--version")});
    EXPECT_EQ(version.code, 0) << toStd(version.err);
    EXPECT_TRUE(version.out.contains(QStringLiteral("Qt"))) << toStd(version.out);
    const Ended help = run(kProgram, {QStringLiteral("--help")});
    EXPECT_EQ(help.code, 0);
    for (const char* option : {"--page", "--compare", "--export", "--reset-layout"})
        EXPECT_TRUE(help.out.contains(QLatin1String(option))) << option;
}

TEST(Workbench, WrongArgumentsAreSaidWithExitCodeTwo)
{
    const Ended option = run(kProgram, {QStringLiteral("--bogus")});
    EXPECT_EQ(option.code, 2);
    EXPECT_TRUE(option.err.contains(QStringLiteral("bogus")));
    const Ended page = run(kProgram, {QStringLiteral("--page"), QStringLiteral("nowhere")},
                           {QStringLiteral("QT_QPA_PLATFORM=offscreen")});
    EXPECT_EQ(page.code, 2);
    EXPECT_TRUE(page.err.contains(QStringLiteral("nowhere")));
}

TEST(Workbench, LinksNoTorch)
{
    const Ended linked = run(QStringLiteral("ldd"), {kProgram});
    ASSERT_EQ(linked.code, 0) << toStd(linked.err);
    EXPECT_TRUE(linked.out.contains(QStringLiteral("libQt6Widgets")));
    for (const char* part : {"libtorch", "libc10", "libcuda"})
        EXPECT_FALSE(linked.out.contains(QLatin1String(part))) << part;
}

class WorkbenchExport : public WithWorkspace
{};

TEST_F(WorkbenchExport, WritesAPageAtAnyScaleWithoutADisplay)
{
    {
        Store store = Store::open(toStd(file));
        const RowId calibration = addRun(store, RunKind::Calibrate);
        SpectrumRecord record;
        record.quantity = "k";
        record.positions = Positions::AfterSinks;
        record.eigenvalues = {4, 2, 1};
        store.put_spectra(calibration, std::vector{record});
    }
    for (const QString& scale : {QStringLiteral("1"), QStringLiteral("2")}) {
        const QString out = folder.filePath(QStringLiteral("out") + scale);
        const Ended done = run(kProgram,
                               {file, QStringLiteral("--page"), QStringLiteral("spectra"), QStringLiteral("--export"),
                                out, QStringLiteral("--settings"), folder.filePath(QStringLiteral("settings.ini"))},
                               {QStringLiteral("QT_SCALE_FACTOR=") + scale});
        EXPECT_EQ(done.code, 0) << toStd(done.err);
        QFile svg(QDir(out).filePath(QStringLiteral("spectra-variances.svg")));
        ASSERT_TRUE(svg.open(QIODevice::ReadOnly)) << toStd(done.out);
        EXPECT_TRUE(svg.readAll().contains("</svg>"));
    }
    const Ended missing = run(kProgram,
                              {folder.filePath(QStringLiteral("none.kvw")), QStringLiteral("--export"),
                               folder.filePath(QStringLiteral("out3"))});
    EXPECT_EQ(missing.code, 1);
    EXPECT_TRUE(missing.err.contains(QStringLiteral("none.kvw"))) << toStd(missing.err);
}

} // namespace
} // namespace kvw::testing
