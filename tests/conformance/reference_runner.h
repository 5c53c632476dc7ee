// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/text/text_file.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

/// What the tests of this folder need besides the program: the sample model (KVW_MODEL_DIR, else models/smollm2-135m),
/// texts (KVW_DATA_DIR, else ../shared/data) and a Python with the reference packages (KVW_PYTHON, else the
/// environments that scripts/test makes). Where a variable names something that is not there, a test fails; where
/// nothing is named and nothing is there, it is skipped with a sentence.
namespace kvw::conformance {

/// What is missing, in words; empty when nothing is.
struct Missing
{
    std::string words;
    bool was_named = false; ///< by an environment variable, so that its absence is a failure
};

/// Leaves the test when something is missing.
#define KVW_REQUIRE(missing)                                                                                           \
    if (const ::kvw::conformance::Missing gap = (missing); !gap.words.empty()) {                                       \
        if (gap.was_named)                                                                                             \
            FAIL() << gap.words;                                                                                       \
        GTEST_SKIP() << gap.words;                                                                                     \
    }

inline std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

using testing::source_folder;

inline std::filesystem::path data_file(const std::string& name)
{
    const std::string named = variable("KVW_DATA_DIR");
    return (named.empty() ? source_folder().parent_path() / "shared" / "data" : std::filesystem::path(named)) / name;
}

inline Missing missing_data()
{
    const std::filesystem::path file = data_file("wikitext2/wiki.test.raw");
    if (std::filesystem::exists(file))
        return {};
    return {"There is no text at " + file.string() + "; set KVW_DATA_DIR to the folder that holds wikitext2/.",
            !variable("KVW_DATA_DIR").empty()};
}

inline std::vector<std::int32_t> read_ids(const std::filesystem::path& file)
{
    const std::string bytes = read_bytes(file);
    std::vector<std::int32_t> ids(bytes.size() / sizeof(std::int32_t));
    std::memcpy(ids.data(), bytes.data(), ids.size() * sizeof(std::int32_t));
    return ids;
}

/// Runs the scripts of this folder; has a temporary folder of its own for what they write.
class Reference
{
public:
    const std::filesystem::path& folder() const { return folder_.path(); }

    std::filesystem::path model() const
    {
        const std::string named = variable("KVW_MODEL_DIR");
        return named.empty() ? source_folder() / "models" / "smollm2-135m" : std::filesystem::path(named);
    }

    std::filesystem::path python() const
    {
        const std::string named = variable("KVW_PYTHON");
        if (!named.empty())
            return named;
        const std::filesystem::path own = source_folder() / ".venv-conformance" / "bin" / "python";
        return std::filesystem::exists(own) ? own : source_folder() / ".venv" / "bin" / "python";
    }

    /// In a run where the model is named, Python is needed too.
    Missing missing_python() const
    {
        const bool named = !variable("KVW_PYTHON").empty() || !variable("KVW_MODEL_DIR").empty();
        if (std::filesystem::exists(python()))
            return {};
        return {"There is no Python with the reference packages at " + python().string()
                    + "; run scripts/test, or set KVW_PYTHON.",
                named};
    }

    Missing missing_model() const
    {
        if (!std::filesystem::exists(model() / "tokenizer.json"))
            return {"There is no model folder " + model().string() + "; run scripts/start, or set KVW_MODEL_DIR.",
                    !variable("KVW_MODEL_DIR").empty()};
        return missing_python();
    }

    /// Throws std::runtime_error with the script's words when it fails.
    void run(const std::vector<std::string>& arguments, const std::string& script = "make_reference.py") const
    {
        const std::filesystem::path log = folder_ / "log.txt";
        std::string command = quoted(python());
        command.append(" ").append(quoted(source_folder() / "tests" / "conformance" / script));
        for (const std::string& argument : arguments)
            command.append(" ").append(quoted(argument));
        const int status = std::system((command + " > " + quoted(log) + " 2>&1 < /dev/null").c_str());
        if (status != 0)
            throw std::runtime_error(command + " ended with status " + std::to_string(status) + ":\n"
                                     + read_bytes(log));
    }

private:
    static std::string quoted(const std::string& text)
    {
        std::string out = "'";
        for (const char c : text)
            out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        return out + "'";
    }

    testing::TemporaryFolder folder_;
};

} // namespace kvw::conformance
