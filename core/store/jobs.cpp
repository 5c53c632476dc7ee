// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

#include "core/base/time.h"

namespace kvw {
namespace {

std::vector<JobRecord> read_jobs(const Connection& connection, const sql::Where& where)
{
    SQLite::Statement statement(
        connection.database(),
        fmt::format("SELECT id, {} FROM job{} ORDER BY id", sql::select_list<JobRecord>("job"), where.text()));
    where.bind(sql::Binder(statement, connection, "job"));
    std::vector<JobRecord> jobs;
    while (statement.executeStep()) {
        sql::RowReader reader(statement, connection);
        JobRecord& job = jobs.emplace_back();
        job.id = reader.begin("job");
        reader.row(job);
    }
    return jobs;
}

/// The time that the row `id` has already.
std::string created_at(const Connection& connection, std::string_view table, RowId id)
{
    SQLite::Statement statement(connection.database(),
                                fmt::format("SELECT id, created_at FROM \"{}\" WHERE id = ?", table));
    sql::Binder(statement, connection, table).value("id", id);
    if (!statement.executeStep())
        connection.require_changed(0, table, id);
    sql::RowReader reader(statement, connection);
    reader.begin(table);
    return reader.next<std::string>("created_at");
}

} // namespace

RowId Store::add_job(RunKind kind, std::string_view specification_json)
{
    JobRecord job;
    job.kind = kind;
    job.specification_json = specification_json;
    job.created_at = utc_now();
    return impl_->connection.write("adding a job", [&] { return sql::insert(impl_->connection, "job", job); });
}

std::optional<JobRecord> Store::job(RowId job) const
{
    sql::Where where;
    where.add("id = ?", job);
    return impl_->connection.read("reading a job", [&]() -> std::optional<JobRecord> {
        std::vector<JobRecord> found = read_jobs(impl_->connection, where);
        if (found.empty())
            return std::nullopt;
        return std::move(found.front());
    });
}

std::vector<JobRecord> Store::jobs() const
{
    return impl_->connection.read("reading jobs", [&] { return read_jobs(impl_->connection, {}); });
}

void Store::update_job(const JobRecord& job)
{
    Connection& connection = impl_->connection;
    connection.write("changing a job", [&] {
        JobRecord row = job;
        if (row.created_at.empty())
            row.created_at = created_at(connection, "job", row.id);
        sql::update(connection, "job", row.id, row);
    });
}

void Store::add_job_event(const JobEvent& event)
{
    JobEvent row = event;
    if (row.at.empty())
        row.at = utc_now();
    impl_->connection.write("adding to a job's history", [&] { sql::insert(impl_->connection, "job_event", row); });
}

std::vector<JobEvent> Store::job_events(RowId job) const
{
    return impl_->connection.read("reading a job's history", [&] {
        return read_owned<JobEvent>(impl_->connection, "job_event", "job", job, "id");
    });
}

RowId Store::put_note(const Note& note)
{
    Connection& connection = impl_->connection;
    return connection.write("storing a note", [&] {
        Note row = note;
        if (row.created_at.empty())
            row.created_at = row.id == 0 ? utc_now() : created_at(connection, "note", row.id);
        if (row.id == 0)
            return sql::insert(connection, "note", row);
        sql::update(connection, "note", row.id, row);
        return row.id;
    });
}

void Store::delete_note(RowId note)
{
    Connection& connection = impl_->connection;
    connection.write("deleting a note", [&] {
        connection.require_changed(sql::execute(connection, "DELETE FROM note WHERE id = ?", note), "note", note);
    });
}

std::vector<Note> Store::notes() const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading notes", [&] {
        SQLite::Statement statement(connection.database(),
                                    fmt::format("SELECT id, {} FROM note ORDER BY id", sql::select_list<Note>("note")));
        std::vector<Note> notes;
        while (statement.executeStep()) {
            sql::RowReader reader(statement, connection);
            Note& note = notes.emplace_back();
            note.id = reader.begin("note");
            reader.row(note);
        }
        return notes;
    });
}

void Store::put_view_state(std::string_view name, std::string_view value)
{
    Connection& connection = impl_->connection;
    connection.write("storing the window's state", [&] {
        sql::execute(connection,
                     "INSERT INTO view_state (name, value) VALUES (?, ?) "
                     "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                     name, value);
    });
}

std::optional<std::string> Store::view_state(std::string_view name) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading the window's state", [&]() -> std::optional<std::string> {
        SQLite::Statement statement(connection.database(), "SELECT rowid, value FROM view_state WHERE name = ?");
        sql::Binder(statement, connection, "view_state").value("name", name);
        if (!statement.executeStep())
            return std::nullopt;
        sql::RowReader reader(statement, connection);
        reader.begin("view_state");
        return reader.next<std::string>("value");
    });
}

} // namespace kvw
