// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kvw {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& target, std::string_view doing, int error)
{
    const std::string message = fmt::format("{}: {}: {}", target.string(), doing, std::strerror(error));
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        throw Error(ErrorKind::NoSpace, message, "free some space, or save to another disk");
    throw Error(ErrorKind::InvalidArgument, message, "choose a place that you may write to");
}

void check_target(const fs::path& source, const fs::path& target)
{
    std::error_code none;
    if (fs::is_directory(target, none))
        throw Error(ErrorKind::InvalidArgument, target.string() + ": it is a folder, and a file's name is wanted",
                    "add a name");
    if (!fs::is_directory(target.parent_path(), none))
        throw Error(ErrorKind::NotFound,
                    fmt::format("{}: the folder {} is not there", target.string(), target.parent_path().string()),
                    "make the folder first");
    if (fs::equivalent(source, target, none))
        throw Error(ErrorKind::InvalidArgument, target.string() + ": it is the project itself", "choose another name");
    // They would be taken for the new file's own, and their pages written over it.
    for (const char* suffix : {"-wal", "-shm", "-journal"})
        if (fs::exists(target.string() + suffix, none))
            throw Error(
                ErrorKind::Busy,
                fmt::format("{0}: {1}{2} is there: another program has that project open, or was killed while it had",
                            target.string(), target.filename().string(), suffix),
                "close it there (or open and close it once), or choose another name");
}

/// The file that becomes the target when it is complete; it goes when that does not happen.
class Part
{
public:
    explicit Part(const fs::path& target) : target_(target), name_(target.string() + ".XXXXXX.part")
    {
        const int descriptor = ::mkstemps(name_.data(), 5);
        if (descriptor < 0)
            refuse(target_, "it cannot be written", errno);
        ::close(descriptor); // nothing else has opened it yet, so no lock of SQLite's is lost
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    ~Part()
    {
        if (!renamed_)
            ::unlink(name_.c_str());
    }

    const std::string& name() const { return name_; }

    /// Flushed to the disk, because VACUUM INTO does not do that.
    void become_target()
    {
        struct stat existing
        {};
        const mode_t mask = ::umask(022);
        ::umask(mask);
        const mode_t mode = ::stat(target_.c_str(), &existing) == 0 ? existing.st_mode & 07777 : 0666 & ~mask;
        const int descriptor = ::open(name_.c_str(), O_RDWR | O_CLOEXEC);
        const bool flushed = descriptor >= 0 && ::fchmod(descriptor, mode) == 0 && ::fsync(descriptor) == 0;
        const int error = errno;
        if (descriptor >= 0)
            ::close(descriptor);
        if (!flushed)
            refuse(target_, "flushing it to the disk failed", error);
        if (::rename(name_.c_str(), target_.c_str()) != 0)
            refuse(target_, "it cannot be replaced", errno);
        renamed_ = true;
    }

private:
    fs::path target_;
    std::string name_;
    bool renamed_ = false;
};

} // namespace

void Store::save_as(const fs::path& file) const
{
    const Connection& connection = impl_->connection;
    if (connection.in_transaction())
        throw Error(ErrorKind::InvalidArgument,
                    connection.name() + ": saving a copy was asked for inside a transaction");
    std::error_code none;
    const fs::path target = fs::weakly_canonical(fs::absolute(file, none), none);
    if (file.empty() || none)
        throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" is not a file name", file.string()),
                    "choose another name");
    check_target(connection.path(), target);
    Part part(target);
    connection.guarded("saving a copy as " + file.string(), [&] {
        SQLite::Statement statement(connection.database(), "VACUUM INTO ?");
        sql::Binder(statement, connection, "?").value("?", part.name());
        statement.exec();
    });
    part.become_target();
}

} // namespace kvw
