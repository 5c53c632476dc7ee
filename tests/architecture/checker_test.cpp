// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/architecture/checker.h"

#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string kSpdx = "// SPDX-License-Identifier: GPL-3.0-or-later\n";
const std::string kCmake = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
                           "# kvw_room(comment ROOMS nobody)\n"
                           "kvw_room(base LIBRARIES fmt::fmt)\n"
                           "kvw_room(config ROOMS base)\n"
                           "kvw_room(store ROOMS base\n    LIBRARIES SQLite::SQLite3)\n"
                           "kvw_room(lm TORCH KERNELS ROOMS config)\n"
                           "kvw_room(jobs ROOMS lm store)\n"
                           "kvw_window_room(models)\n"
                           "kvw_window_room(plots QCUSTOMPLOT ROOMS models)\n"
                           "kvw_window_room(pages ROOMS plots)\n"
                           "kvw_window_room(shell ROOMS pages)\n";

/// A small tree that has nothing to find, for a test to plant one thing in.
class Tree : public ::testing::Test
{
protected:
    Tree()
    {
        write("CMakeLists.txt", kCmake);
        plant("core/config/a.h", "#pragma once\n#include \"core/base/b.h\"\n#include <vector>\n");
        plant("core/lm/decoder.cpp",
              "#include \"core/base/b.h\"\n#include \"kernels/rows.h\"\n#include <torch/torch.h>\n");
        plant("kernels/cpu/rows.cpp", "#include \"kernels/rows.h\"\n#include <cstddef>\n");
        plant("app/kvw/main.cpp", "#include \"core/jobs/run.h\"\n");
        plant("widgets/pages/page.cpp", "#include \"core/store/store.h\"\n#include <QWidget>\n");
    }

    void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }
    void plant(const std::string& name, const std::string& text) const { write(name, kSpdx + text); }
    std::vector<std::string> findings() const { return check_tree(root_).findings; }

    kvw::testing::TemporaryFolder folder_;
    const std::filesystem::path& root_ = folder_.path();
};

TEST_F(Tree, HasNothingToFind)
{
    const Report report = check_tree(root_);
    EXPECT_THAT(report.findings, IsEmpty());
    EXPECT_EQ(report.files, 6);
    EXPECT_EQ(report.includes, 10);
}

TEST_F(Tree, AnArrowUpIsFound)
{
    plant("core/config/bad.cpp", "#include \"core/config/a.h\"\n#include \"core/store/store.h\"\n");
    EXPECT_THAT(findings(), ElementsAre("core/config/bad.cpp:3: the room config may not include core/store"));
}

TEST_F(Tree, ArrowsOverTwoRoomsAreAllowedOnlyDown)
{
    plant("core/jobs/run.cpp",
          "#include \"core/base/b.h\"\n#include \"core/config/a.h\"\n#include \"kernels/rows.h\"\n");
    EXPECT_THAT(findings(), IsEmpty());
    plant("core/base/up.h", "#include \"core/jobs/run.h\"\n");
    EXPECT_THAT(findings(), ElementsAre("core/base/up.h:2: the room base may not include core/jobs"));
}

TEST_F(Tree, TorchOnlyWhereTheRoomSaysSo)
{
    for (const char* header : {"<torch/torch.h>", "<ATen/ATen.h>", "\"c10/core/Device.h\"", "<caffe2/core.h>"}) {
        plant("core/jobs/bad.cpp", std::string("#include ") + header + "\n");
        EXPECT_THAT(findings(), ElementsAre(HasSubstr("core/jobs/bad.cpp:2: LibTorch's"))) << header;
        plant("core/jobs/bad.cpp", "");
        plant("app/kvw/bad.cpp", std::string("#  include ") + header + "\n");
        EXPECT_THAT(findings(), ElementsAre(HasSubstr("app/kvw/bad.cpp:2: LibTorch's"))) << header;
        plant("app/kvw/bad.cpp", "");
        plant("kernels/bad.h", std::string("#include ") + header + "\n");
        EXPECT_THAT(findings(), ElementsAre(HasSubstr("kernels/bad.h:2: LibTorch's"))) << header;
        plant("kernels/bad.h", "");
    }
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Tree, QtNowhereInTheCore)
{
    plant("core/base/bad.cpp", "#include <QString>\n#include <QtCore/qglobal.h>\n#include <qwidget.h>\n");
    plant("kernels/cpu/bad.cpp", "#include <QString>\n");
    EXPECT_THAT(findings(),
                UnorderedElementsAre(HasSubstr("core/base/bad.cpp:2: Qt"), HasSubstr("core/base/bad.cpp:3: Qt"),
                                     HasSubstr("core/base/bad.cpp:4: Qt"), HasSubstr("kernels/cpu/bad.cpp:2: Qt")));
}

TEST_F(Tree, KernelsStandAlone)
{
    plant("kernels/bad.cpp", "#include \"core/base/b.h\"\n#include \"app/kvw/a.h\"\n");
    plant("core/config/bad.cpp", "#include \"kernels/rows.h\"\n");
    EXPECT_THAT(findings(),
                UnorderedElementsAre("kernels/bad.cpp:2: kernels include nothing of core",
                                     "kernels/bad.cpp:3: kernels include nothing of app",
                                     "core/config/bad.cpp:2: the room config may not include kernels"));
}

TEST_F(Tree, NothingBelowIncludesThePrograms)
{
    plant("core/jobs/bad.cpp", "#include \"app/kvw/main.h\"\n#include \"widgets/x.h\"\n#include \"tests/x.h\"\n");
    EXPECT_THAT(findings(), ::testing::SizeIs(3));
    plant("core/jobs/bad.cpp", "");
    plant("widgets/pages/bad.cpp", "#include \"core/lm/decoder.h\"\n");
    EXPECT_THAT(findings(),
                ElementsAre("widgets/pages/bad.cpp:2: widgets may not include core/lm, a room of the engine"));
}

TEST_F(Tree, ArrowsWithinTheWindowPointDown)
{
    plant("widgets/shell/window.cpp", "#include \"widgets/pages/page.h\"\n#include \"widgets/models/text.h\"\n");
    EXPECT_THAT(findings(), IsEmpty());
    plant("widgets/pages/bad.cpp", "#include \"widgets/shell/window.h\"\n");
    plant("widgets/models/bad.h", "#include \"widgets/plots/plot.h\"\n");
    EXPECT_THAT(
        findings(),
        UnorderedElementsAre("widgets/pages/bad.cpp:2: the room pages of the window may not include widgets/shell",
                             "widgets/models/bad.h:2: the room models of the window may not include widgets/plots"));
}

TEST_F(Tree, RoomsOfTheWindowAreThoseThatAreNamed)
{
    plant("widgets/attic/x.cpp", "");
    plant("widgets/loose.cpp", "");
    EXPECT_THAT(findings(),
                UnorderedElementsAre("widgets/attic/x.cpp: there is no room widgets/attic",
                                     "widgets/loose.cpp: there is no room widgets/"));
}

TEST_F(Tree, QCustomPlotOnlyWhereTheRoomSaysSo)
{
    plant("widgets/plots/plot.h", "#include <qcustomplot.h>\n");
    EXPECT_THAT(findings(), IsEmpty());
    plant("widgets/pages/bad.cpp", "#include <qcustomplot.h>\n");
    plant("app/kvworkbench/bad.cpp", "#include <qcustomplot.h>\n");
    EXPECT_THAT(findings(),
                UnorderedElementsAre(HasSubstr("app/kvworkbench/bad.cpp:2: QCustomPlot's"),
                                     HasSubstr("widgets/pages/bad.cpp:2: QCustomPlot's")));
}

TEST_F(Tree, IncludesNameTheirRoom)
{
    plant("core/config/bad.cpp", "#include \"a.h\"\n#include \"../store/store.h\"\n#include \"core/nowhere/x.h\"\n");
    EXPECT_THAT(findings(),
                ElementsAre(HasSubstr("bad.cpp:2: \"a.h\" does not name its room"), HasSubstr("bad.cpp:3:"),
                            "core/config/bad.cpp:4: there is no room core/nowhere"));
    plant("core/config/bad.cpp", "");
    plant("core/attic/x.cpp", "");
    EXPECT_THAT(findings(), ElementsAre("core/attic/x.cpp: there is no room core/attic"));
}

TEST_F(Tree, CommentsAreNoIncludes)
{
    plant("core/base/fine.cpp", "// #include \"core/jobs/run.h\"\n/// see #include <QString>\n");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Tree, LicenceAndLength)
{
    write("core/base/bare.cpp", "int x;\n");
    write("scripts/tool", "#!/bin/sh\n# SPDX-License-Identifier: GPL-3.0-or-later\n");
    write("scripts/bare", "#!/bin/sh\n");
    std::string lines;
    for (int i = 0; i < 600; ++i)
        lines += "\n";
    plant("tests/base/long.cpp", lines);
    plant("tests/base/longest.cpp", lines.substr(1));
    EXPECT_THAT(findings(),
                UnorderedElementsAre("core/base/bare.cpp: no SPDX line at the top",
                                     "scripts/bare: no SPDX line at the top",
                                     "tests/base/long.cpp: 601 lines, and 600 are the most"));
}

TEST_F(Tree, LongFunctionsAreFound)
{
    const auto function = [](int lines) {
        std::string text = "int f()\n{\n";
        for (int i = 0; i < lines; ++i)
            text += "    g();\n";
        return text + "}\n";
    };
    plant("core/base/fine.cpp", function(60) + "struct A\n{\n" + std::string(100, '\n') + "};\n");
    EXPECT_THAT(findings(), IsEmpty());
    plant("core/base/bad.cpp", function(3) + function(61));
    EXPECT_THAT(findings(), ElementsAre("core/base/bad.cpp:9: a function of 61 lines, and 60 are the most"));
}

TEST(Rooms, AreReadWithWhatTheyInherit)
{
    std::vector<std::string> findings;
    const auto rooms = read_rooms(kCmake, House::Core, findings);
    EXPECT_THAT(findings, IsEmpty());
    ASSERT_EQ(rooms.size(), 5u);
    EXPECT_THAT(rooms.at("base").rooms, ElementsAre("base"));
    EXPECT_THAT(rooms.at("store").rooms, ElementsAre("base", "store"));
    EXPECT_THAT(rooms.at("jobs").rooms, ElementsAre("base", "config", "jobs", "lm", "store"));
    EXPECT_TRUE(rooms.at("lm").torch);
    EXPECT_FALSE(rooms.at("jobs").torch); // headers of LibTorch are a right of its own
    EXPECT_TRUE(rooms.at("jobs").kernels);
    EXPECT_FALSE(rooms.at("config").kernels);
}

TEST(Rooms, OfTheWindowAreReadApart)
{
    std::vector<std::string> findings;
    const auto rooms = read_rooms(kCmake, House::Window, findings);
    EXPECT_THAT(findings, IsEmpty());
    ASSERT_EQ(rooms.size(), 4u);
    EXPECT_THAT(rooms.at("pages").rooms, ElementsAre("models", "pages", "plots"));
    EXPECT_TRUE(rooms.at("plots").qcustomplot);
    EXPECT_FALSE(rooms.at("pages").qcustomplot); // its header is a right of its own
}

TEST(Rooms, OneThatStandsBelowIsFound)
{
    std::vector<std::string> findings;
    read_rooms("kvw_room(base ROOMS config)\nkvw_room(config ROOMS base)\n", House::Core, findings);
    EXPECT_THAT(findings, ElementsAre("CMakeLists.txt: the room base names config, which is not above it"));
}

/// The tree itself.
TEST(Architecture, NoArrowPointsUp)
{
    const Report report = check_tree(kvw::testing::source_folder());
    for (const std::string& finding : report.findings)
        ADD_FAILURE() << finding;
    EXPECT_GT(report.files, 50);
    EXPECT_GT(report.includes, 200);
}

} // namespace
} // namespace kvw::architecture
