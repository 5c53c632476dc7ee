// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/sha256_hex.h"

#include "core/base/error.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace kvw::config {

std::string sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 || length != 32)
        throw Error(ErrorKind::Internal, "OpenSSL refused to compute a SHA-256");
    std::string text;
    for (unsigned i = 0; i < length; ++i)
        text += fmt::format("{:02x}", digest[i]);
    return text;
}

} // namespace kvw::config
