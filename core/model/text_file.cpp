// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/text_file.h"

#include "core/base/error.h"
#include "core/model/unicode_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

namespace kvw {
namespace {

std::string sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1
        || length != digest.size())
        throw Error(ErrorKind::Internal, "SHA-256 of OpenSSL failed");
    std::string out;
    for (const unsigned char byte : digest)
        out += fmt::format("{:02x}", byte);
    return out;
}

bool is_json_lines(const std::filesystem::path& path)
{
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".jsonl" || ending == ".ndjson" || ending == ".json";
}

void require_utf8(const std::filesystem::path& path, std::string_view bytes)
{
    const auto offset = unicode::first_invalid(bytes);
    if (!offset)
        return;
    const bool utf16 = bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
    throw Error(ErrorKind::BadInput,
                fmt::format("{}: not valid UTF-8 at byte {} (0x{:02X}){}", path.string(), *offset,
                            static_cast<unsigned char>(bytes[*offset]), utf16 ? "; it looks like UTF-16" : ""),
                "convert it, for example: iconv -f " + std::string(utf16 ? "UTF-16" : "LATIN1") + " -t UTF-8");
}

/// The value of \uXXXX at `at`, none when there is no such escape.
std::optional<unsigned> unicode_escape(std::string_view line, std::size_t at)
{
    if (at + 6 > line.size() || line[at] != '\\' || line[at + 1] != 'u')
        return std::nullopt;
    unsigned value = 0;
    const char* end = line.data() + at + 6;
    const auto [stop, error] = std::from_chars(line.data() + at + 2, end, value, 16);
    return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

bool is_high(std::optional<unsigned> value) { return value && *value >= 0xD800 && *value < 0xDC00; }
bool is_low(std::optional<unsigned> value) { return value && *value >= 0xDC00 && *value < 0xE000; }

/// Escapes of half a surrogate pair, which stand for no character and which the parser would refuse, replaced by
/// U+FFFD's.
std::string mend_surrogates(std::string_view line)
{
    std::string out;
    out.reserve(line.size());
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] != '\\') {
            out.push_back(line[i++]);
            continue;
        }
        const auto value = unicode_escape(line, i);
        std::size_t length = value ? 6 : std::min<std::size_t>(2, line.size() - i);
        const bool pair = is_high(value) && is_low(unicode_escape(line, i + 6));
        if (pair)
            length = 12;
        if (!pair && (is_high(value) || is_low(value)))
            out += "\\ufffd";
        else
            out += line.substr(i, length);
        i += length;
    }
    return out;
}

std::string document_of(const std::filesystem::path& path, std::size_t number, std::string_view line)
{
    const auto bad = [&](std::string_view found) {
        return Error(ErrorKind::BadInput,
                     fmt::format("{}: line {}: found {}, wanted a JSON string or an object with a string \"text\"",
                                 path.string(), number, found),
                     "give one document a line, or a plain text under another name than .json or .jsonl");
    };
    nlohmann::json value;
    try {
        value = nlohmann::json::parse(mend_surrogates(line));
    } catch (const nlohmann::json::exception& error) {
        throw bad(fmt::format("no JSON value ({})", error.what()));
    }
    if (value.is_object()) {
        const auto text = value.find("text");
        if (text == value.end())
            throw bad("an object without \"text\"");
        if (!text->is_string())
            throw bad(fmt::format("{} in \"text\"", text->type_name()));
        return text->get<std::string>();
    }
    if (!value.is_string())
        throw bad(value.type_name());
    return value.get<std::string>();
}

void read_documents(const std::filesystem::path& path, std::string_view bytes, TextFile& out)
{
    out.documents = 0;
    std::size_t number = 0;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos)
            continue;
        const std::string document = document_of(path, number, line);
        if (document.empty())
            continue;
        if (out.documents++ > 0)
            out.text += "\n\n";
        out.text += document;
    }
}

} // namespace

std::string read_bytes(const std::filesystem::path& path)
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
    std::string bytes = read_bytes(path);
    require_utf8(path, bytes);
    TextFile out;
    out.hash = sha256_hex(bytes);
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (std::string_view(bytes).starts_with(kByteOrderMark))
        bytes.erase(0, kByteOrderMark.size());
    if (is_json_lines(path))
        read_documents(path, bytes, out);
    else
        out.text = std::move(bytes);
    if (out.text.empty())
        throw Error(ErrorKind::BadInput, fmt::format("{}: holds no text", path.string()),
                    "give a file with text in it");
    return out;
}

} // namespace kvw
