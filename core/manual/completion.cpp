// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/manual/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvw::manual {
namespace {

/// In single quotes, for every shell here but fish, which has its own escape.
std::string quoted(const std::string& text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string fish_quoted(const std::string& text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + "'";
}

std::vector<std::string> names_of(const std::vector<Option>& options)
{
    std::vector<std::string> out;
    for (const Option& option : options)
        out.insert(out.end(), option.names.begin(), option.names.end());
    return out;
}

/// Names of the options after which the shell looks for a file or folder.
std::vector<std::string> names_with(const std::vector<Option>& options, Value value)
{
    std::vector<std::string> out;
    for (const Option& option : options)
        if (option.completes == value)
            out.insert(out.end(), option.names.begin(), option.names.end());
    return out;
}

std::string bash_case(const std::string& pattern, const std::vector<Option>& options)
{
    std::string text = fmt::format("    {})\n        case $before in\n", pattern);
    const auto files = names_with(options, Value::File), folders = names_with(options, Value::Folder),
               words = names_with(options, Value::Text);
    if (!files.empty())
        text += fmt::format("        {}) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", fmt::join(files, " | "));
    if (!folders.empty())
        text +=
            fmt::format("        {}) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n", fmt::join(folders, " | "));
    if (!words.empty())
        text += fmt::format("        {}) return ;;\n", fmt::join(words, " | "));
    return text + fmt::format("        esac\n        options='{}'\n        ;;\n", fmt::join(names_of(options), " "));
}

/// Of zsh's _arguments: '--type[help]:VALUE:'.
std::string zsh_argument(const Option& option)
{
    std::string help;
    for (const char c : option.help)
        help += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
    const char* action = option.completes == Value::File ? "_files"
        : option.completes == Value::Folder              ? "_files -/"
                                                         : " ";
    if (option.names.empty())
        return quoted(fmt::format("*:{}:{}", option.value, action));
    const std::string value = option.completes == Value::None ? "" : fmt::format(":{}:{}", option.value, action);
    std::string out;
    for (const std::string& name : option.names)
        out += (out.empty() ? "" : " ") + quoted(fmt::format("*{}[{}]{}", name, help, value));
    return out;
}

std::string zsh_arguments(const std::vector<Option>& options, const std::string& indent)
{
    std::vector<std::string> lines;
    for (const Option& option : options)
        lines.push_back(indent + zsh_argument(option));
    return fmt::format("{}", fmt::join(lines, " \\\n"));
}

std::string fish_option(const Program& program, const Option& option, const std::string& condition)
{
    std::string line = fmt::format("complete -c {}{}", program.name, condition);
    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.completes != Value::None)
        line += option.completes == Value::Text ? " -x" : " -r -F";
    return line + " -d " + fish_quoted(option.help) + "\n";
}

} // namespace

std::string bash_completion(const Program& program)
{
    std::vector<std::string> commands;
    for (const Command& command : program.commands)
        commands.push_back(command.name);
    std::string text =
        fmt::format("# SPDX-License-Identifier: GPL-3.0-or-later\n_{0}() {{\n"
                    "    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} options\n"
                    "    COMPREPLY=()\n",
                    program.name);
    if (!commands.empty())
        text += fmt::format("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                            "        COMPREPLY=($(compgen -W '{} {}' -- \"$word\"))\n        return\n    fi\n",
                            fmt::join(commands, " "), fmt::join(names_of(program.options), " "));
    text += "    case ${COMP_WORDS[1]-} in\n";
    for (const Command& command : program.commands)
        text += bash_case(command.name, command.options);
    text += bash_case("*", program.options);
    return text
        + fmt::format("    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}}\n"
                      "complete -o filenames -F _{0} {0}\n",
                      program.name);
}

std::string zsh_completion(const Program& program)
{
    std::string text =
        fmt::format("#compdef {0}\n# SPDX-License-Identifier: GPL-3.0-or-later\n_{0}() {{\n", program.name);
    if (program.commands.empty())
        return text
            + fmt::format("    _arguments \\\n{}\n}}\n_{} \"$@\"\n", zsh_arguments(program.options, "        "),
                          program.name);
    text += "    local -a commands\n    commands=(\n";
    for (const Command& command : program.commands)
        text += fmt::format("        {}\n", quoted(fmt::format("{}:{}", command.name, command.help)));
    text += fmt::format("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
                        "        _arguments \\\n{}\n        return\n    fi\n    case $words[2] in\n",
                        zsh_arguments(program.options, "            "));
    for (const Command& command : program.commands)
        text += fmt::format(
            "    {})\n        shift words\n        (( CURRENT-- ))\n        _arguments \\\n{}\n        ;;\n",
            command.name, zsh_arguments(command.options, "            "));
    return text + fmt::format("    esac\n}}\n_{} \"$@\"\n", program.name);
}

std::string fish_completion(const Program& program)
{
    std::string text = "# SPDX-License-Identifier: GPL-3.0-or-later\n";
    for (const Option& option : program.options)
        if (!option.names.empty())
            text += fish_option(program, option, program.commands.empty() ? "" : " -n __fish_use_subcommand");
    for (const Command& command : program.commands) {
        text += fmt::format("complete -c {} -n __fish_use_subcommand -a {} -d {}\n", program.name, command.name,
                            fish_quoted(command.help));
        for (const Option& option : command.options)
            if (!option.names.empty())
                text += fish_option(program, option, fmt::format(" -n '__fish_seen_subcommand_from {}'", command.name));
    }
    return text;
}

} // namespace kvw::manual
