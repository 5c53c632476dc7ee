// SPDX-License-Identifier: GPL-3.0-or-later
// Documents that are cited exist, and so do the headings that they are cited by.
#include "tests/support/paths.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::architecture {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// Headings of a Markdown file, without marks; fenced and indented blocks are text.
std::vector<std::string> headings(const std::string& text)
{
    std::vector<std::string> out;
    std::istringstream lines(text);
    bool fenced = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```"))
            fenced = !fenced;
        const std::size_t marks = line.find_first_not_of('#');
        if (!fenced && marks != std::string::npos && marks > 0 && marks < line.size() && line[marks] == ' ')
            out.push_back(line.substr(marks + 1));
    }
    return out;
}

/// As GitHub makes them: lower case, hyphens for spaces, other marks gone.
std::string anchor(const std::string& heading)
{
    std::string out;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || c == '_' || c == '-' || byte >= 0x80)
            out += static_cast<char>(std::tolower(byte));
        else if (c == ' ')
            out += '-';
    }
    return out;
}

/// A comment goes on over line ends: its marks and the space around them become one space.
std::string joined(const std::string& text)
{
    return std::regex_replace(text, std::regex(R"(\s*\n\s*(?:///?<?|#|\*)?\s*)"), " ");
}

/// What is wrong with the citations of one file: `docs/NAME.md, "Heading"`, `docs/NAME.md`, and Markdown links.
std::vector<std::string> findings(const fs::path& root, const fs::path& file, const std::string& text)
{
    std::vector<std::string> out;
    const auto complain = [&](const std::string& what) { out.push_back(file.string() + ": " + what); };
    if (file.extension() != ".md" && text.find("docs/") == std::string::npos)
        return out;
    const std::string line = joined(text);
    const std::regex cited(R"re(\b(docs/[\w./-]+\.md)(?:, "([^"]+)"(?: and "([^"]+)")?)?)re");
    for (std::sregex_iterator it(line.begin(), line.end(), cited), end; it != end; ++it) {
        const fs::path target = root / (*it)[1].str();
        if (!fs::exists(target)) {
            complain((*it)[1].str() + " does not exist");
            continue;
        }
        const std::vector<std::string> known = headings(read(target));
        for (const std::size_t group : {2u, 3u})
            if ((*it)[group].matched && std::find(known.begin(), known.end(), (*it)[group].str()) == known.end())
                complain((*it)[1].str() + " has no heading \"" + (*it)[group].str() + "\"");
    }
    if (file.extension() != ".md")
        return out;
    const std::regex link(R"(\]\(([^)\s]+)\))");
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
        const std::string to = (*it)[1].str();
        if (to.find("://") != std::string::npos || to.starts_with("mailto:"))
            continue;
        const std::size_t mark = to.find('#');
        const fs::path target = mark == 0 ? root / file : (root / file).parent_path() / to.substr(0, mark);
        if (!fs::exists(target)) {
            complain("the link " + to + " leads nowhere");
            continue;
        }
        if (mark == std::string::npos)
            continue;
        const std::vector<std::string> known = headings(read(target));
        if (std::none_of(known.begin(), known.end(),
                         [&](const std::string& heading) { return anchor(heading) == to.substr(mark + 1); }))
            complain("the link " + to + " names no heading");
    }
    return out;
}

TEST(Documents, WhatIsCitedExists)
{
    const fs::path root = kvw::testing::source_folder();
    const std::set<std::string> read_too{".h", ".cpp", ".cu", ".cuh", ".md", ".cmake", ".py", ".txt", ".sql", ""};
    std::vector<std::string> all;
    int files = 0, citations = 0;
    for (const char* part : {"core", "kernels", "app", "widgets", "tests", "docs", "cmake", "scripts", "resources"})
        for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
            if (!entry.is_regular_file() || !read_too.contains(entry.path().extension().string()))
                continue;
            const fs::path file = fs::relative(entry.path(), root);
            if (file == "tests/architecture/docs_test.cpp")
                continue;
            const std::string text = read(entry.path());
            citations += text.find("docs/") != std::string::npos ? 1 : 0;
            ++files;
            for (std::string& finding : findings(root, file, text))
                all.push_back(std::move(finding));
        }
    for (const char* name : {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"})
        if (fs::exists(root / name))
            for (std::string& finding : findings(root, name, read(root / name)))
                all.push_back(std::move(finding));
    EXPECT_THAT(all, ::testing::IsEmpty());
    EXPECT_GT(files, 500);
    EXPECT_GT(citations, 20);
}

TEST(Documents, WhatIsMissingIsFound)
{
    const fs::path root = kvw::testing::source_folder();
    const auto of = [&](const char* file, const char* text) { return findings(root, file, text); };
    using ::testing::IsEmpty;
    using ::testing::SizeIs;
    EXPECT_THAT(of("core/a.h", "/// See docs/codecs.md, \"Moments\".\n"), IsEmpty());
    EXPECT_THAT(of("core/a.h", "/// See docs/codecs.md, \"Three\n/// identities\".\n"), IsEmpty());
    EXPECT_THAT(of("core/a.h", "/// See docs/codecs.md, \"Momentum\".\n"), SizeIs(1));
    EXPECT_THAT(of("core/a.h", "/// docs/codecs.md, \"Query-aware keys\" and \"Nothing\"\n"), SizeIs(1));
    EXPECT_THAT(of("core/a.h", "// docs/nothing.md\n"), SizeIs(1));
    EXPECT_THAT(of("docs/a.md", "[x](codecs.md#three-identities) [y](https://example.org/z.md)"), IsEmpty());
    EXPECT_THAT(of("docs/a.md", "[x](codecs.md#four)"), SizeIs(1));
    EXPECT_THAT(of("docs/a.md", "[x](nothing.md)"), SizeIs(1));
}

} // namespace
} // namespace kvw::architecture
