// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kvw {

/// SHA-256 in pieces. A hash is always 64 lower-case hexadecimal digits. Not for two threads at once.
class Sha256
{
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes);
    /// Of everything so far; begins anew afterwards.
    std::string finish_hex();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view bytes);
/// Of a file's bytes, read in pieces. Throws Error{NotFound} when it cannot be opened, Error{BadInput} when a read fails.
std::string sha256_hex_of_file(const std::filesystem::path& file);

} // namespace kvw
