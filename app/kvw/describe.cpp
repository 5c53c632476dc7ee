// SPDX-License-Identifier: GPL-3.0-or-later
// kvw describe: the page for man and the completions of shells, from the very options that the command line is parsed by.
#include "app/kvw/commands.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/config/words.h"
#include "core/manual/manual.h"

#include <cstdio>

namespace kvw {
namespace {

manual::Value completed_by(const CLI::Option& option, const std::string& value)
{
    if (option.get_items_expected_max() == 0)
        return manual::Value::None;
    if (value == "MODEL")
        return manual::Value::Folder;
    const std::string& help = option.get_description();
    const bool file = value == "FILE" || help.find("file") != std::string::npos || option.check_name("--text")
        || option.check_name("--store");
    return file ? manual::Value::File : manual::Value::Text;
}

std::vector<manual::Option> options_of(const CLI::App& app)
{
    std::vector<manual::Option> out;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) // hidden
            continue;
        manual::Option each;
        for (const std::string& name : option->get_snames())
            each.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames())
            each.names.push_back("--" + name);
        if (each.names.empty())
            each.value = option->get_name(true);
        else if (option->get_items_expected_max() != 0)
            each.value = option->get_type_name().empty() ? "VALUE" : option->get_type_name();
        each.help = option->get_description();
        if (!option->get_default_str().empty())
            each.help += " (default: " + option->get_default_str() + ")";
        each.completes = completed_by(*option, each.value);
        each.required = option->get_required();
        out.push_back(std::move(each));
    }
    return out;
}

manual::Program describe_program(const CLI::App& app)
{
    manual::Program program;
    program.name = app.get_name();
    program.version = std::string(version());
    program.help = app.get_description();
    program.options = options_of(app);
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!command->get_group().empty())
            program.commands.push_back({command->get_name(), command->get_description(), options_of(*command)});
    program.sections = {
        {"CONFIGURATIONS", config::configuration_help()},
        {"EXIT STATUS",
         "0      done\n1      failed; one sentence on standard error says what and what to do\n2      a mistake on the command "
         "line or in the environment\n128+N  ended by signal N"},
        {"ENVIRONMENT",
         "KVW_CPU          the level of instructions to hold to; kvw --version lists those of this processor\n"
         "OMP_NUM_THREADS  threads where --threads is not given"},
        {"SEE ALSO", "kvworkbench(1)"}};
    return program;
}

} // namespace

void add_describe(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand("describe", "writes the page for man or the completion of a shell");
    command->group(""); // for packages, not for people
    auto form = std::make_shared<std::string>();
    command->add_option("FORM", *form, "man, bash, zsh or fish")->required();
    command->callback([form, &app, &action] {
        action = [form, &app] {
            const std::string text = manual::describe(describe_program(app), *form);
            if (text.empty())
                throw Error(ErrorKind::InvalidArgument, "'" + *form + "' is not a form to describe kvw in",
                            "use man, bash, zsh or fish");
            std::fputs(text.c_str(), stdout);
            return 0;
        };
    });
}

} // namespace kvw
