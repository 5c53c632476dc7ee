// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomic_file.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kvw {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, int error, const char* doing)
{
    const std::string message = fmt::format("{}: {}: {}", file.string(), doing, std::strerror(error));
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: throw Error(ErrorKind::NoSpace, message, "free some space or write to another disk");
    case ENOENT:
    case ENOTDIR: throw Error(ErrorKind::NotFound, message, "make the folder first");
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR: throw Error(ErrorKind::InvalidArgument, message, "choose a place that you may write to");
    default: throw Error(ErrorKind::BadInput, message);
    }
}

/// The temporary file: removed unless it was renamed.
class PartFile
{
public:
    explicit PartFile(const std::filesystem::path& target) : target_(target), name_(target.string() + ".XXXXXX.part")
    {
        descriptor_ = ::mkstemps(name_.data(), 5);
        if (descriptor_ < 0)
            refuse(target_, errno, "cannot be written");
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
        struct stat existing{};
        const mode_t mode = ::stat(target_.c_str(), &existing) == 0 ? existing.st_mode & 07777 : 0666 & ~umask_now();
        if (::fchmod(descriptor_, mode) != 0)
            refuse(target_, errno, "setting its rights failed");
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
    static mode_t umask_now()
    {
        const mode_t mask = ::umask(022);
        ::umask(mask);
        return mask;
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
    std::string name_;
    int descriptor_ = -1;
    bool renamed_ = false;
};

} // namespace

void write_file_atomically(const std::filesystem::path& file, std::string_view bytes)
{
    std::error_code none;
    const std::filesystem::path target = std::filesystem::is_symlink(file, none) ? std::filesystem::weakly_canonical(file) : file;
    if (std::filesystem::is_directory(target, none))
        refuse(target, EISDIR, "cannot be written");
    PartFile part(target);
    part.write(bytes);
    part.become_target();
}

} // namespace kvw
