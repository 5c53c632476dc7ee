// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/sha256.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace kvw {

/// Reads a text once, from its beginning to its end, in pieces; so a pipe can be read too, and hash and text are of the
/// same bytes when a file is written to meanwhile. What the file may hold: read_text() (core/text/text_file.h).
/// Memory: some pieces; of JSON lines also the longest line, several times.
///
/// next() checks and gives out the text; read_rest() reads what a caller does not need for its hash. The rest is still
/// checked to be UTF-8, which costs nothing beside the hash, but the JSON of its lines is not looked at.
/// Every function but the getters throws what read_text() throws.
class TextReader
{
public:
    static constexpr std::size_t kPieceBytes = 1 << 16;

    /// piece_bytes: so much of the file is read at a time, at least 1.
    explicit TextReader(const std::filesystem::path& path, std::size_t piece_bytes = kPieceBytes);

    /// The next piece of the text: whole characters of UTF-8, not empty; empty after the last one. The view stays valid
    /// until the next call.
    std::string_view next();
    /// Reads up to the end without giving out text.
    void read_rest();

    /// The following are of the whole file once next() has given an empty piece, or after read_rest().
    const std::string& hash() const { return hash_; } ///< SHA-256 of its bytes, 64 lower-case hexadecimal digits
    std::int64_t file_bytes() const { return static_cast<std::int64_t>(file_bytes_); }
    std::int64_t documents() const { return documents_; } ///< of the text given out; of a plain text always 1

private:
    bool read_block();
    void require_utf8(bool at_end);
    void take_lines(std::string_view text);
    void take_line();

    std::filesystem::path path_;
    std::size_t piece_bytes_;
    bool json_lines_;
    std::ifstream file_;
    Sha256 digest_;
    std::string hash_;
    std::string block_;     ///< bytes read; of a plain text the piece given out, then a cut character
    std::size_t whole_ = 0; ///< of block_: valid UTF-8
    std::uint64_t file_bytes_ = 0;
    std::uint64_t block_offset_ = 0; ///< of block_ in the file
    std::array<char, 2> first_{};    ///< bytes of the file
    bool ended_ = false;
    bool any_text_ = false;
    std::string line_; ///< of JSON lines: the beginning of the line that has not ended
    std::string out_;  ///< of JSON lines: the piece given out
    std::size_t line_number_ = 0;
    std::int64_t documents_ = 0;
};

} // namespace kvw
