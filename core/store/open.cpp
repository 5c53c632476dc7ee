// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

#include "core/base/process.h"
#include "core/base/version.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <unordered_map>

#include <unistd.h>

namespace kvw {
namespace {

namespace fs = std::filesystem;
using Mode = Connection::Mode;

enum class Found { Nothing, Empty, Something };

[[noreturn]] void refuse_system(const std::string& name, std::string_view doing, int error)
{
    throw Error(ErrorKind::InvalidArgument, fmt::format("{}: {}: {}", name, doing, std::strerror(error)),
                "choose a place that you may read and write");
}

/// What there is under that name, as far as the system says it.
Found look(const fs::path& file, const fs::path& path)
{
    const std::string name = file.string();
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
        if (!fs::is_directory(path.parent_path(), error))
            throw Error(ErrorKind::NotFound,
                        fmt::format("{}: the folder {} is not there", name, path.parent_path().string()),
                        "make the folder first, or look at the spelling");
        return Found::Nothing;
    }
    if (error)
        refuse_system(name, "it cannot be looked at", error.value());
    if (status.type() != fs::file_type::regular)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("{}: it is {}, and a project file (*.kvw) is wanted", name,
                                status.type() == fs::file_type::directory ? "a folder" : "no ordinary file"),
                    "choose a file");
    if (::access(path.c_str(), R_OK) != 0)
        refuse_system(name, "it cannot be read", errno);
    return fs::file_size(path) == 0 ? Found::Empty : Found::Something;
}

bool has_content(const fs::path& file)
{
    std::error_code none;
    const auto size = fs::file_size(file, none);
    return !none && size > 0;
}

/// SQLite would delete a log that belongs to no database, and with it what was committed there.
void refuse_orphaned_log(const std::string& name, const fs::path& path)
{
    const fs::path log = path.string() + "-wal";
    if (has_content(log))
        throw Error(ErrorKind::NotFound,
                    fmt::format("{}: the project is missing or empty, but its log {} is there with {} bytes", name,
                                log.filename().string(), fs::file_size(log)),
                    "put the project back beside its log; if it is really gone, delete the log");
}

[[noreturn]] void refuse_cut_off(const Connection& connection, std::int64_t there, std::int64_t wanted)
{
    throw Error(ErrorKind::BadInput,
                fmt::format("{}: it was cut off: {} bytes are there, and its header names {}", connection.name(), there,
                            wanted),
                "take a copy from before the damage");
}

/// SQLite itself takes the missing end of the last page for zeros. While there is a log or a journal, the file's length
/// says nothing; another process may just have ended one, so a short file is looked at again.
void check_length(const Connection& connection, const Connection::Head& head)
{
    if (head.file_bytes >= head.stated_bytes() || has_content(connection.path().string() + "-wal")
        || has_content(connection.path().string() + "-journal"))
        return;
    const Connection::Head again = connection.head();
    if (again.file_bytes < again.stated_bytes())
        refuse_cut_off(connection, again.file_bytes, again.stated_bytes());
}

/// Before SQLite reads anything of it: a database of another program must not be touched.
void check_head(const Connection& connection)
{
    const Connection::Head head = connection.head();
    const std::string_view magic("SQLite format 3\0", 16);
    const std::string_view begin(reinterpret_cast<const char*>(head.bytes.data()), 16);
    const std::string hint = "choose a project file (*.kvw)";
    if (begin != magic)
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: it is not a project file: it does not begin as an SQLite database does",
                                connection.name()),
                    hint);
    const auto header_bytes = static_cast<std::int64_t>(head.bytes.size());
    if (head.file_bytes < header_bytes)
        refuse_cut_off(connection, head.file_bytes, header_bytes);
    const std::int64_t id = head.number(68, 4);
    if (id != kStoreApplicationId)
        throw Error(
            ErrorKind::BadInput,
            fmt::format("{}: it is another program's database: its application_id is 0x{:08x}, and 0x{:08x} is wanted",
                        connection.name(), id, kStoreApplicationId),
            hint);
    check_length(connection, head);
}

bool folder_is_writable(const Connection& connection)
{
    return ::access(connection.path().parent_path().c_str(), W_OK) == 0;
}

/// Opens for reading. SQLite makes lock files beside a database with a write-ahead log, and only a connection that may
/// write cleans them up. Where none can be made and nobody else has the database open, SQLite has to be told that
/// nothing will change.
std::unique_ptr<Connection> connect_read_only(const fs::path& file, const StoreOptions& options)
{
    auto connection = std::make_unique<Connection>(file, Mode::Query, options.busy_timeout_ms);
    check_head(*connection);
    if (connection->writable() && folder_is_writable(*connection))
        return connection;
    const std::string path = connection->path().string();
    std::error_code none;
    const bool alone =
        !folder_is_writable(*connection) && !has_content(path + "-wal") && !fs::exists(path + "-shm", none);
    connection.reset();
    return std::make_unique<Connection>(file, alone ? Mode::Immutable : Mode::ReadOnly, options.busy_timeout_ms);
}

void use_settings(Connection& connection)
{
    connection.guarded("setting up the connection", [&] {
        SQLite::Database& database = connection.database();
        // Refused while another process has the store open in the other mode. The store works without the log too, only
        // slower and with readers and writers waiting for each other; the next opening tries again.
        database.tryExec("PRAGMA journal_mode = WAL");
        // Results took minutes or hours and are written a few times a minute: each commit may wait for the disk.
        database.exec("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216");
    });
}

/// `what` of processes that are certainly gone.
void mark_interrupted(Connection& connection, const std::string& table)
{
    std::vector<std::pair<RowId, std::string>> gone;
    std::unordered_map<std::string, Liveness> known; // many runs may be of one process
    connection.read("looking for what was interrupted", [&] {
        SQLite::Statement statement(connection.database(),
                                    fmt::format("SELECT id, process FROM \"{}\" WHERE status = 'running'", table));
        while (statement.executeStep()) {
            sql::RowReader row(statement, connection);
            const RowId id = row.begin(table);
            const auto process = row.next<std::optional<std::string>>("process");
            if (!process)
                continue;
            const auto [state, is_new] = known.try_emplace(*process, Liveness::Unknown);
            if (is_new)
                state->second = process_liveness(*process);
            if (state->second == Liveness::Dead)
                gone.emplace_back(id, *process);
        }
    });
    if (gone.empty())
        return;
    connection.write("marking what was interrupted", [&] {
        for (const auto& [id, process] : gone)
            sql::execute(
                connection,
                fmt::format("UPDATE \"{}\" SET status = 'interrupted', process = NULL WHERE id = ? AND process = ?",
                            table),
                id, process);
    });
}

void note_program(Connection& connection, const StoreOptions& options)
{
    const std::string_view program = options.program_version.empty() ? version() : options.program_version;
    const std::string last = connection.read("reading meta", [&] { return meta_value(connection, "program_version"); });
    if (last != program)
        connection.write("writing meta", [&] { put_meta_value(connection, "program_version", program); });
}

/// Opens one file; each step may settle for reading only.
class Opening
{
public:
    Opening(const fs::path& file, Store::Access access, const StoreOptions& options)
        : file_(file),
          options_(options),
          newest_(newest_version(options.migrations))
    {
        out_.access = access;
    }

    OpenedStore run()
    {
        std::error_code none;
        const fs::path path = fs::weakly_canonical(fs::absolute(file_, none), none);
        if (file_.empty() || none)
            throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" is not a file name", name()),
                        "choose a project file (*.kvw)");
        found_ = look(file_, path);
        if (found_ == Found::Something)
            open_existing();
        else
            open_new(path);
        if (options_.largest_pages > 0)
            limit_size();
        check_version();
        if (!read_only())
            finish_writable();
        else
            out_.connection->set_read_only_reason(out_.notice);
        return std::move(out_);
    }

private:
    std::string name() const { return file_.string(); }
    bool read_only() const { return out_.access == Store::Access::ReadOnly; }

    void open_new(const fs::path& path)
    {
        if (read_only() && found_ == Found::Nothing)
            throw Error(ErrorKind::NotFound, name() + ": there is no such file", "look at the spelling of its name");
        if (read_only())
            throw Error(ErrorKind::BadInput, name() + ": the file is empty, and a project was to be read",
                        "choose another file");
        refuse_orphaned_log(name(), path);
        const fs::path& place = found_ == Found::Nothing ? path.parent_path() : path;
        if (::access(place.c_str(), W_OK) != 0)
            refuse_system(name(), "it cannot be made", errno);
        connect(found_ == Found::Nothing ? Mode::Create : Mode::ReadWrite);
    }

    void open_existing()
    {
        if (!read_only()) {
            connect(Mode::ReadWrite);
            check_head(*out_.connection);
            if (out_.connection->writable() && folder_is_writable(*out_.connection))
                return;
            fall_back(fmt::format("{}: the file or its folder may not be written to, so it is open for reading only.",
                                  name()));
            return;
        }
        out_.connection = connect_read_only(file_, options_);
    }

    void connect(Mode mode) { out_.connection = std::make_unique<Connection>(file_, mode, options_.busy_timeout_ms); }

    void limit_size()
    {
        out_.connection->guarded("limiting its size", [&] {
            out_.connection->database().exec(fmt::format("PRAGMA max_page_count = {}", options_.largest_pages));
        });
    }

    void fall_back(std::string notice)
    {
        out_.notice = std::move(notice);
        out_.access = Store::Access::ReadOnly;
        out_.connection.reset();
        out_.connection = connect_read_only(file_, options_);
    }

    void check_version()
    {
        StoreVersion found = read_version(*out_.connection);
        const bool tables = found.version == 0 && has_tables();
        if (tables)
            found = read_version(*out_.connection); // another process has just made it
        if (found.version == 0 && (found_ == Found::Something || tables))
            throw Error(ErrorKind::BadInput, name() + ": the store says no version of itself (user_version is 0)",
                        "take a copy that no other program has changed");
        if (found.version > newest_)
            return newer(found);
        if (found.version < newest_ && read_only())
            throw Error(
                ErrorKind::Unsupported,
                fmt::format(
                    "{}: it has store version {}, and version {} is wanted; it cannot be brought up to date while "
                    "it is open for reading only",
                    name(), found.version, newest_),
                "open it once for writing, or copy it to a place that you may write to");
        if (read_only())
            return;
        migrate(*out_.connection, options_.migrations);
        found = read_version(*out_.connection);
        if (found.version > newest_) // so has another process meanwhile, a newer program
            newer(found);
    }

    bool has_tables() const
    {
        return out_.connection->read("looking for tables", [&] {
            return SQLite::Statement(out_.connection->database(), "SELECT 1 FROM sqlite_schema").executeStep();
        });
    }

    void newer(const StoreVersion& found)
    {
        const std::string program =
            out_.connection->read("reading meta", [&] { return meta_value(*out_.connection, "program_version"); });
        const std::string facts =
            fmt::format("{}: version {} of the program wrote it (store version {}, and this program knows {})", name(),
                        program.empty() ? "?" : program, found.version, newest_);
        if (found.minimum_compatible > newest_)
            throw Error(ErrorKind::Unsupported,
                        fmt::format("{}; reading it takes store version {}", facts, found.minimum_compatible),
                        "update this program");
        if (!read_only())
            fall_back(facts + ", so it is open for reading only.");
    }

    void finish_writable()
    {
        Connection& connection = *out_.connection;
        use_settings(connection);
        connection.guarded("setting up the connection",
                           [&] { connection.database().exec("PRAGMA foreign_keys = ON"); });
        note_program(connection, options_);
        mark_interrupted(connection, "run");
        mark_interrupted(connection, "job");
    }

    fs::path file_;
    const StoreOptions& options_;
    int newest_;
    Found found_ = Found::Nothing;
    OpenedStore out_;
};

} // namespace

OpenedStore open_store(const fs::path& file, Store::Access access, const StoreOptions& options)
{
    return Opening(file, access, options).run();
}

StoreFacts store_facts() { return {newest_version(built_in_migrations()), SQLite::getLibVersion()}; }

Store Store::open(const fs::path& file, Access access) { return open(file, access, StoreOptions{}); }

Store Store::open(const fs::path& file, Access access, const StoreOptions& options)
{
    OpenedStore opened = open_store(file, access, options);
    return Store(std::make_unique<Impl>(file, opened.access, std::move(opened.notice), std::move(opened.connection)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

void Store::end_interrupted()
{
    if (impl_->access == Access::ReadOnly)
        return;
    mark_interrupted(impl_->connection, "run");
    mark_interrupted(impl_->connection, "job");
}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const fs::path& Store::file() const noexcept { return impl_->file; }
Store::Access Store::access() const noexcept { return impl_->access; }
const std::string& Store::notice() const noexcept { return impl_->notice; }

void Store::transaction(const std::function<void()>& work) { impl_->connection.transaction(work); }

} // namespace kvw
