// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/text_documents.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace kvw {
namespace {

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

} // namespace

bool is_json_lines(const std::filesystem::path& path)
{
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".jsonl" || ending == ".ndjson" || ending == ".json";
}

std::string document_of(const std::filesystem::path& path, std::size_t line_number, std::string_view line)
{
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
        return {};
    const auto bad = [&](std::string_view found) {
        return Error(ErrorKind::BadInput,
                     fmt::format("{}: line {}: found {}, wanted a JSON string or an object with a string \"text\"",
                                 path.string(), line_number, found),
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

} // namespace kvw
