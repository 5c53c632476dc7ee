// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace kvw {

/// A regular file mapped read-only. A file that someone shortens while it is mapped ends the process at the next read
/// of the lost part; nothing here can prevent that.
class MappedFile
{
public:
    /// Throws Error{NotFound} when there is none, Error{BadInput} when it is no regular file, is empty or cannot be
    /// read, Error{OutOfMemory} when there is no address space for it.
    explicit MappedFile(const std::filesystem::path& file);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    std::span<const std::byte> bytes() const noexcept { return bytes_; }
    const std::filesystem::path& path() const noexcept { return path_; }
    /// The pages read so far may go; they are read from the file again when they are needed.
    void release_pages() const noexcept;

private:
    std::filesystem::path path_;
    std::span<const std::byte> bytes_;
};

} // namespace kvw
