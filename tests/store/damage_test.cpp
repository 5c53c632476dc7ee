// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"

#include <fstream>
#include <random>

namespace kvw::testing {
namespace {

namespace fs = std::filesystem;

/// Makes `table` anew without types and conditions, so that a test can put anything there.
void loosen(const fs::path& file, const std::string& table)
{
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
    SQLite::Statement names(database, "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?)");
    names.bind(1, table);
    ASSERT_TRUE(names.executeStep());
    const std::string columns = names.getColumn(0).getString();
    names.reset();
    database.exec(fmt::format(
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; CREATE TABLE loose ({1}); "
        "INSERT INTO loose SELECT {1} FROM \"{0}\"; DROP TABLE \"{0}\"; ALTER TABLE loose RENAME TO \"{0}\"",
        table, columns));
}

class Damage : public ::testing::Test
{
protected:
    void SetUp() override { write_full_store(good_); }

    /// A copy of the good store with `table` loosened and `change` run on it.
    fs::path changed(const std::string& table, const std::string& change)
    {
        const fs::path file = folder_ / "changed.kvw";
        fs::copy_file(good_, file, fs::copy_options::overwrite_existing);
        loosen(file, table);
        run_sql(file, change);
        return file;
    }

    TemporaryFolder folder_;
    const fs::path good_ = folder_ / "good.kvw";
};

TEST_F(Damage, TheGoodOneIsRead) { EXPECT_NO_THROW(read_everything(Store::open(good_))); }

TEST_F(Damage, ARowThatCannotBeUnderstoodIsNamed)
{
    struct Case
    {
        std::string table, change;
        std::vector<std::string> words;
    };
    const std::vector<Case> cases{
        {"run",
         "UPDATE run SET started_at = NULL",
         {"table run", "row 1", "column started_at", "NULL", "a text is wanted"}},
        {"run", "UPDATE run SET kind = 'dance'", {"table run", "row 1", "column kind", "\"dance\""}},
        {"run", "UPDATE run SET status = 4", {"column status", "a whole number", "a text is wanted"}},
        {"run", "UPDATE run SET seed = 'seven'", {"column seed", "a text", "a whole number is wanted"}},
        {"run", "UPDATE run SET duration_s = x'00'", {"column duration_s", "a blob", "a number is wanted"}},
        {"run", "UPDATE run SET model_hash = 'm9'", {"table run", "row 1", "column model_hash", "m9", "table model"}},
        {"run", "UPDATE run SET text_hash = 't9'", {"column text_hash", "t9"}},
        {"run", "UPDATE run SET environment = 9", {"column environment", "9"}},
        {"model",
         "UPDATE model SET layers = 2147483648",
         {"table model", "row 1", "column layers", "2147483648", "range"}},
        {"model", "UPDATE model SET hidden_size = 1.5", {"column hidden_size", "fraction"}},
        {"text", "UPDATE text SET text_bytes = NULL", {"table text", "column text_bytes", "NULL"}},
        {"environment", "UPDATE environment SET cpu = 5", {"table environment", "column cpu"}},
        {"quality",
         "UPDATE quality SET ppl = NULL",
         {"table quality", "run 1", "column ppl", "NULL", "a number is wanted"}},
        {"quality", "UPDATE quality SET ppl = 17", {"column ppl", "a whole number is there"}},
        {"quality", "UPDATE quality SET cache_values = NULL", {"column cache_values"}},
        {"quality", "UPDATE quality SET kl_p99 = 'x'", {"column kl_p99", "a text is there"}},
        {"quality_window",
         "UPDATE quality_window SET nll_sum = NULL",
         {"table quality_window", "run 1", "column nll_sum"}},
        {"throughput", "UPDATE throughput SET batch = NULL", {"table throughput", "run 1", "column batch"}},
        {"throughput", "UPDATE throughput SET scratch_bytes = NULL", {"table throughput", "column scratch_bytes"}},
        {"throughput_sample",
         "UPDATE throughput_sample SET phase = 'nap'",
         {"table throughput_sample", "column phase", "nap"}},
        {"generation",
         "UPDATE generation SET token_ids = x'010203'",
         {"table generation", "column token_ids", "3 bytes", "multiple of 4"}},
        {"generation", "UPDATE generation SET finish_reason = ''", {"column finish_reason"}},
        {"spectrum",
         "UPDATE spectrum SET eigenvalues = 'abcdefgh'",
         {"table spectrum", "column eigenvalues", "a blob is wanted"}},
        {"spectrum", "UPDATE spectrum SET eigenvalues = x'00'", {"column eigenvalues", "multiple of 8"}},
        {"spectrum", "UPDATE spectrum SET positions = 'some'", {"column positions", "some"}},
        {"metric", "UPDATE metric SET value = NULL", {"table metric", "column value"}},
        {"token_blocks", "UPDATE token_blocks SET hashes = x'00'", {"table token_blocks", "column hashes"}},
        {"calibration",
         "UPDATE calibration SET weighted = 2",
         {"table calibration", "run 1", "column weighted", "0 or 1"}},
        {"moments",
         "UPDATE moments SET dim = 6 WHERE id = 3",
         {"table moments", "row 3", "column mean", "5 numbers", "6"}},
        {"moments", "UPDATE moments SET dim = -5", {"table moments", "row 1", "column mean"}},
        {"moments", "UPDATE moments SET scatter = x'00'", {"column scatter", "not a matrix of 5 x 5"}},
        {"moments", "UPDATE moments SET absolute_maximum = zeroblob(8)", {"column absolute_maximum", "1 numbers"}},
        {"output_gram", "UPDATE output_gram SET dim = 100000", {"table output_gram", "column gram", "100000 x 100000"}},
        {"job", "UPDATE job SET status = 'paused'", {"table job", "row 1", "column status", "paused"}},
        {"job_event", "UPDATE job_event SET at = NULL", {"table job_event", "job 1", "column at"}},
        {"note", "UPDATE note SET note = NULL", {"table note", "row 1", "column note"}},
        {"view_state", "UPDATE view_state SET value = NULL", {"table view_state", "column value"}}};
    for (const Case& bad : cases) {
        SCOPED_TRACE(bad.change);
        const fs::path file = changed(bad.table, bad.change);
        std::vector<std::string> words = bad.words;
        words.push_back("changed.kvw");
        expect_error(ErrorKind::BadInput, words, [&] { read_everything(Store::open(file)); });
        expect_error(ErrorKind::BadInput, words, [&] { read_everything(Store::open(file, Store::Access::ReadOnly)); });
    }
}

TEST_F(Damage, MissingTablesAndColumnsAreNamed)
{
    for (const std::string table : {"job", "run", "moments", "meta", "quality_window"}) {
        const fs::path file = changed(table, "PRAGMA foreign_keys = OFF; DROP TABLE " + table);
        expect_error(ErrorKind::BadInput, {"changed.kvw", "no such table", table},
                     [&] { read_everything(Store::open(file)); });
    }
    const fs::path file = changed("note", "ALTER TABLE note RENAME COLUMN created_at TO made_at");
    expect_error(ErrorKind::BadInput, {"changed.kvw", "created_at"}, [&] { Store::open(file).notes(); });
    expect_error(ErrorKind::BadInput, {"changed.kvw", "created_at"}, [&] {
        Store::open(file).put_note({0, {}, "now", ""});
    });
}

TEST_F(Damage, AStoreThatSaysNoVersionIsRefused)
{
    run_sql(good_, "PRAGMA user_version = 0");
    expect_error(ErrorKind::BadInput, {"good.kvw", "version"}, [&] { Store::open(good_); });
    run_sql(good_, "PRAGMA user_version = -3");
    expect_error(ErrorKind::BadInput, {"good.kvw", "version -3"}, [&] { Store::open(good_); });
    run_sql(good_, "PRAGMA user_version = 1; UPDATE meta SET value = 'x' WHERE name = 'minimum_compatible_version'");
    expect_error(ErrorKind::BadInput, {"good.kvw", "minimum_compatible_version", "\"x\""}, [&] { Store::open(good_); });
    run_sql(good_, "DELETE FROM meta");
    expect_error(ErrorKind::BadInput, {"good.kvw", "minimum_compatible_version"}, [&] { Store::open(good_); });
}

TEST_F(Damage, ACutOffStoreIsRefusedAndLeftAlone)
{
    const std::string bytes = folder_.read("good.kvw");
    const fs::path file = folder_ / "cut.kvw";
    const auto cut = [&](std::size_t length) {
        SCOPED_TRACE(length);
        folder_.write("cut.kvw", bytes.substr(0, length));
        for (const Store::Access access : {Store::Access::ReadWrite, Store::Access::ReadOnly})
            expect_error(ErrorKind::BadInput, {"cut.kvw", "cut off", std::to_string(length) + " bytes"},
                         [&] { read_everything(Store::open(file, access)); });
        EXPECT_EQ(folder_.read("cut.kvw"), bytes.substr(0, length));
    };
    int cuts = 0;
    for (std::size_t page = 4096; page < bytes.size(); page += 4096)
        for (const std::size_t length : {page - 1, page, page + 1}) {
            cut(length);
            ++cuts;
        }
    EXPECT_GT(cuts, 60);
    for (const std::size_t length :
         {std::size_t(16), std::size_t(50), std::size_t(99), std::size_t(100), std::size_t(101), bytes.size() - 1})
        cut(length);
}

/// Bytes anywhere in the file are overwritten: it is read, or refused in our words. Nothing else happens.
TEST_F(Damage, NoiseAnywhereIsReadOrRefused)
{
    const std::string bytes = folder_.read("good.kvw");
    std::mt19937_64 random(7);
    std::map<std::string, int> outcomes;
    for (int i = 0; i < 400; ++i) {
        std::string damaged = bytes;
        // Half of them in the first pages, where the header and the tables' definitions are.
        const std::size_t range = i % 2 ? damaged.size() : std::min<std::size_t>(damaged.size(), 3 * 4096);
        const int spots = 1 + static_cast<int>(random() % 8);
        for (int spot = 0; spot < spots; ++spot)
            damaged[random() % range] = static_cast<char>(random());
        const fs::path file = folder_.write("noise.kvw", damaged);
        try {
            Store store = Store::open(file);
            read_everything(store);
            if (i % 8 == 0) // each waits for the disk
                store.put_view_state("dock", "right");
            ++outcomes["read"];
        } catch (const Error& error) {
            ++outcomes[std::string(name(error.kind()))];
            EXPECT_THAT(error.message(), ::testing::HasSubstr("noise.kvw"));
            EXPECT_TRUE(error.kind() == ErrorKind::BadInput || error.kind() == ErrorKind::Unsupported)
                << error.message();
        }
        for (const char* suffix : {"", "-wal", "-shm", "-journal"})
            fs::remove(file.string() + suffix);
    }
    EXPECT_GT(outcomes["read"], 10);
    EXPECT_GT(outcomes["bad_input"], 10);
}

} // namespace
} // namespace kvw::testing
