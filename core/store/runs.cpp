// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

#include "core/base/process.h"
#include "core/base/time.h"

namespace kvw {
namespace {

const std::optional<std::string> kEmpty;

/// Whether `table` has a row with `key` in `column`.
template<typename Key>
bool has(const Connection& connection, std::string_view table, std::string_view column, const Key& key)
{
    SQLite::Statement statement(connection.database(),
                                fmt::format("SELECT 1 FROM \"{}\" WHERE \"{}\" = ?", table, column));
    sql::Binder(statement, connection, table).value(column, key);
    return statement.executeStep();
}

/// Throws Error{InvalidArgument} for the first thing that a run names and the store has not.
void check_names(const Connection& connection, const RunRecord& run)
{
    const auto want = [&](bool there, std::string_view what, const auto& key) {
        if (!there)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("{}: beginning a run: there is no {} {}", connection.name(), what, key));
    };
    want(has(connection, "model", "model_hash", run.model_hash), "model with hash", run.model_hash);
    if (run.text_hash)
        want(has(connection, "text", "text_hash", *run.text_hash), "text with hash", *run.text_hash);
    want(has(connection, "environment", "id", run.environment), "environment", run.environment);
    if (run.parent_run)
        want(has(connection, "run", "id", *run.parent_run), "run (as its parent)", *run.parent_run);
    if (run.calibration_run)
        want(has(connection, "run", "id", *run.calibration_run), "run (as its calibration)", *run.calibration_run);
}

} // namespace

void Store::Impl::require_run(RowId run) const
{
    if (!has(connection, "run", "id", run))
        throw Error(ErrorKind::InvalidArgument, fmt::format("{}: there is no run {}", connection.name(), run));
}

RowId Store::begin_run(const RunRecord& run)
{
    RunRecord row = run;
    if (row.started_at.empty())
        row.started_at = utc_now();
    if (!row.process && row.status == RunStatus::Running)
        row.process = process_identity();
    return impl_->connection.write("beginning a run", [&] {
        check_names(impl_->connection, row);
        return sql::insert(impl_->connection, "run", row);
    });
}

void Store::finish_run(RowId run, RunStatus status, double duration_s, const Error* maybe_error)
{
    if (status == RunStatus::Running)
        throw Error(ErrorKind::InvalidArgument, fmt::format("run {} cannot end as running", run));
    std::optional<std::string> code, message, hint;
    if (maybe_error) {
        code = name(maybe_error->kind());
        message = maybe_error->message();
        if (!maybe_error->hint().empty())
            hint = maybe_error->hint();
    }
    Connection& connection = impl_->connection;
    connection.write("ending a run", [&] {
        sql::update(connection, "run", run, sql::Extra{"status", status}, sql::Extra{"duration_s", duration_s},
                    sql::Extra{"error_code", code}, sql::Extra{"error_message", message},
                    sql::Extra{"error_hint", hint}, sql::Extra{"process", kEmpty});
    });
}

void Store::reopen_run(RowId run)
{
    Connection& connection = impl_->connection;
    connection.write("reopening a run", [&] {
        sql::update(connection, "run", run, sql::Extra{"status", RunStatus::Running},
                    sql::Extra{"process", process_identity()}, sql::Extra{"duration_s", kEmpty},
                    sql::Extra{"error_code", kEmpty}, sql::Extra{"error_message", kEmpty},
                    sql::Extra{"error_hint", kEmpty});
    });
}

std::optional<Provenance> Store::run(RowId run) const
{
    sql::Where where;
    where.add("run.id = ?", run);
    return impl_->connection.read("reading a run", [&]() -> std::optional<Provenance> {
        std::vector<Provenance> found = read_runs(impl_->connection, where);
        if (found.empty())
            return std::nullopt;
        return std::move(found.front());
    });
}

std::vector<Provenance> Store::runs(const RunFilter& filter) const
{
    return impl_->connection.read("reading runs", [&] { return read_runs(impl_->connection, conditions(filter)); });
}

void Store::delete_run(RowId run)
{
    Connection& connection = impl_->connection;
    connection.write("deleting a run", [&] {
        connection.require_changed(sql::execute(connection, "DELETE FROM run WHERE id = ?", run), "run", run);
    });
}

} // namespace kvw
