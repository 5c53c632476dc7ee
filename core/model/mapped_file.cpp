// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/mapped_file.h"

#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kvw {
namespace {

class Descriptor
{
public:
    explicit Descriptor(const std::filesystem::path& file)
        : value_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (value_ >= 0)
            ::close(value_);
    }
    int get() const noexcept { return value_; }

private:
    int value_;
};

} // namespace

MappedFile::MappedFile(const std::filesystem::path& file) : path_(file)
{
    const Descriptor descriptor(file);
    if (descriptor.get() < 0) {
        const int reason = errno;
        throw Error(reason == ENOENT || reason == ENOTDIR ? ErrorKind::NotFound : ErrorKind::BadInput,
                    fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(reason)));
    }
    struct stat status
    {};
    if (::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(ErrorKind::BadInput, fmt::format("{}: not a regular file", file.string()));
    if (status.st_size == 0)
        throw Error(ErrorKind::BadInput, fmt::format("{}: the file is empty", file.string()),
                    "download or convert it again");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
    if (address == MAP_FAILED) {
        const int reason = errno;
        throw Error(reason == ENOMEM ? ErrorKind::OutOfMemory : ErrorKind::BadInput,
                    fmt::format("{}: {} bytes cannot be mapped: {}", file.string(), size, std::strerror(reason)));
    }
    bytes_ = {static_cast<const std::byte*>(address), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      bytes_(std::exchange(other.bytes_, {}))
{}

MappedFile::~MappedFile()
{
    if (!bytes_.empty())
        ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release_pages() const noexcept
{
    if (!bytes_.empty())
        ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

} // namespace kvw
