// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/provenance.h"

#include "core/store/impl.h"

#include <nlohmann/json.hpp>

namespace kvw {
namespace {

/// The row of `table` with this key, which `row`'s column `column` names.
template<typename Record, typename Key>
const Record& fetch(const Connection& connection, std::unordered_map<Key, Record>& known, std::string_view table,
                    std::string_view key_column, sql::RowReader& row, std::string_view column, const Key& key)
{
    if (const auto found = known.find(key); found != known.end())
        return found->second;
    SQLite::Statement statement(connection.database(),
                                fmt::format("SELECT rowid, {} FROM \"{}\" WHERE \"{}\" = ?",
                                            sql::select_list<Record>(table), table, key_column));
    sql::Binder(statement, connection, table).value(key_column, key);
    if (!statement.executeStep())
        row.refuse(column, fmt::format("it names {}, which the table {} does not have", key, table));
    sql::RowReader reader(statement, connection);
    reader.begin(table);
    Record record;
    reader.row(record);
    return known.emplace(key, std::move(record)).first->second;
}

} // namespace

std::string ProvenanceReader::columns() { return "run.id, " + sql::select_list<RunRecord>("run"); }

Provenance ProvenanceReader::read(sql::RowReader& row)
{
    Provenance out;
    out.run.id = row.begin("run");
    row.row(out.run);
    out.model = fetch(connection_, models_, "model", "model_hash", row, "model_hash", out.run.model_hash);
    if (out.run.text_hash)
        out.text = fetch(connection_, texts_, "text", "text_hash", row, "text_hash", *out.run.text_hash);
    out.environment = fetch(connection_, environments_, "environment", "id", row, "environment", out.run.environment);
    return out;
}

sql::Where conditions(const RunFilter& filter)
{
    sql::Where where;
    if (filter.kind)
        where.add("run.kind = ?", std::string(name(*filter.kind)));
    if (filter.status)
        where.add("run.status = ?", std::string(name(*filter.status)));
    if (filter.parent_run)
        where.add("run.parent_run = ?", *filter.parent_run);
    if (filter.model_hash)
        where.add("run.model_hash = ?", *filter.model_hash);
    if (filter.text_hash)
        where.add("run.text_hash = ?", *filter.text_hash);
    if (filter.configuration_hash)
        where.add("run.configuration_hash = ?", *filter.configuration_hash);
    return where;
}

void add_runs(sql::Where& where, std::span<const RowId> runs)
{
    where.add("run.id IN (SELECT value FROM json_each(?))",
              nlohmann::json(std::vector<RowId>(runs.begin(), runs.end())).dump());
}

std::vector<Provenance> read_runs(const Connection& connection, const sql::Where& where)
{
    SQLite::Statement statement(
        connection.database(),
        fmt::format("SELECT {} FROM run{} ORDER BY run.id", ProvenanceReader::columns(), where.text()));
    where.bind(sql::Binder(statement, connection, "run"));
    ProvenanceReader provenance(connection);
    std::vector<Provenance> runs;
    while (statement.executeStep()) {
        sql::RowReader row(statement, connection);
        runs.push_back(provenance.read(row));
    }
    return runs;
}

void Store::put_model(const ModelRecord& model)
{
    impl_->connection.write("storing a model", [&] { sql::upsert(impl_->connection, "model", "model_hash", model); });
}

void Store::put_text(const TextRecord& text)
{
    impl_->connection.write("storing a text", [&] { sql::upsert(impl_->connection, "text", "text_hash", text); });
}

RowId Store::put_environment(const EnvironmentRecord& environment)
{
    Connection& connection = impl_->connection;
    return connection.write("storing an environment", [&] {
        const std::string equal = sql::assignments("IS", " AND ", sql::mark, environment);
        SQLite::Statement statement(connection.database(), "SELECT id FROM environment WHERE " + equal);
        sql::Binder(statement, connection, "environment").rows(environment);
        if (statement.executeStep())
            return sql::RowReader(statement, connection).begin("environment");
        return sql::insert(connection, "environment", environment);
    });
}

} // namespace kvw
