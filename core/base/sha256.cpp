// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/sha256.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace kvw {

struct Sha256::Context
{
    Context() : evp(EVP_MD_CTX_new())
    {
        if (!evp)
            throw Error(ErrorKind::OutOfMemory, "no memory for a SHA-256");
        begin();
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(evp); }

    static void require(int result)
    {
        if (result != 1)
            throw Error(ErrorKind::Internal, "OpenSSL refused to compute a SHA-256");
    }
    void begin() { require(EVP_DigestInit_ex(evp, EVP_sha256(), nullptr)); }

    EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes)
{
    Context::require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

void Sha256::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

std::string Sha256::finish_hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    Context::require(EVP_DigestFinal_ex(context_->evp, digest.data(), &length));
    context_->begin();
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(std::size_t{2} * length);
    for (unsigned int i = 0; i < length; ++i) {
        hex += digits[digest[i] >> 4];
        hex += digits[digest[i] & 15];
    }
    return hex;
}

std::string sha256_hex(std::span<const std::byte> bytes)
{
    Sha256 hash;
    hash.update(bytes);
    return hash.finish_hex();
}

std::string sha256_hex(std::string_view bytes) { return sha256_hex(std::as_bytes(std::span(bytes))); }

std::string sha256_hex_of_file(const std::filesystem::path& file)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"), &std::fclose);
    if (!stream)
        throw Error(ErrorKind::NotFound, fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)),
                    "check the name and the right to read it");
    Sha256 hash;
    std::vector<std::byte> piece(std::size_t{1} << 18);
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), stream.get()))
        hash.update(std::span(piece).first(count));
    if (std::ferror(stream.get()))
        throw Error(ErrorKind::BadInput, fmt::format("{}: reading failed: {}", file.string(), std::strerror(errno)));
    return hash.finish_hex();
}

} // namespace kvw
