// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/manual/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::manual {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Program example()
{
    Program program;
    program.name = "tool";
    program.version = "1.2";
    program.help = "does it's work";
    program.options = {{{"-h", "--help"}, "", "show this [and] end: now", Value::None, false}};
    program.commands = {{"run",
                         "runs",
                         {{{}, "MODEL", "a folder", Value::Folder, true},
                          {{"--store"}, "FILE", ".kvw file, C:\\x", Value::File, true},
                          {{"--type"}, "TYPE", "what", Value::Text, false}}}};
    program.sections = {{"FILES", ".hidden\n'quoted"}};
    return program;
}

TEST(Manual, APageNamesEveryCommandAndOption)
{
    const std::string page = man_page(example());
    for (const char* part :
         {".TH TOOL 1", ".SH NAME\ntool \\- does it's work", ".SS tool run", "\\fB\\-\\-store\\fR \\fIFILE\\fR",
          "(required)", "\\fB\\-h\\fR, \\fB\\-\\-help\\fR", "C:\\ex", ".SH FILES"})
        EXPECT_THAT(page, HasSubstr(part));
    // Text never becomes a request.
    EXPECT_THAT(page, HasSubstr("\n\\&.kvw file"));
    EXPECT_THAT(page, HasSubstr("\n\\&.hidden\n\\&'quoted"));
}

TEST(Manual, CompletionsNameEveryCommandAndOption)
{
    for (const char* form : {"bash", "zsh", "fish"}) {
        const std::string text = describe(example(), form);
        SCOPED_TRACE(form);
        for (const char* part : {"tool", "run", "store", "type", "help"})
            EXPECT_THAT(text, HasSubstr(part));
    }
    EXPECT_THAT(zsh_completion(example()), HasSubstr("show this \\[and\\] end\\: now"));
    EXPECT_THAT(fish_completion(example()), HasSubstr("'.kvw file, C:\\\\x'"));
    EXPECT_EQ(describe(example(), "csh"), "");
}

} // namespace
} // namespace kvw::manual
