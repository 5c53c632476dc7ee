// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

/// What a program says of itself, once: from its own table of options come the page for man and the completions of shells.
namespace kvw::manual {

/// What completes a value.
enum class Value { None, Text, File, Folder };

struct Option
{
    std::vector<std::string> names; ///< "--type", "-h"; empty for a positional one
    std::string value;              ///< what stands for its value ("FILE", "N"); of a positional one its name
    std::string help;
    Value completes = Value::None; ///< None: a flag
    bool required = false;
};

struct Command
{
    std::string name;
    std::string help;
    std::vector<Option> options; ///< positional ones in their order
};

struct Section
{
    std::string title; ///< in capitals
    std::string text;  ///< lines as they are
};

struct Program
{
    std::string name;
    std::string version;
    std::string help; ///< one sentence
    std::vector<Option> options;
    std::vector<Command> commands;
    std::vector<Section> sections; ///< at the end of the page
};

/// A page of section 1 in the macros of man(7).
std::string man_page(const Program& program);
/// Scripts that make the shell complete commands, options and files.
std::string bash_completion(const Program& program);
std::string zsh_completion(const Program& program);
std::string fish_completion(const Program& program);

/// By the names "man", "bash", "zsh" and "fish"; empty for any other.
std::string describe(const Program& program, const std::string& form);

} // namespace kvw::manual
