// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace kvw {

/// A text to calibrate or measure on.
struct TextFile
{
    std::string text;           ///< valid UTF-8, line ends as in the file
    std::string hash;           ///< SHA-256 of the file's bytes, 64 lower-case hexadecimal digits
    std::int64_t documents = 1; ///< of a plain text always 1
};

/// Reads UTF-8 text (a byte order mark at the beginning is left out) or, when the name ends in .jsonl, .ndjson or
/// .json, JSON lines: each line that is not blank is a document, either a string or an object with a string "text";
/// documents that are not empty are joined by an empty line ("\n\n"). An escape of half a surrogate pair (\ud83d alone)
/// in JSON becomes U+FFFD.
/// Throws Error{NotFound} for a missing file; Error{BadInput} for a folder, an empty text, invalid UTF-8 (with the byte
/// offset in the file), a line that is no such document (with its number).
/// Holds all of it; a TextReader (core/text/text_reader.h) reads the same text in pieces.
TextFile read_text(const std::filesystem::path& path);

/// All bytes of a file. Throws Error{NotFound} when it is missing, Error{BadInput} when it is a folder or cannot be
/// read.
std::string read_bytes(const std::filesystem::path& path);

/// Opens a file or a pipe for reading bytes; throws as read_bytes().
std::ifstream open_to_read(const std::filesystem::path& path);

} // namespace kvw
