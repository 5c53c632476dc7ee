// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/manual/manual.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvw::manual {
namespace {

/// Text of a page: a backslash and a hyphen mean themselves, and a line never begins a request.
std::string escaped(const std::string& text)
{
    std::string out;
    bool line_begins = true;
    for (const char c : text) {
        if (line_begins && (c == '.' || c == '\''))
            out += "\\&";
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
        line_begins = c == '\n';
    }
    return out;
}

std::string capitals(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string named(const Option& option)
{
    if (option.names.empty())
        return fmt::format("\\fI{}\\fR", escaped(option.value));
    std::vector<std::string> names;
    for (const std::string& name : option.names)
        names.push_back(fmt::format("\\fB{}\\fR", escaped(name)));
    std::string out = fmt::format("{}", fmt::join(names, ", "));
    if (!option.value.empty())
        out += fmt::format(" \\fI{}\\fR", escaped(option.value));
    return out;
}

void add_options(std::string& page, const std::vector<Option>& options)
{
    for (const Option& option : options)
        page += fmt::format(".TP\n{}\n{}{}\n", named(option), escaped(option.help),
                            option.required && !option.names.empty() ? " (required)" : "");
}

std::string synopsis(const std::string& program, const Command& command)
{
    std::string line = fmt::format(".B {} {}\n", escaped(program), escaped(command.name));
    bool more = false;
    for (const Option& option : command.options) {
        if (option.names.empty())
            line += fmt::format(".I {}\n", escaped(option.value));
        else if (option.required)
            line += fmt::format(".BI {} \" {}\"\n", escaped(option.names.front()), escaped(option.value));
        else
            more = true;
    }
    return line + (more ? ".RI [ options ]\n" : "") + ".br\n";
}

} // namespace

std::string man_page(const Program& program)
{
    std::string page =
        fmt::format(".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.TH {} 1 \"\" \"{} {}\" \"KV Workbench\"\n",
                    capitals(program.name), program.name, program.version);
    page += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.nh\n", program.name, escaped(program.help));
    if (program.commands.empty())
        page += synopsis(program.name, {"", "", program.options});
    for (const Command& command : program.commands)
        page += synopsis(program.name, command);
    page += ".hy\n";
    if (!program.commands.empty()) {
        page += ".SH COMMANDS\n";
        for (const Command& command : program.commands) {
            page += fmt::format(".SS {} {}\n{}\n", escaped(program.name), escaped(command.name), escaped(command.help));
            add_options(page, command.options);
        }
    }
    page += ".SH OPTIONS\n";
    add_options(page, program.options);
    for (const Section& section : program.sections)
        page += fmt::format(".SH {}\n.nf\n{}\n.fi\n", escaped(section.title), escaped(section.text));
    return page;
}

std::string describe(const Program& program, const std::string& form)
{
    if (form == "man")
        return man_page(program);
    if (form == "bash")
        return bash_completion(program);
    if (form == "zsh")
        return zsh_completion(program);
    if (form == "fish")
        return fish_completion(program);
    return {};
}

} // namespace kvw::manual
