// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/fields.h"
#include "core/store/options.h"
#include "core/store/provenance.h"
#include "core/store/rows.h"

#include <memory>

namespace kvw {

/// What opening a file gives.
struct OpenedStore
{
    std::unique_ptr<Connection> connection;
    Store::Access access = Store::Access::ReadOnly;
    std::string notice;
};
OpenedStore open_store(const std::filesystem::path& file, Store::Access access, const StoreOptions& options);

struct Store::Impl
{
    std::filesystem::path file;
    Access access;
    std::string notice;
    std::unique_ptr<Connection> owned;
    Connection& connection = *owned;

    /// Throws Error{InvalidArgument} when there is no such run.
    void require_run(RowId run) const;
};

/// Of table run.
sql::Where conditions(const RunFilter& filter);
/// Adds: the run is one of these.
void add_runs(sql::Where& where, std::span<const RowId> runs);

/// Of table memory_ledger.
inline constexpr std::string_view kMemoryOrder =
    "memory_ledger.run, memory_ledger.context, memory_ledger.batch, memory_ledger.configuration";

/// Inside a read or write.
std::vector<Provenance> read_runs(const Connection& connection, const sql::Where& where);

/// The rows of `table` whose run fits, each with its provenance. `order` is SQL over the columns of `table`. Inside a
/// read or write.
template<typename Record>
std::vector<Sourced<Record>> read_sourced(const Connection& connection, std::string_view table, const sql::Where& where,
                                          std::string_view order)
{
    SQLite::Statement statement(
        connection.database(),
        fmt::format("SELECT {0}.run, {1}, {2} FROM {0} JOIN run ON run.id = {0}.run{3} ORDER BY {4}", table,
                    sql::select_list<Record>(table), ProvenanceReader::columns(), where.text(), order));
    where.bind(sql::Binder(statement, connection, table));
    ProvenanceReader provenance(connection);
    std::vector<Sourced<Record>> rows;
    while (statement.executeStep()) {
        sql::RowReader reader(statement, connection);
        reader.begin(table, "run");
        Sourced<Record>& row = rows.emplace_back();
        reader.row(row.record);
        row.source = provenance.read(reader);
    }
    return rows;
}

/// The rows of `table` that belong to a run or job: `column` = `owner`, by `order`. Inside a read or write.
template<typename Record>
std::vector<Record> read_owned(const Connection& connection, std::string_view table, std::string_view column,
                               RowId owner, std::string_view order)
{
    SQLite::Statement statement(connection.database(),
                                fmt::format("SELECT \"{0}\", {1} FROM \"{2}\" WHERE \"{0}\" = ? ORDER BY {3}", column,
                                            sql::select_list<Record>(table), table, order));
    sql::Binder(statement, connection, table).value(column, owner);
    std::vector<Record> rows;
    while (statement.executeStep()) {
        sql::RowReader reader(statement, connection);
        reader.begin(table, column);
        reader.row(rows.emplace_back());
    }
    return rows;
}

} // namespace kvw
