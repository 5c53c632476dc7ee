// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomic_file.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <random>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kvw {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, int error, const char* doing)
{
    const std::string message = fmt::format("{}: {}: {}", file.string(), doing, std::generic_category().message(error));
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        throw Error(ErrorKind::NoSpace, message, "free some space or write to another disk");
    case ENOENT:
    case ENOTDIR:
        throw Error(ErrorKind::NotFound, message, "make the folder first");
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        throw Error(ErrorKind::InvalidArgument, message, "choose a place that you may write to");
    default:
        throw Error(ErrorKind::BadInput, message);
    }
}

/// Where symbolic links lead, those that lead to nothing yet included.
std::filesystem::path follow_links(const std::filesystem::path& file)
{
    std::filesystem::path target = file;
    std::error_code error;
    for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
        if (links == 40) // as many as the kernel follows
            refuse(file, ELOOP, "cannot be written");
        const std::filesystem::path next = std::filesystem::read_symlink(target, error);
        if (error)
            refuse(file, error.value(), "its link cannot be read");
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
    return target;
}

/// What was there before, if anything was. A device or pipe must not be replaced by a file: that would remove it.
std::optional<struct stat> existing_file(const std::filesystem::path& target)
{
    struct stat existing
    {};
    if (::stat(target.c_str(), &existing) != 0) {
        if (errno == ENOENT)
            return std::nullopt;
        refuse(target, errno, "cannot be looked at");
    }
    if (S_ISDIR(existing.st_mode))
        refuse(target, EISDIR, "cannot be written");
    if (!S_ISREG(existing.st_mode))
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("{}: cannot be replaced: it is a device, pipe or socket, and a file is wanted",
                                target.string()),
                    "name an ordinary file");
    // Renaming would succeed without it: only the folder's rights count there.
    if (::faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0)
        refuse(target, errno, "cannot be written");
    return existing;
}

/// The temporary file: removed unless it was renamed.
class PartFile
{
public:
    explicit PartFile(const std::filesystem::path& target) : target_(target), existing_(existing_file(target))
    {
        // The kernel takes the umask off. An existing file may be a secret, so its part is readable by nobody else.
        const mode_t mode = existing_ ? 0600 : 0666;
        for (int attempt = 0; descriptor_ < 0; ++attempt) {
            name_ = target.string() + "." + random_letters() + ".part";
            descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
            if (descriptor_ < 0 && (errno != EEXIST || attempt == 100))
                refuse(target_, errno, "cannot be written");
        }
    }
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    ~PartFile()
    {
        if (descriptor_ >= 0)
            ::close(descriptor_);
        if (!renamed_)
            ::unlink(name_.c_str());
    }

    void write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                refuse(target_, errno, "writing failed");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    void become_target()
    {
        if (existing_)
            keep_rights();
        if (::fsync(descriptor_) != 0)
            refuse(target_, errno, "flushing to the disk failed");
        const int closed = ::close(descriptor_);
        descriptor_ = -1;
        if (closed != 0)
            refuse(target_, errno, "closing failed");
        if (::rename(name_.c_str(), target_.c_str()) != 0)
            refuse(target_, errno, "cannot be replaced");
        renamed_ = true;
        flush_folder();
    }

private:
    static std::string random_letters()
    {
        static constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
        std::random_device device;
        std::string out;
        for (int i = 0; i < 6; ++i)
            out += letters[device() % letters.size()];
        return out;
    }

    /// The owner as far as we may; rights come last because a new owner takes some of them away.
    void keep_rights()
    {
        if (existing_->st_uid != ::geteuid() || existing_->st_gid != ::getegid())
            (void)!::fchown(descriptor_, existing_->st_uid, existing_->st_gid);
        if (::fchmod(descriptor_, existing_->st_mode & 07777) != 0)
            refuse(target_, errno, "setting its rights failed");
    }

    /// So that the new name outlives a power cut; some file systems cannot, and the content is safe either way.
    void flush_folder() const
    {
        const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
        const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0)
            return;
        (void)::fsync(descriptor);
        ::close(descriptor);
    }

    std::filesystem::path target_;
    std::optional<struct stat> existing_;
    std::string name_;
    int descriptor_ = -1;
    bool renamed_ = false;
};

} // namespace

void write_file_atomically(const std::filesystem::path& file, std::string_view bytes)
{
    if (file.filename().empty())
        throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" names no file", file.string()),
                    "give the file a name");
    (void)existing_file(file); // before links are followed: /dev/stdout leads to a name that is none
    PartFile part(follow_links(file));
    part.write(bytes);
    part.become_target();
}

} // namespace kvw
