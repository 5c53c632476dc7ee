// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

namespace kvw {

/// Replaces a file's content as a whole: writes "NAME.XXXXXX.part" in the same folder, flushes it to the disk, renames
/// it. After any failure or crash the old content is there unchanged; after a failure the temporary is gone. A new file
/// gets the rights 0666 less the umask, an existing one keeps its own (and its owner, where we may give files away); a
/// symbolic link is followed, also to a file that is not there yet.
/// Throws Error{NoSpace} when the disk or a quota is full, Error{NotFound} when the folder is missing,
/// Error{InvalidArgument} when the name is empty, a folder, a device or a pipe, or writing is not allowed, else
/// Error{BadInput}.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

} // namespace kvw
