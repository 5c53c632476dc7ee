// SPDX-License-Identifier: GPL-3.0-or-later
// Bad input: a sentence that says what, where and what to do, a non-zero exit, nothing lost.
#include "kernels/cpu/cpu_features.h"
#include "tests/app/program.h"
#include "tests/support/paths.h"
#include "tests/support/tiny_model.h"
#include "tests/tokenizer/tokenizer_support.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace kvw::app_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kWindow = 32;

/// A working model folder, text and command line, of which each test breaks one thing.
class HostileInput : public ::testing::Test
{
protected:
    HostileInput()
    {
        tiny.vocab = 300;
        tiny.write(model());
        folder.write("model/tokenizer.json", tokenizer_test::byte_level_json().dump());
        std::string text;
        for (int i = 0; i < 40; ++i)
            text += "The window is " + std::to_string(i) + " tokens wide. ";
        folder.write("text.txt", text);
    }

    std::filesystem::path model() const { return folder.path() / "model"; }
    std::string store() const { return (folder.path() / "p.kvw").string(); }

    Outcome calibrate(const std::string& text = "text.txt") const
    {
        return kvw({"calibrate", model().string(), "--text", (folder.path() / text).string(), "--tokens", "256",
                    "--window", std::to_string(kWindow), "--store", store(), "--json"});
    }
    Outcome ppl(const std::string& configuration, const std::string& text = "text.txt") const
    {
        return kvw({"ppl", model().string(), "--text", (folder.path() / text).string(), "--tokens", "256", "--window",
                    std::to_string(kWindow), "--config", configuration, "--store", store(), "--json"});
    }

    /// model.safetensors with its header and its data changed.
    void change_weights(const std::function<void(Json& header, std::string& data)>& change) const
    {
        const std::string file = folder.read("model/model.safetensors");
        std::uint64_t length = 0;
        std::memcpy(&length, file.data(), 8);
        Json header = Json::parse(file.substr(8, length));
        std::string data = file.substr(8 + length);
        change(header, data);
        const std::string text = header.dump();
        length = text.size();
        folder.write("model/model.safetensors", std::string(reinterpret_cast<const char*>(&length), 8) + text + data);
    }
    void change_config(const std::string& key, const Json& value) const
    {
        Json config = Json::parse(folder.read("model/config.json"));
        config[key] = value;
        folder.write("model/config.json", config.dump());
    }

    testing::TemporaryFolder folder;
    test::TinyModel tiny;
};

void expect_refused(const Outcome& outcome, int exit_code, const std::string& words)
{
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.all();
    EXPECT_THAT(outcome.errors, HasSubstr("kvw: ")) << outcome.all();
    EXPECT_THAT(outcome.errors, HasSubstr(words));
    EXPECT_THAT(outcome.errors, Not(HasSubstr("should not happen")));
    EXPECT_EQ(outcome.output, "");
}

TEST_F(HostileInput, NothingIsWrongToBeginWith)
{
    const Outcome outcome = calibrate();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.all();
    EXPECT_EQ(outcome.json().at("input_tokens"), 256);
}

TEST_F(HostileInput, MissingModelFolder)
{
    std::filesystem::remove_all(model());
    expect_refused(calibrate(), 1, "there is no such model folder");
}

TEST_F(HostileInput, MissingWeights)
{
    std::filesystem::remove(model() / "model.safetensors");
    expect_refused(calibrate(), 1, "model.safetensors");
}

TEST_F(HostileInput, TruncatedWeights)
{
    const std::string file = folder.read("model/model.safetensors");
    folder.write("model/model.safetensors", std::string_view(file).substr(0, file.size() - 100));
    expect_refused(calibrate(), 1, "model.safetensors");
}

TEST_F(HostileInput, HeaderLengthLies)
{
    std::string file = folder.read("model/model.safetensors");
    const std::uint64_t length = std::uint64_t{1} << 62;
    std::memcpy(file.data(), &length, 8);
    folder.write("model/model.safetensors", file);
    expect_refused(calibrate(), 1, "header");
}

TEST_F(HostileInput, OffsetsOutOfRange)
{
    change_weights([](Json& header, std::string& data) {
        const auto size = header["model.norm.weight"]["data_offsets"][1].get<std::size_t>()
            - header["model.norm.weight"]["data_offsets"][0].get<std::size_t>();
        header["model.norm.weight"]["data_offsets"] = {data.size(), data.size() + size};
    });
    expect_refused(calibrate(), 1, "model.norm.weight");
}

TEST_F(HostileInput, OverlappingTensors)
{
    change_weights([](Json& header, std::string&) {
        header["model.norm.weight"]["data_offsets"] = header["model.layers.0.input_layernorm.weight"]["data_offsets"];
    });
    expect_refused(calibrate(), 1, "overlap");
}

TEST_F(HostileInput, ShapeContradictsConfig)
{
    change_config("intermediate_size", 64);
    expect_refused(calibrate(), 1, "model.layers.0.mlp.");
}

TEST_F(HostileInput, UnknownArchitecture)
{
    change_config("architectures", {"GPT2LMHeadModel"});
    expect_refused(calibrate(), 1, "GPT2LMHeadModel");
}

TEST_F(HostileInput, NotANumberInTheWeights)
{
    change_weights([](Json& header, std::string& data) {
        const float nan = std::nanf("");
        const auto at = header["model.layers.1.mlp.down_proj.weight"]["data_offsets"][0].get<std::size_t>() + 20;
        std::memcpy(data.data() + at, &nan, 4);
    });
    const Outcome outcome = calibrate();
    expect_refused(outcome, 1, "model.layers.1.mlp.down_proj.weight");
    EXPECT_THAT(outcome.errors, HasSubstr("element 5"));
}

TEST_F(HostileInput, TokenizerOfAnotherModel)
{
    Json tokenizer = tokenizer_test::byte_level_json();
    for (int i = 256; i < 400; ++i)
        tokenizer["model"]["vocab"]["word" + std::to_string(i)] = i;
    folder.write("model/tokenizer.json", tokenizer.dump());
    expect_refused(calibrate(), 1, "another model's tokenizer");
}

TEST_F(HostileInput, TextsThatAreNone)
{
    folder.write("empty.txt", "");
    folder.write("one.txt", "a");
    folder.write("latin1.txt", "caf\xe9 au lait");
    expect_refused(calibrate("empty.txt"), 1, "empty.txt");
    expect_refused(calibrate("one.txt"), 1, "at least 2");
    expect_refused(calibrate("latin1.txt"), 1, "UTF-8");
    expect_refused(calibrate("missing.txt"), 1, "missing.txt");
}

TEST_F(HostileInput, ConfigurationsThatAreNone)
{
    expect_refused(ppl("k=pca:64+int9"), 2, "column 10");
    expect_refused(ppl("k=pca:0"), 2, "out of range");
    expect_refused(ppl("v=int5"), 2, "out of range");
    expect_refused(ppl("k=pcaa:8"), 2, "\"pcaa\" is neither");
    EXPECT_THAT(ppl("k=pcaa:8").errors, HasSubstr("pca"));
    expect_refused(ppl("k=random:17"), 2, "16"); // head_dim is 16
    expect_refused(ppl("v=kq:8"), 2, "kq");
    expect_refused(ppl("layers[7]{k=int8}"), 2, "layer");
}

TEST_F(HostileInput, MomentsThatAreNotThere)
{
    expect_refused(ppl("k=pca:8"), 1, "has none of this model");
    ASSERT_EQ(kvw({"calibrate", model().string(), "--text", (folder.path() / "text.txt").string(), "--tokens", "128",
                   "--window", "32", "--no-weighted", "--store", store()})
                  .exit_code,
              0);
    folder.write("other.txt",
                 std::string(400, 'x') + " and something else that is long enough for a window or two of it");
    expect_refused(ppl("v=pca:8,weighted", "other.txt"), 1, "weighted");
}

TEST_F(HostileInput, CalibrationTextIsNotMeasured)
{
    ASSERT_EQ(calibrate().exit_code, 0);
    expect_refused(ppl("k=pca:8"), 2, "--allow-overlap");
    // Another first line makes another file hash; the text is still the same.
    folder.write("copy.txt", "A new first line.\n" + folder.read("text.txt"));
    expect_refused(ppl("k=pca:8", "copy.txt"), 2, "shares");
}

TEST_F(HostileInput, StoresThatAreNone)
{
    folder.write("p.kvw", std::string(4096, 'x'));
    expect_refused(calibrate(), 1, "p.kvw");
    EXPECT_EQ(folder.read("p.kvw"), std::string(4096, 'x')); // not touched
}

TEST_F(HostileInput, StoreOfANewerVersion)
{
    ASSERT_EQ(calibrate().exit_code, 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(store().c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database,
                           "PRAGMA user_version = 900; UPDATE meta SET value = '900' WHERE name LIKE '%compatible%'",
                           nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    expect_refused(calibrate(), 1, "update this program");
}

TEST_F(HostileInput, StoreInUse)
{
    ASSERT_EQ(calibrate().exit_code, 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(store().c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
    expect_refused(calibrate(), 1, "p.kvw");
    EXPECT_THAT(calibrate().errors, HasSubstr("another"));
    sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(database);
    EXPECT_EQ(calibrate().exit_code, 0);
}

TEST_F(HostileInput, UsageIsExitCodeTwo)
{
    EXPECT_EQ(kvw({}).exit_code, 2);
    EXPECT_EQ(kvw({"nonsense"}).exit_code, 2);
    EXPECT_EQ(kvw({"ppl"}).exit_code, 2);
    EXPECT_EQ(kvw({"calibrate", model().string()}).exit_code, 2);
    expect_refused(kvw({"export", "--store", store(), "--format", "xml"}), 2, "xml");
    expect_refused(
        kvw({"ppl", model().string(), "--text", (folder.path() / "text.txt").string(), "--protocol", "some"}), 2,
        "past:C");
}

TEST_F(HostileInput, CudaWithoutAGpu)
{
    const Outcome outcome = kvw({"calibrate", model().string(), "--text", (folder.path() / "text.txt").string(),
                                 "--store", store(), "--device", "cuda"},
                                {"CUDA_VISIBLE_DEVICES="});
    expect_refused(outcome, 1, "not available");
}

TEST_F(HostileInput, OutputToAFullDisk)
{
    ASSERT_EQ(calibrate().exit_code, 0);
    const std::string log = (folder.path() / "log").string();
    const std::string command =
        testing::program("kvw").string() + " export --format csv --store " + store() + " > /dev/full 2> " + log;
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_THAT(folder.read("log"), HasSubstr("could not be written"));
}

TEST(Help, EverySubcommandHasOne)
{
    const Outcome outcome = kvw({"--help"});
    ASSERT_EQ(outcome.exit_code, 0);
    int commands = 0;
    for (const char* name :
         {"info", "calibrate", "spectra", "ppl", "sweep", "generate", "bench", "import", "export", "worker"}) {
        EXPECT_THAT(outcome.output, HasSubstr(name));
        const Outcome help = kvw({name, "--help"});
        EXPECT_EQ(help.exit_code, 0);
        EXPECT_THAT(help.output, HasSubstr("Usage: kvw"));
        ++commands;
    }
    EXPECT_EQ(commands, 10);
    EXPECT_THAT(kvw({"--version"}).output, HasSubstr("kvw 0."));
}

TEST_F(HostileInput, ALevelOfInstructionsThatIsNotThere)
{
    for (const char* setting : {"KVW_CPU=avx9", "KVW_CPU=V3", "KVW_CPU=native"}) {
        const Outcome outcome = kvw({"info", model().string()}, {setting});
        EXPECT_EQ(outcome.exit_code, 2) << outcome.all();
        EXPECT_THAT(outcome.errors, HasSubstr(std::string(setting).substr(8)));
        EXPECT_THAT(outcome.errors, HasSubstr("not a level"));
        EXPECT_THAT(outcome.errors, HasSubstr("baseline")) << "what there is";
    }
    for (const kernels::CpuLevel level : kernels::kCpuLevels) {
        const std::string word(kernels::name(level));
        const Outcome outcome = kvw({"--version"}, {"KVW_CPU=" + word});
        if (kernels::cpu_has(level)) {
            EXPECT_EQ(outcome.exit_code, 0) << outcome.all();
            EXPECT_THAT(outcome.output, HasSubstr("instructions: " + word + " "));
        } else {
            EXPECT_EQ(outcome.exit_code, 2) << outcome.all();
            EXPECT_THAT(outcome.errors, HasSubstr("this processor does not have"));
        }
    }
    EXPECT_EQ(kvw({"--help"}, {"KVW_CPU=avx9"}).exit_code, 0) << "help must not need a right setting";
}

TEST_F(HostileInput, NumbersOfThreadsThatAreNone)
{
    for (const char* setting :
         {"OMP_NUM_THREADS=0", "OMP_NUM_THREADS=-1", "OMP_NUM_THREADS=two", "OMP_NUM_THREADS=9999"}) {
        const Outcome outcome =
            kvw({"ppl", model().string(), "--text", (folder.path() / "text.txt").string()}, {setting});
        EXPECT_EQ(outcome.exit_code, 2) << outcome.all();
        EXPECT_THAT(outcome.errors, HasSubstr("OMP_NUM_THREADS is \""));
        EXPECT_THAT(outcome.errors, HasSubstr("--threads"));
    }
    const Outcome one = kvw({"calibrate", model().string(), "--text", (folder.path() / "text.txt").string(), "--tokens",
                             "256", "--window", std::to_string(kWindow), "--store", store()},
                            {"OMP_NUM_THREADS=1"});
    EXPECT_EQ(one.exit_code, 0) << one.all();
    EXPECT_THAT(one.errors, HasSubstr("1 thread(s)"));
}

} // namespace
} // namespace kvw::app_test
