// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"
#include "tests/support/paths.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include <signal.h>

namespace kvw::testing {
namespace {

namespace fs = std::filesystem;

/// The version that this program writes.
const int kNow = newest_version(built_in_migrations());
/// What later releases might bring.
const Migration kColour{kNow + 1, "colour", "ALTER TABLE note ADD COLUMN colour TEXT NOT NULL DEFAULT 'yellow'"};
/// Makes a table anew that others point to, which loses their rows where foreign keys are followed; and raises the
/// minimum.
const std::string kRebuildSql =
    "CREATE TABLE new_model AS SELECT * FROM model; DROP TABLE model;"
    "CREATE TABLE model (model_hash TEXT PRIMARY KEY NOT NULL, model_name TEXT NOT NULL, model_folder TEXT NOT NULL,"
    " architecture TEXT NOT NULL, layers INTEGER NOT NULL, heads INTEGER NOT NULL, kv_heads INTEGER NOT NULL,"
    " head_dim INTEGER NOT NULL, hidden_size INTEGER NOT NULL, vocab_size INTEGER NOT NULL,"
    " parameters INTEGER NOT NULL) STRICT;"
    "INSERT INTO model SELECT * FROM new_model; DROP TABLE new_model;"
    "UPDATE meta SET value = '"
    + std::to_string(kNow + 2) + "' WHERE name = 'minimum_compatible_version'";
const Migration kRebuild{kNow + 2, "rebuild", kRebuildSql};

/// Today's migrations and those.
std::vector<Migration> followed_by(std::initializer_list<Migration> later)
{
    const std::span<const Migration> now = built_in_migrations();
    std::vector<Migration> out(now.begin(), now.end());
    out.insert(out.end(), later);
    return out;
}

const std::vector<Migration> kOne = followed_by({}), kTwo = followed_by({kColour}),
                             kThree = followed_by({kColour, kRebuild});

StoreOptions with(const std::vector<Migration>& migrations, std::string_view program = "")
{
    StoreOptions options;
    options.migrations = migrations;
    options.program_version = program;
    return options;
}

class Migrations : public ::testing::Test
{
protected:
    Store open(const std::vector<Migration>& migrations, Store::Access access = Store::Access::ReadWrite)
    {
        return Store::open(file_, access, with(migrations));
    }
    std::int64_t version() { return ask_sql(file_, "PRAGMA user_version"); }

    TemporaryFolder folder_;
    const fs::path file_ = folder_ / "a.kvw";
};

TEST_F(Migrations, TheBuiltInOnesAreTheFilesInOrder)
{
    const std::span<const Migration> built_in = built_in_migrations();
    ASSERT_GE(built_in.size(), 1u);
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(source_folder() / "resources" / "migrations")) {
        std::ifstream stream(entry.path());
        files[entry.path().stem()] = {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    }
    ASSERT_EQ(files.size(), built_in.size());
    int version = 0;
    for (const auto& [name, sql] : files) {
        const Migration& migration = built_in[static_cast<std::size_t>(version)];
        EXPECT_EQ(migration.version, ++version);
        EXPECT_EQ(migration.name, name);
        EXPECT_EQ(migration.sql, sql);
        EXPECT_EQ(name.substr(0, 5), fmt::format("{:04}_", version));
    }
    EXPECT_EQ(newest_version(built_in), version);
    EXPECT_EQ(newest_version({}), 0);
}

/// A field that was added without its migration, or the other way round, is found here.
TEST_F(Migrations, EveryTableHasTheColumnsOfItsRecord)
{
    Store::open(file_);
    const auto check = [&](const std::string& table, const auto& record, std::vector<std::string> expected) {
        for (const std::string& name : sql::column_names(record))
            expected.push_back(name);
        SQLite::Database database(file_.string());
        SQLite::Statement statement(database, "SELECT name FROM pragma_table_info(?)");
        statement.bind(1, table);
        std::vector<std::string> columns;
        while (statement.executeStep())
            columns.push_back(statement.getColumn(0).getString());
        EXPECT_THAT(columns, ::testing::UnorderedElementsAreArray(expected)) << "table " << table;
    };
    check("model", ModelRecord{}, {});
    check("text", TextRecord{}, {});
    check("environment", EnvironmentRecord{}, {"id"});
    check("run", RunRecord{}, {"id"});
    check("calibration", Calibration{}, {"run"});
    check("spectrum", SpectrumRecord{}, {"id"});
    check("quality", QualityRecord{}, {});
    check("quality_window", QualityWindow{}, {"run"});
    check("throughput", ThroughputSummary{}, {"id"});
    check("throughput_sample", ThroughputSample{}, {"id", "throughput"});
    check("memory_ledger", MemoryRecord{}, {});
    check("generation", GenerationRecord{}, {});
    check("job", JobRecord{}, {"id"});
    check("job_event", JobEvent{}, {"id"});
    check("note", Note{}, {"id"});
}

TEST_F(Migrations, AnOlderStoreIsBroughtUpToDateWithEverythingInIt)
{
    write_full_store(file_);
    const Calibration calibration = sample_calibration();
    {
        Store store = open(kThree);
        EXPECT_EQ(store.notice(), "");
        EXPECT_EQ(store.access(), Store::Access::ReadWrite);
        read_everything(store);
        ASSERT_EQ(store.runs().size(), 1u);
        EXPECT_EQ(store.run(1)->model, sample_model());
        expect_same_calibration(store.calibration(1).value(), calibration);
        EXPECT_EQ(store.notes().at(0).text, "about the run");
        store.delete_run(1); // foreign keys are followed again
        EXPECT_TRUE(store.quality_windows(1).empty());
    }
    EXPECT_EQ(version(), kNow + 2);
    EXPECT_EQ(ask_sql(file_, "SELECT value FROM meta WHERE name = 'version'"), kNow + 2);
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM pragma_table_info('note') WHERE name = 'colour'"), 1);
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM quality_window"), 0);
    open(kThree); // and nothing is run twice
    EXPECT_EQ(version(), kNow + 2);
}

/// Renaming a column keeps its place in the table, so a row of today is a row of version 2 under the old names.
void write_full_store_of_version_2(const fs::path& file, const fs::path& today)
{
    write_full_store(today);
    const std::span<const Migration> now = built_in_migrations();
    const std::vector<Migration> two(now.begin(), now.begin() + 2);
    Store::open(file, Store::Access::ReadWrite, with(two));
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, 1000);
    database.exec(fmt::format("PRAGMA foreign_keys = OFF; ATTACH '{}' AS today", today.string()));
    for (const char* table : {"model", "text", "environment", "run", "calibration", "moments", "output_gram",
                              "token_blocks", "spectrum", "metric", "quality", "quality_window", "throughput",
                              "throughput_sample", "generation", "job", "job_event", "note", "view_state"}) {
        // Columns that later migrations added stand behind those of version 2.
        const std::string columns =
            database
                .execAndGet(fmt::format("SELECT group_concat('\"' || name || '\"') FROM (SELECT name FROM "
                                        "pragma_table_info('{0}', 'today') ORDER BY cid LIMIT "
                                        "(SELECT count(*) FROM pragma_table_info('{0}', 'main')))",
                                        table))
                .getString();
        database.exec(fmt::format("INSERT INTO main.{0} SELECT {1} FROM today.{0}", table, columns));
    }
    // By their old names, each with a number of its own: none may come out as another quantity.
    run_sql(
        file,
        "UPDATE run SET tokens = 101, configuration = 'k=int8', configuration_hash = 'hash'; UPDATE calibration SET tokens = 102;"
        "UPDATE moments SET count = 1000 + id;"
        "UPDATE quality SET config = 'k=int8', tokens = 103, tokens_per_s = 10.5, seconds = 11.5;"
        "UPDATE quality_window SET \"window\" = 104, tokens = 105;"
        "UPDATE throughput SET config = 'k=int4'; UPDATE throughput_sample SET tokens = 106, seconds = 12.5;"
        "UPDATE generation SET text = 'said', tokens_per_s = 13.5;"
        "UPDATE job_event SET type = 'warning'; UPDATE note SET text = 'noted'");
}

TEST_F(Migrations, AStoreOfVersion2KeepsEveryQuantityUnderItsNewName)
{
    write_full_store_of_version_2(file_, folder_ / "today.kvw");
    ASSERT_EQ(version(), 2);
    const std::string before = sha256_hex_of_file(file_);
    expect_error(ErrorKind::Unsupported, {"a.kvw", "store version 2"},
                 [&] { Store::open(file_, Store::Access::ReadOnly); });
    EXPECT_EQ(sha256_hex_of_file(file_), before);
    {
        Store store = Store::open(file_);
        read_everything(store);
        EXPECT_EQ(store.run(1)->run.input_tokens, 101);
        const Calibration calibration = store.calibration(1).value();
        EXPECT_EQ(calibration.tokens, 102);
        ASSERT_GT(calibration.entries.size(), 1u);
        EXPECT_EQ(calibration.entries[1].moments.count, 1002);
        const QualityRecord quality = store.quality().at(0).record;
        EXPECT_EQ(quality.configuration, "k=int8");
        EXPECT_EQ(quality.scored_tokens, 103);
        EXPECT_EQ(quality.scoring_tokens_per_s, 10.5);
        EXPECT_EQ(quality.scoring_s, 11.5);
        EXPECT_EQ(quality.ppl, sample_quality(1).ppl);
        EXPECT_EQ(store.quality_windows(1).at(0), (QualityWindow{104, 105, 1, 0.5, 3}));
        EXPECT_EQ(store.throughput().at(0).record.configuration, "k=int4");
        const ThroughputSample sample = store.throughput_samples(1).at(0);
        EXPECT_EQ(sample.timed_tokens, 106);
        EXPECT_EQ(sample.timed_s, 12.5);
        const GenerationRecord generation = store.generations().at(0).record;
        EXPECT_EQ(generation.generated_text, "said");
        EXPECT_EQ(generation.decode_tokens_per_s, 13.5);
        EXPECT_EQ(store.job_events(1).at(0).type, "warning");
        EXPECT_EQ(store.notes().at(0).text, "noted");
        const std::vector<MemoryRow> memory = store.memory();
        ASSERT_EQ(memory.size(), 2u);
        EXPECT_EQ(memory[0].record.configuration, "k=int8");
        EXPECT_EQ(memory[1].record.configuration, "k=int4");
        EXPECT_EQ(store.spectra(1).at(0).record, sample_spectrum(1));
        EXPECT_EQ(store.view_state("dock"), "left");
    }
    EXPECT_EQ(version(), kNow);
    // Every table has rows, and the columns of a store that was made today, in the same places.
    SQLite::Database database(file_.string());
    database.exec(fmt::format("ATTACH '{}' AS today", (folder_ / "today.kvw").string()));
    SQLite::Statement tables(database,
                             "SELECT name FROM today.sqlite_schema WHERE type IN ('table', 'view') "
                             "AND name NOT LIKE 'sqlite%'");
    std::size_t seen = 0;
    while (tables.executeStep()) {
        const std::string table = tables.getColumn(0).getString();
        const auto ask = [&](const std::string& sql) { return database.execAndGet(sql).getString(); };
        EXPECT_NE(ask(fmt::format("SELECT count(*) FROM main.\"{}\"", table)), "0") << table;
        EXPECT_EQ(ask(fmt::format("SELECT group_concat(name) FROM pragma_table_info('{}', 'main')", table)),
                  ask(fmt::format("SELECT group_concat(name) FROM pragma_table_info('{}', 'today')", table)));
        ++seen;
    }
    EXPECT_GE(seen, 21u);
}

TEST_F(Migrations, ANewStoreGetsAllOfThem)
{
    open(kThree).put_view_state("a", "b");
    EXPECT_EQ(version(), kNow + 2);
    EXPECT_EQ(ask_sql(file_, "PRAGMA application_id"), kStoreApplicationId);
}

TEST_F(Migrations, OneThatFailsLeavesTheVersionBeforeIt)
{
    write_full_store(file_);
    const std::vector<Migration> bad_sql =
        followed_by({kColour, {kNow + 2, "wrong", "DELETE FROM note; CREATE TABLE nonsense"}});
    expect_error(ErrorKind::Internal, {"a.kvw", "wrong"}, [&] { open(bad_sql); });
    EXPECT_EQ(version(), kNow + 1);
    EXPECT_EQ(open(kTwo).notes().size(), 1u);
    const std::vector<Migration> orphans = followed_by({kColour, {kNow + 2, "orphans", "DELETE FROM model"}});
    expect_error(ErrorKind::Internal, {"orphans", "table run"}, [&] { open(orphans); });
    EXPECT_EQ(version(), kNow + 1);
    EXPECT_EQ(open(kThree).run(1)->model, sample_model()) << "and a good one goes on from there";
}

TEST_F(Migrations, AListWithAGapIsOurMistake)
{
    const std::vector<Migration> gap = followed_by({kRebuild});
    expect_error(ErrorKind::Internal, {"rebuild", fmt::format("{} is wanted", kNow + 1)}, [&] { open(gap); });
}

TEST_F(Migrations, OneThatIsKilledHalfwayLeavesTheVersionBeforeIt)
{
    write_full_store(file_);
    const std::vector<Migration> endless = followed_by(
        {{kNow + 1, "endless",
          "CREATE TABLE big (x); INSERT INTO big WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
          "SELECT randomblob(1000) FROM n"}});
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            open(endless);
        } catch (...) {}
        ::_exit(0);
    }
    // What does not fit into the cache goes to the log before the commit: then it is well under way.
    std::error_code none;
    const auto log = [&] {
        return fs::exists(file_.string() + "-wal", none) ? fs::file_size(file_.string() + "-wal", none) : 0;
    };
    int status = 0;
    while (log() < 4'000'000) {
        ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "the child has ended by itself: " << status;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    Store store = open(kTwo);
    EXPECT_EQ(store.notes().size(), 1u);
    EXPECT_EQ(version(), kNow + 1);
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM sqlite_schema WHERE name = 'big'"), 0);
}

TEST_F(Migrations, TwoProcessesAtOnce)
{
    for (int round = 0; round < 5; ++round) {
        if (round % 2) // an older store; else a new one
            write_full_store(file_);
        int start[2];
        ASSERT_EQ(::pipe(start), 0);
        std::vector<pid_t> children;
        for (int i = 0; i < 4; ++i)
            if (children.push_back(::fork()); children.back() == 0) {
                char go = 0;
                (void)!::read(start[0], &go, 1);
                int failed = 0;
                try {
                    open(kThree).put_view_state(std::to_string(i), "there");
                } catch (const std::exception& error) {
                    std::fprintf(stderr, "in the child: %s\n", error.what());
                    failed = 1;
                }
                ::_exit(failed);
            }
        ASSERT_EQ(::write(start[1], "goes", 4), 4);
        for (const pid_t child : children) {
            int status = 0;
            ::waitpid(child, &status, 0);
            EXPECT_EQ(status, 0);
        }
        ::close(start[0]);
        ::close(start[1]);
        Store store = open(kThree);
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(store.view_state(std::to_string(i)), "there");
        EXPECT_EQ(version(), kNow + 2);
        store = Store::open(folder_ / "other.kvw");
        fs::remove(file_);
    }
}

TEST_F(Migrations, ANewerStoreThatMayBeReadIsReadOnly)
{
    write_full_store(file_);
    Store::open(file_, Store::Access::ReadWrite, with(kTwo, "9.9.0"));
    const auto before = contents(folder_.path());
    {
        Store store = open(kOne);
        EXPECT_EQ(store.access(), Store::Access::ReadOnly);
        for (const std::string& word :
             {std::string("a.kvw"), std::string("9.9.0"), fmt::format("store version {}", kNow + 1),
              fmt::format("knows {}", kNow), std::string("reading only")})
            EXPECT_THAT(store.notice(), ::testing::HasSubstr(word));
        read_everything(store);
        EXPECT_EQ(store.notes().size(), 1u);
        const Error error = error_of([&] { store.put_view_state("a", "b"); });
        EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
        EXPECT_EQ(error.message(), store.notice());
        EXPECT_EQ(open(kOne, Store::Access::ReadOnly).notice(), "") << "reading was asked for";
        store.save_as(folder_ / "copy.kvw");
    }
    EXPECT_EQ(ask_sql(folder_ / "copy.kvw", "PRAGMA user_version"), kNow + 1);
    fs::remove(folder_ / "copy.kvw");
    EXPECT_EQ(contents(folder_.path()), before);
}

TEST_F(Migrations, ANewerStoreThatMayNotBeReadIsRefused)
{
    write_full_store(file_);
    Store::open(file_, Store::Access::ReadWrite, with(kThree, "9.9.0"));
    const auto before = contents(folder_.path());
    for (const Store::Access access : {Store::Access::ReadWrite, Store::Access::ReadOnly})
        expect_error(ErrorKind::Unsupported,
                     {"a.kvw", "9.9.0", fmt::format("store version {}", kNow + 2), fmt::format("knows {}", kNow),
                      fmt::format("takes store version {}", kNow + 2)},
                     [&] { open(kOne, access); });
    EXPECT_EQ(contents(folder_.path()), before);
}

TEST_F(Migrations, AnOlderStoreIsNotReadWithoutBringingItUpToDate)
{
    write_full_store(file_);
    const auto before = contents(folder_.path());
    expect_error(ErrorKind::Unsupported,
                 {"a.kvw", fmt::format("store version {}", kNow), fmt::format("version {} is wanted", kNow + 1)},
                 [&] { open(kTwo, Store::Access::ReadOnly); });
    EXPECT_EQ(contents(folder_.path()), before);
}

} // namespace
} // namespace kvw::testing
