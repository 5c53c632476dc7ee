// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/records/generation.h"
#include "core/records/job.h"
#include "core/records/moments.h"
#include "core/records/report_data.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

struct StoreOptions; // core/store/options.h, for tests

/// Which runs; what is not said does not restrict.
struct RunFilter
{
    std::optional<RunKind> kind;
    std::optional<RunStatus> status;
    std::optional<RowId> parent_run; ///< children of this run
    std::optional<std::string> model_hash;
    std::optional<std::string> text_hash;
    std::optional<std::string> configuration_hash;
};

/// For "about" and --version.
struct StoreFacts
{
    int version = 0; ///< of the tables that this program makes
    std::string sqlite_version;
};
StoreFacts store_facts();

/// A project file (*.kvw): one SQLite database that holds everything that was measured, with its provenance.
///
/// application_id and user_version tell it from other databases; docs/store.md has the tables. Write-ahead log, foreign
/// keys and a busy timeout are on. Every put is one short transaction: what a call has written is there after a crash.
/// One connection, for one thread; other threads and processes open the file themselves.
///
/// Throws on opening: Error{NotFound} (ReadOnly and no file, no folder, or only the log of a file that is gone),
/// {BadInput} for a file that is no SQLite database, is damaged or belongs to another program (it is left untouched),
/// {InvalidArgument} for a folder, or a place that may not be read or written, {Unsupported} for a store whose minimum
/// compatible version is newer than this program, or that is older and open for reading only, {Busy} when another
/// process keeps it locked.
/// Any call: {Busy}, {NoSpace} when the disk fills (the transaction is rolled back, nothing else is lost),
/// {InvalidArgument} for writing to a read-only store or naming a run that is not there, {NotFinite} for writing a NaN
/// (infinities are kept), {BadInput} for a row that cannot be understood (naming table, row and column).
class Store
{
public:
    enum class Access { ReadWrite, ReadOnly };

    /// ReadWrite creates a missing file, takes an empty one (0 bytes) for a new one, and migrates an older one, each
    /// migration in one transaction. A newer store that says it may be read by this version, and a file or folder that
    /// may not be written to, are opened read-only, and notice() says so. Runs and jobs that are "running" but whose
    /// process is certainly gone become "interrupted" (ReadWrite only).
    static Store open(const std::filesystem::path& file, Access access = Access::ReadWrite);
    static Store open(const std::filesystem::path& file, Access access, const StoreOptions& options);
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    const std::filesystem::path& file() const noexcept;
    Access access() const noexcept;
    /// Empty, or a sentence for the user: why a store that was asked for ReadWrite is read-only.
    const std::string& notice() const noexcept;

    /// Several puts as one transaction: all or nothing. `work` may throw; then nothing of it is kept. A put that throws
    /// inside `work` leaves nothing of itself, also when `work` catches that. Not nested.
    void transaction(const std::function<void()>& work);

    // ---- Provenance. Models and texts are known by their hash; putting one again updates its row.
    void put_model(const ModelRecord& model);
    void put_text(const TextRecord& text);
    RowId put_environment(const EnvironmentRecord& environment); ///< the same number for equal environments

    // ---- Runs
    /// Inserts `run` (its id is ignored); started_at, and the process of a running one, are filled in when empty.
    /// Returns its number.
    RowId begin_run(const RunRecord& run);
    /// Sets status, duration and (where it failed) the error's code, message and hint; clears the process.
    void finish_run(RowId run, RunStatus status, double duration_s, const Error* maybe_error = nullptr);
    /// A run that was left unfinished is running again, in this process; its error is forgotten.
    void reopen_run(RowId run);
    std::optional<Provenance> run(RowId run) const;
    std::vector<Provenance> runs(const RunFilter& filter = {}) const; ///< in the order they were begun
    /// What opening does: runs and jobs that are "running" but whose process is certainly gone become "interrupted".
    /// For a program that stays open and has just seen a worker die. Nothing in a read-only store.
    void end_interrupted();
    /// With everything that belongs to it, children included. Runs that used it as their calibration keep its number,
    /// which is not given again.
    void delete_run(RowId run);

    // ---- Calibrations
    /// Moments as zstd-compressed blobs, lossless; replaces the run's. dim is at most 4096.
    void put_calibration(RowId run, const Calibration& calibration);
    std::optional<Calibration> calibration(RowId run) const;
    std::optional<RowId> newest_calibration(
        std::string_view model_hash) const; ///< of status Measured, calibrate or import
    /// Hashes of the token blocks that a run read, to find overlapping texts; any number of them, in any order;
    /// replaces the run's.
    void put_token_blocks(RowId run, std::span<const std::uint64_t> hashes);
    std::vector<std::uint64_t> token_blocks(RowId run) const;
    void put_spectra(RowId run,
                     std::span<const SpectrumRecord> spectra); ///< replaces the run's; `run` is put into each
    std::vector<SpectrumRow> spectra(std::optional<RowId> run = {}) const;
    /// Points of a run's curves as they came while it ran ("subspace_change" against tokens).
    void put_metric(RowId run, std::string_view name, double x, double value);
    struct MetricPoint
    {
        std::string name;
        double x = 0, value = 0;
        bool operator==(const MetricPoint&) const = default;
    };
    std::vector<MetricPoint> metrics(RowId run) const;

    // ---- Measurements, one of a kind to a run: a second one replaces the first, with its windows or samples
    void put_quality(const QualityRecord& quality, std::span<const QualityWindow> windows);
    std::vector<QualityRow> quality(const RunFilter& filter = {}) const;
    std::vector<QualityWindow> quality_windows(RowId run) const;
    /// `summary` also makes the row of the memory table at its context and batch. A run may have several, one for each
    /// config, context and batch.
    void put_throughput(const ThroughputSummary& summary, std::span<const ThroughputSample> samples);
    std::vector<ThroughputRow> throughput(const RunFilter& filter = {}) const;
    std::vector<ThroughputSample> throughput_samples(RowId run) const;
    /// From quality (context = the run's window_tokens; a run without them has no row) and throughput.
    std::vector<MemoryRow> memory(const RunFilter& filter = {}) const;
    void put_generation(const GenerationRecord& generation);
    std::vector<Sourced<GenerationRecord>> generations(const RunFilter& filter = {}) const;

    // ---- Jobs of the worker
    RowId add_job(RunKind kind, std::string_view specification_json); ///< queued
    std::optional<JobRecord> job(RowId job) const;
    std::vector<JobRecord> jobs() const;   ///< oldest first
    void update_job(const JobRecord& job); ///< all fields; an empty created_at leaves it as it is
    void add_job_event(const JobEvent& event);
    std::vector<JobEvent> job_events(RowId job) const;

    // ---- Notes and the window's state
    RowId put_note(const Note& note); ///< id 0: a new one; else all fields, an empty created_at leaves it as it is
    void delete_note(RowId note);
    std::vector<Note> notes() const;
    void put_view_state(std::string_view name, std::string_view value);
    std::optional<std::string> view_state(std::string_view name) const;

    /// Everything that an export may contain; with `runs`, only these and their children.
    ReportData report_data(std::span<const RowId> runs = {}) const;

    /// A compact copy under another name (VACUUM INTO a temporary file in that folder, then a rename). A file of that
    /// name is replaced. Throws Error{Busy} when that is a project that is in use, {NotFound} without the folder,
    /// {InvalidArgument} for this file itself, a folder, or inside transaction().
    void save_as(const std::filesystem::path& file) const;
    /// Changes whenever another connection has committed since the last call (PRAGMA data_version): when to read again.
    std::int64_t data_version() const;

private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace kvw
