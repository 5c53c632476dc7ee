// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/text_file.h"

#include "core/base/error.h"
#include "core/text/text_reader.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace kvw {

std::ifstream open_to_read(const std::filesystem::path& path)
{
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw Error(ErrorKind::BadInput, fmt::format("{}: is a folder, wanted a file", path.string()),
                    "name a file in it");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        const int code = errno;
        const bool there = std::filesystem::exists(path, ignored);
        throw Error(
            there ? ErrorKind::BadInput : ErrorKind::NotFound,
            fmt::format("{}: {}", path.string(),
                        there ? fmt::format("cannot be opened ({})", std::strerror(code)) : "there is no such file"),
            there ? "look at its permissions" : "look at the path");
    }
    return file;
}

std::string read_bytes(const std::filesystem::path& path)
{
    std::ifstream file = open_to_read(path);
    std::string bytes;
    std::array<char, 1 << 16> buffer{};
    while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0)
        bytes.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (file.bad())
        throw Error(ErrorKind::BadInput, fmt::format("{}: reading stopped after {} bytes", path.string(), bytes.size()),
                    "look at the disk");
    return bytes;
}

TextFile read_text(const std::filesystem::path& path)
{
    TextReader reader(path);
    TextFile out;
    for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next())
        out.text += piece;
    out.hash = reader.hash();
    out.documents = reader.documents();
    return out;
}

} // namespace kvw
