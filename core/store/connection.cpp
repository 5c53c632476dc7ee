// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/connection.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace kvw {
namespace {

std::string uri_of(const std::filesystem::path& file)
{
    std::string uri = "file:";
    for (const char c : file.string())
        if (c == '%' || c == '?' || c == '#')
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else
            uri += c;
    return uri + "?immutable=1";
}

int flags_of(Connection::Mode mode)
{
    switch (mode) {
    case Connection::Mode::Create:
        return SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
    case Connection::Mode::ReadWrite:
    case Connection::Mode::Query:
        return SQLite::OPEN_READWRITE;
    case Connection::Mode::ReadOnly:
        return SQLite::OPEN_READONLY;
    case Connection::Mode::Immutable:
        return SQLite::OPEN_READONLY | SQLite::OPEN_URI;
    }
    return SQLite::OPEN_READONLY;
}

bool means_full(int system_error) { return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG; }

Error no_space(const std::string& place)
{
    return {ErrorKind::NoSpace,
            place + "the disk or a quota is full; nothing of this was written, everything before it is there",
            "free some space, or save the project to another disk, then try again"};
}

/// What the statement itself did wrong; the words are those of whoever made the record.
Error broken_rule(const std::string& place, const SQLite::Exception& error)
{
    switch (error.getExtendedErrorCode()) {
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return {ErrorKind::InvalidArgument,
                place + "it names a run, job, model, text or environment that is not in the store"};
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return {ErrorKind::InvalidArgument,
                fmt::format("{}there are two rows for the same thing ({})", place, error.what())};
    default:
        return {ErrorKind::Internal, fmt::format("{}{}", place, error.what())};
    }
}

} // namespace

Connection::Connection(const std::filesystem::path& file, Mode mode, int busy_timeout_ms)
    : name_(file.string()),
      path_(std::filesystem::weakly_canonical(std::filesystem::absolute(file))),
      mode_(mode),
      busy_timeout_ms_(busy_timeout_ms)
{
    stamp_ = stamp();
    guarded("opening", [&] {
        const std::string target = mode == Mode::Immutable ? uri_of(path_) : path_.string();
        database_ = std::make_unique<SQLite::Database>(target, flags_of(mode), busy_timeout_ms);
    });
    // A file of somebody else's may hold triggers and views: they get nothing that could reach outside the file.
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

bool Connection::writable() const { return sqlite3_db_readonly(database_->getHandle(), "main") == 0; }

Connection::Head Connection::head() const
{
    Head head;
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database_->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods)
        throw Error(ErrorKind::Internal, name_ + ": SQLite has no file for its database");
    sqlite3_int64 size = 0;
    const int sized = file->pMethods->xFileSize(file, &size);
    const int read = file->pMethods->xRead(file, head.bytes.data(), static_cast<int>(head.bytes.size()), 0);
    if (sized != SQLITE_OK || (read != SQLITE_OK && read != SQLITE_IOERR_SHORT_READ))
        throw Error(ErrorKind::BadInput, name_ + ": its first 100 bytes cannot be read",
                    "look at the disk's or network's state");
    head.file_bytes = size;
    return head;
}

std::int64_t Connection::Head::number(std::size_t at, std::size_t size) const
{
    std::int64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i)
        value = value * 256 + bytes[i];
    return value;
}

std::int64_t Connection::Head::stated_bytes() const
{
    const std::int64_t page_bytes = number(16, 2) == 1 ? 65536 : number(16, 2);
    const bool pages_count = number(24, 4) == number(92, 4); // a very old SQLite changed the one and not the other
    return pages_count ? page_bytes * number(28, 4) : 0;
}

void Connection::transaction(const std::function<void()>& work)
{
    check_writable();
    if (in_transaction_)
        throw Error(ErrorKind::InvalidArgument, name_ + ": a transaction was asked for inside a transaction");
    guarded("beginning a transaction", [&] { database_->exec("BEGIN IMMEDIATE"); });
    in_transaction_ = true;
    try {
        work();
        check_still_open();
        guarded("ending a transaction", [&] { database_->exec("COMMIT"); });
    } catch (...) {
        in_transaction_ = false;
        if (!sqlite3_get_autocommit(database_->getHandle()))
            database_->tryExec("ROLLBACK");
        throw;
    }
    in_transaction_ = false;
}

void Connection::require_changed(int changed, std::string_view what, std::int64_t number) const
{
    if (changed == 0)
        throw Error(ErrorKind::InvalidArgument, fmt::format("{}: there is no {} {}", name_, what, number));
}

Connection::Scope::Scope(const Connection& connection, Kind kind) : connection_(connection)
{
    connection.check_still_open();
    const bool inside = !sqlite3_get_autocommit(connection.database().getHandle());
    if (inside && kind == Read)
        return;
    connection.database().exec(inside ? "SAVEPOINT part" : kind == Write ? "BEGIN IMMEDIATE" : "BEGIN");
    end_ = inside ? "RELEASE part" : "COMMIT";
    undo_ = inside ? "ROLLBACK TO part; RELEASE part" : "ROLLBACK";
}

Connection::Scope::~Scope()
{
    if (undo_)
        connection_.note_system_error();
    // Some errors, a full disk among them, have made SQLite undo the whole transaction already.
    if (undo_ && !sqlite3_get_autocommit(connection_.database().getHandle()))
        connection_.database().tryExec(undo_);
}

void Connection::Scope::commit()
{
    if (end_)
        connection_.database().exec(end_);
    undo_ = nullptr;
}

void Connection::fail_memory(std::string_view doing) const
{
    throw Error(ErrorKind::OutOfMemory, fmt::format("{}: {}: there is not enough memory", name_, doing));
}

void Connection::fail(std::string_view doing, const SQLite::Exception& error) const
{
    const std::string place = fmt::format("{}: {}: ", name_, doing);
    const std::string_view found = error.what();
    note_system_error();
    switch (error.getErrorCode() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw Error(
            ErrorKind::Busy,
            fmt::format("{}another process keeps it locked; {} s were waited", place, busy_timeout_ms_ / 1000.0),
            "wait until the other program is through or close it, then try again");
    case SQLITE_FULL:
        throw no_space(place);
    case SQLITE_IOERR:
        if (means_full(system_error_) || disk_is_full())
            throw no_space(place);
        throw Error(ErrorKind::Internal, fmt::format("{}{} (system error {})", place, found, system_error_),
                    "look at the disk's or network's state");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
        throw Error(ErrorKind::BadInput, fmt::format("{}the file is damaged ({})", place, found),
                    "take a copy from before the damage");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        if (error.getExtendedErrorCode() == SQLITE_READONLY_DBMOVED)
            throw Error(ErrorKind::InvalidArgument, place + "the file was moved or deleted while it was open",
                        "open it again");
        throw Error(ErrorKind::InvalidArgument, place + "the file is read-only", "save a copy and work with that");
    case SQLITE_CANTOPEN:
        throw Error(ErrorKind::NotFound, place + "the file, or a lock file beside it, cannot be opened",
                    "look whether the folder is there and may be written to");
    case SQLITE_CONSTRAINT:
        throw broken_rule(place, error);
    case SQLITE_TOOBIG:
        throw Error(ErrorKind::InvalidArgument, place + "a text or a blob is larger than SQLite can hold (1 GB)");
    case SQLITE_NOMEM:
        fail_memory(doing);
    case SQLITE_ERROR:
        if (found.starts_with("no such table") || found.starts_with("no such column")
            || found.find("has no column") != found.npos)
            throw Error(ErrorKind::BadInput, fmt::format("{}its tables are not those of its version: {}", place, found),
                        "take a copy that no other program has changed");
        break;
    default:
        break;
    }
    throw Error(ErrorKind::Internal,
                fmt::format("{}{} (SQLite's code {})", place, found, error.getExtendedErrorCode()));
}

void Connection::forget_system_error() const noexcept
{
    errno = 0;
    system_error_ = 0;
}

/// SQLite tells a full disk, but not a quota or a limit, from other failures of writing; and it keeps the system's
/// number in several places. Asked before anything is undone, because that writes too.
void Connection::note_system_error() const noexcept
{
    if (means_full(system_error_))
        return;
    system_error_ = errno;
    if (!database_)
        return;
    for (const int file : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
        sqlite3_file* maybe_file = nullptr;
        int error = 0;
        if (sqlite3_file_control(database_->getHandle(), "main", file, &maybe_file) == SQLITE_OK && maybe_file
            && maybe_file->pMethods
            && maybe_file->pMethods->xFileControl(maybe_file, SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK
            && means_full(error))
            system_error_ = error;
    }
}

/// Where the system's own error number does not say it: less than a few pages are left.
bool Connection::disk_is_full() const noexcept
{
    struct statvfs state
    {};
    if (::statvfs(path_.parent_path().c_str(), &state) != 0)
        return false;
    return state.f_bavail * static_cast<unsigned long long>(state.f_frsize) < 256 * 1024;
}

void Connection::check_writable() const
{
    if (mode_ != Mode::Create && mode_ != Mode::ReadWrite)
        throw Error(ErrorKind::InvalidArgument,
                    read_only_reason_.empty() ? name_ + ": it was opened for reading only" : read_only_reason_,
                    "save a copy and work with that, or open it for writing");
}

/// Without locks nobody keeps another process from writing under our feet, so that is looked for.
void Connection::check_unchanged() const
{
    if (mode_ == Mode::Immutable && stamp() != stamp_)
        throw Error(ErrorKind::Busy, name_ + ": another process has changed it since it was opened here for reading",
                    "open it again");
}

void Connection::check_still_open() const
{
    if (in_transaction_ && sqlite3_get_autocommit(database_->getHandle()))
        throw Error(ErrorKind::Internal, name_ + ": an earlier error inside this transaction has undone it");
}

std::int64_t Connection::stamp() const
{
    struct stat state
    {};
    if (mode_ != Mode::Immutable || ::stat(path_.c_str(), &state) != 0)
        return 0;
    return state.st_mtim.tv_sec * 1'000'000'000 + state.st_mtim.tv_nsec + state.st_size;
}

} // namespace kvw
