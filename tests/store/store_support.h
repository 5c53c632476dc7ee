// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/sha256.h"
#include "core/records/ledger.h"
#include "core/store/fields.h"
#include "core/store/options.h"
#include "core/store/rows.h"
#include "core/store/store.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kvw::testing {

/// The error that `work` throws; a test failure and an empty Internal one when it throws none.
inline Error error_of(const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error& error) {
        return error;
    } catch (const std::exception& error) {
        ADD_FAILURE() << "another exception: " << error.what();
        return {ErrorKind::Internal, ""};
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ErrorKind::Internal, ""};
}

/// `work` throws an Error of this kind whose message has all the words.
inline void expect_error(ErrorKind kind, const std::vector<std::string>& words, const std::function<void()>& work)
{
    const Error error = error_of(work);
    EXPECT_EQ(name(error.kind()), name(kind)) << error.message();
    for (const std::string& word : words)
        EXPECT_THAT(error.message(), ::testing::HasSubstr(word));
}

/// Statements on a file behind the store's back.
inline void run_sql(const std::filesystem::path& file, const std::string& sql)
{
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 1000);
    database.exec(sql);
}
inline std::int64_t ask_sql(const std::filesystem::path& file, const std::string& sql)
{
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, 1000);
    return database.execAndGet(sql).getInt64();
}

/// For children, where a test's EXPECT is not seen: throws when it does not hold.
inline void require(bool holds, const std::string& what)
{
    if (!holds)
        throw std::runtime_error("not so: " + what);
}
inline void require_error(ErrorKind kind, const std::string& word, const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error& error) {
        require(error.kind() == kind && error.message().find(word) != std::string::npos,
                fmt::format("{} with \"{}\": {}: {}", name(kind), word, name(error.kind()), error.message()));
        return;
    }
    require(false, fmt::format("{} with \"{}\" is thrown", name(kind), word));
}

/// Runs `work` in a child process and returns its exit status: 0, or 1 when it threw (its message goes to stderr), or
/// 1000 and the signal that killed it. No connection of the parent may be used in it.
inline int in_child(const std::function<void()>& work)
{
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            work();
            ::_exit(0);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "in the child: %s\n", error.what());
            ::_exit(1);
        }
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child)
        throw std::runtime_error("no child process");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// The same as a user who owns nothing here: to root, no file is read-only.
inline int in_child_of_nobody(const std::function<void()>& work)
{
    return in_child([&] {
        if (::geteuid() == 0)
            require(::setgroups(0, nullptr) == 0 && ::setgid(65534) == 0 && ::setuid(65534) == 0,
                    "rights were given up");
        work();
    });
}

/// The files of a folder with the hashes of their bytes: to see that nothing was touched. Not while this process has
/// one of them open in SQLite, because closing it here would drop SQLite's locks.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder)
{
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files[entry.path().filename().string()] = sha256_hex_of_file(entry.path());
    return files;
}

inline ModelRecord sample_model(const std::string& hash = "m1")
{
    return {hash, "SmolLM2", "/models/smol", "LlamaForCausalLM", 30, 9, 3, 64, 576, 49152, 134515008};
}

inline EnvironmentRecord sample_environment(int threads = 8)
{
    return {"A CPU", 16, threads, 137438953472, "cpu", "fp32", "Debian 12", "g++ 12.2.0", "2.11.0", "0.1.0", "v3", {}};
}

/// A run with nothing but what it must have.
inline RunRecord bare_run(RowId environment, const std::string& model = "m1")
{
    RunRecord run;
    run.model_hash = model;
    run.environment = environment;
    return run;
}

/// A store with the model "m1", the text "t1" and one environment.
struct Project
{
    explicit Project(const std::filesystem::path& file, const StoreOptions& options = {})
        : store(Store::open(file, Store::Access::ReadWrite, options))
    {
        store.put_model(sample_model());
        store.put_text({"t1", "wiki.txt", 1290590, 1256449});
        environment = store.put_environment(sample_environment());
    }

    RowId begin(const std::function<void(RunRecord&)>& change = {})
    {
        RunRecord run = bare_run(environment);
        if (change)
            change(run);
        return store.begin_run(run);
    }

    Store store;
    RowId environment = 0;
};

inline Ledger sample_ledger(double first = 1.5) { return {first, 2.25, 3.125, 4, 5, 6, 7}; }

inline QualityRecord sample_quality(RowId run)
{
    QualityRecord quality;
    quality.run = run;
    quality.configuration = "k=int8,token";
    quality.ppl = 17.25;
    quality.scored_tokens = 2048;
    quality.protocol = "past:64";
    quality.raw_token_share = 0.0625;
    quality.coded_tokens_read = 123456789012;
    quality.scoring_tokens_per_s = 333.5;
    quality.scoring_s = 6.125;
    quality.ledger = sample_ledger();
    return quality;
}

inline ThroughputSummary sample_throughput(RowId run, std::int64_t context = 1024, std::int64_t batch = 1)
{
    ThroughputSummary summary;
    summary.run = run;
    summary.configuration = "k=int4,token";
    summary.context = context;
    summary.batch = batch;
    summary.prefill_tokens_per_s = 1000.5;
    summary.decode_tokens_per_s_median = 50.25;
    summary.decode_tokens_per_s_p10 = 49;
    summary.decode_tokens_per_s_p90 = 51;
    summary.ledger = sample_ledger(8.5);
    return summary;
}

inline SpectrumRecord sample_spectrum(RowId run, int layer = 0, int head = 0)
{
    SpectrumRecord spectrum;
    spectrum.run = run;
    spectrum.layer = layer;
    spectrum.kv_head = head;
    spectrum.quantity = "qk";
    spectrum.positions = Positions::AfterSinks;
    spectrum.weighting = Weighting::Attention;
    spectrum.vectors = 99;
    spectrum.eigenvalues = {3.5, 1.0 / 3, 1e-300};
    spectrum.effective_rank = 1.75;
    spectrum.rank_90 = 1;
    spectrum.rank_95 = 2;
    spectrum.rank_99 = 3;
    spectrum.spread = 1e6;
    spectrum.mean_share = 0.25;
    spectrum.coding_gain_bits = 1.5;
    return spectrum;
}

/// Entries and matrices of `layers` layers with two heads; every number differs, the scatters are symmetric.
inline Calibration sample_calibration(int layers = 2, int dim = 5)
{
    Calibration out{layers, 4, 2, dim, 4, 1000, true, 0, {}, {}};
    double next = 1.0 / 3;
    const auto number = [&] { return next = next * 1.37 + 0.11 > 1e3 ? 1.0 / 7 : next * 1.37 + 0.11; };
    const auto symmetric = [&] {
        std::vector<double> matrix(static_cast<std::size_t>(dim) * static_cast<std::size_t>(dim));
        for (int i = 0; i < dim; ++i)
            for (int j = i; j < dim; ++j)
                matrix[static_cast<std::size_t>(i * dim + j)] = matrix[static_cast<std::size_t>(j * dim + i)] =
                    number();
        return matrix;
    };
    const auto vector = [&] {
        std::vector<double> values(static_cast<std::size_t>(dim));
        for (double& value : values)
            value = number();
        return values;
    };
    for (int layer = layers - 1; layer >= 0; --layer) // not in order, so that the order is seen to be kept
        for (int head = 0; head < 2; ++head) {
            for (const Weighting weighting : kWeightings) {
                HeadMoments entry{layer, head, Quantity::Value, Positions::AfterSinks, weighting, {}, {}};
                entry.moments = {dim, 17 + head, number(), vector(), symmetric()};
                if (weighting == Weighting::Uniform)
                    entry.absolute_maximum = vector();
                out.entries.push_back(entry);
            }
            out.output_grams.push_back({layer, head, dim, symmetric()});
        }
    return out;
}

/// Every row that the store can read.
inline void read_everything(const Store& store)
{
    const ReportData data = store.report_data();
    for (const Provenance& run : data.runs) {
        const RowId id = run.run.id;
        (void)store.calibration(id);
        (void)store.token_blocks(id);
        (void)store.metrics(id);
        (void)store.quality_windows(id);
        (void)store.throughput_samples(id);
    }
    (void)store.generations();
    for (const JobRecord& job : store.jobs())
        (void)store.job_events(job.id);
    (void)store.notes();
    (void)store.view_state("dock");
    (void)store.newest_calibration("m1");
}

/// A store with a row in every table, closed again. Its run has number 1.
inline void write_full_store(const std::filesystem::path& file)
{
    Project project(file);
    Store& store = project.store;
    store.transaction([&] {
        const RowId run = project.begin([](RunRecord& record) {
            record.kind = RunKind::Calibrate;
            record.text_hash = "t1";
            record.window_tokens = 512;
            record.seed = 7;
        });
        store.put_calibration(run, sample_calibration());
        store.put_token_blocks(run, std::vector<std::uint64_t>{1, 2});
        store.put_spectra(run, std::vector{sample_spectrum(run)});
        store.put_metric(run, "loss", 0, 1);
        store.put_quality(sample_quality(run), std::vector<QualityWindow>{{0, 5, 1, 0.5, 3}});
        store.put_throughput(sample_throughput(run), std::vector<ThroughputSample>{{Phase::Decode, 1, 1, 0, 1, 1, {}}});
        store.put_generation({run, "ask", "answer", {5, 6}, FinishReason::Stop, {}, {}, {}, {}});
        store.put_note({0, run, "", "about the run"});
        store.add_job_event({store.add_job(RunKind::Ppl, "{}"), "", "stage", "{}"});
        store.put_view_state("dock", "left");
        store.finish_run(run, RunStatus::Measured, 1);
    });
}

/// All columns of a record, doubles by their bits: what a round trip must keep.
template<typename Record>
std::vector<std::string> row_of(const Record& record)
{
    using namespace kvw::sql; // its visit_row is for records without one of their own
    std::vector<std::string> row;
    const auto add = [&](const Field& field, const auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        std::string text;
        if constexpr (std::is_same_v<T, double>)
            text = fmt::format("{:x} ({})", std::bit_cast<std::uint64_t>(value), value);
        else if constexpr (std::is_same_v<T, std::optional<double>>)
            text = value ? fmt::format("{:x} ({})", std::bit_cast<std::uint64_t>(*value), *value) : "none";
        else
            text = ::testing::PrintToString(value);
        row.push_back(fmt::format("{} = {}", field.name, text));
    };
    visit_row(add, record);
    return row;
}

/// Equal moments, matrices and vectors, to the last bit and in the same order.
inline void expect_same_bits(const std::vector<double>& actual, const std::vector<double>& expected,
                             const std::string& what)
{
    ASSERT_EQ(actual.size(), expected.size()) << what;
    for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_EQ(std::bit_cast<std::uint64_t>(actual[i]), std::bit_cast<std::uint64_t>(expected[i]))
            << what << '[' << i << ']';
}

inline void expect_same_calibration(const Calibration& actual, const Calibration& expected)
{
    EXPECT_EQ(row_of(actual), row_of(expected));
    ASSERT_EQ(actual.entries.size(), expected.entries.size());
    ASSERT_EQ(actual.output_grams.size(), expected.output_grams.size());
    for (std::size_t i = 0; i < expected.entries.size(); ++i) {
        const HeadMoments &a = actual.entries[i], &e = expected.entries[i];
        EXPECT_EQ(std::tie(a.layer, a.kv_head, a.quantity, a.positions, a.weighting, a.moments.dim, a.moments.count),
                  std::tie(e.layer, e.kv_head, e.quantity, e.positions, e.weighting, e.moments.dim, e.moments.count));
        expect_same_bits({a.moments.weight}, {e.moments.weight}, "weight");
        expect_same_bits(a.moments.mean, e.moments.mean, "mean");
        expect_same_bits(a.moments.scatter, e.moments.scatter, "scatter");
        expect_same_bits(a.absolute_maximum, e.absolute_maximum, "absolute_maximum");
    }
    for (std::size_t i = 0; i < expected.output_grams.size(); ++i) {
        const OutputGram &a = actual.output_grams[i], &e = expected.output_grams[i];
        EXPECT_EQ(std::tie(a.layer, a.kv_head, a.dim), std::tie(e.layer, e.kv_head, e.dim));
        expect_same_bits(a.gram, e.gram, "gram");
    }
}

} // namespace kvw::testing
