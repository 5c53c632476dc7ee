// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kvw {
namespace {

/// These runs and what descends from them. Throws Error{InvalidArgument} for the first that is not there.
std::vector<RowId> with_descendants(const Connection& connection, std::span<const RowId> runs)
{
    SQLite::Statement statement(
        connection.database(),
        "WITH RECURSIVE chosen (id) AS (SELECT run.id FROM run JOIN json_each(?) ON run.id = json_each.value "
        "UNION SELECT run.id FROM run JOIN chosen ON run.parent_run = chosen.id) SELECT id FROM chosen ORDER BY id");
    sql::Binder(statement, connection, "run")
        .value("id", nlohmann::json(std::vector<RowId>(runs.begin(), runs.end())).dump());
    std::vector<RowId> all;
    while (statement.executeStep())
        all.push_back(sql::RowReader(statement, connection).begin("run"));
    for (const RowId run : runs)
        connection.require_changed(std::binary_search(all.begin(), all.end(), run), "run", run);
    return all;
}

} // namespace

ReportData Store::report_data(std::span<const RowId> runs) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading what is to be exported", [&] {
        sql::Where where;
        if (!runs.empty())
            add_runs(where, with_descendants(connection, runs));
        ReportData data;
        data.runs = read_runs(connection, where);
        data.quality = read_sourced<QualityRecord>(connection, "quality", where, "quality.run");
        data.throughput =
            read_sourced<ThroughputSummary>(connection, "throughput", where, "throughput.run, throughput.id");
        data.memory = read_sourced<MemoryRecord>(connection, "memory_ledger", where, kMemoryOrder);
        data.spectra = read_sourced<SpectrumRecord>(connection, "spectrum", where, "spectrum.run, spectrum.id");
        return data;
    });
}

std::int64_t Store::data_version() const
{
    const Connection& connection = impl_->connection;
    return connection.guarded("asking for changes", [&] {
        SQLite::Statement statement(connection.database(), "PRAGMA data_version");
        statement.executeStep();
        return static_cast<std::int64_t>(statement.getColumn(0).getInt64());
    });
}

} // namespace kvw
