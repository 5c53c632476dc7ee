// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/migrations.h"

#include "core/base/error.h"
#include "core/store/fields.h"
#include "core/store/options.h"

#include <fmt/format.h>

#include <charconv>

namespace kvw {
namespace {

int user_version(const Connection& connection)
{
    SQLite::Statement statement(connection.database(), "PRAGMA user_version");
    statement.executeStep();
    return statement.getColumn(0).getInt();
}

/// One migration, unless another process has run it meanwhile.
void run_one(Connection& connection, const Migration& migration)
{
    SQLite::Database& database = connection.database();
    if (user_version(connection) >= migration.version)
        return;
    database.exec(std::string(migration.sql));
    SQLite::Statement check(database, "PRAGMA foreign_key_check");
    if (check.executeStep())
        throw Error(ErrorKind::Internal,
                    fmt::format("{}: the migration {} leaves a row of table {} that names a row that is gone",
                                connection.name(), migration.name, check.getColumn(0).getString()));
    // In the file's header from its first commit on: the program looks there before it lets SQLite read a file.
    if (migration.version == 1)
        database.exec(fmt::format("PRAGMA application_id = {}", kStoreApplicationId));
    database.exec(fmt::format("PRAGMA user_version = {}", migration.version));
    put_meta_value(connection, "version", std::to_string(migration.version));
}

void check_order(std::span<const Migration> migrations)
{
    for (std::size_t i = 0; i < migrations.size(); ++i)
        if (migrations[i].version != static_cast<int>(i) + 1)
            throw Error(ErrorKind::Internal,
                        fmt::format("the migration {} has number {}, and {} is wanted", migrations[i].name,
                                    migrations[i].version, i + 1));
}

} // namespace

int newest_version(std::span<const Migration> migrations) noexcept
{
    return migrations.empty() ? 0 : migrations.back().version;
}

StoreVersion read_version(const Connection& connection)
{
    return connection.read("reading its version", [&] {
        StoreVersion out{user_version(connection), 0};
        if (out.version == 0)
            return out;
        const std::string text = meta_value(connection, "minimum_compatible_version");
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, out.minimum_compatible);
        if (out.version < 0 || text.empty() || error != std::errc{} || stop != end)
            throw Error(
                ErrorKind::BadInput,
                fmt::format("{}: table meta: version {} and minimum_compatible_version \"{}\" are there; whole numbers "
                            "are wanted",
                            connection.name(), out.version, text),
                "take a copy that no other program has changed");
        return out;
    });
}

void migrate(Connection& connection, std::span<const Migration> migrations)
{
    check_order(migrations);
    // A migration may have to make a table anew, which SQLite allows without losing rows only while it does not follow
    // foreign keys; they are checked before each commit instead. The setting cannot change inside a transaction.
    connection.guarded("preparing a migration", [&] { connection.database().exec("PRAGMA foreign_keys = OFF"); });
    for (const Migration& migration : migrations)
        if (connection.guarded("reading its version", [&] { return user_version(connection); }) < migration.version)
            connection.write(fmt::format("migration {}", migration.name), [&] { run_one(connection, migration); });
}

std::string meta_value(const Connection& connection, std::string_view name)
{
    SQLite::Statement statement(connection.database(), "SELECT value FROM meta WHERE name = ?");
    sql::Binder(statement, connection, "meta").value("name", name);
    return statement.executeStep() ? statement.getColumn(0).getString() : std::string();
}

void put_meta_value(Connection& connection, std::string_view name, std::string_view value)
{
    sql::execute(connection,
                 "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 name, value);
}

} // namespace kvw
