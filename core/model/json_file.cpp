// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/json_file.h"

#include "core/base/error.h"

#include <fstream>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kvw {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;

std::string shortened(const Json& value)
{
    std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 60)
        text = text.substr(0, 57) + "...";
    return text;
}

/// The library keeps the last of two equal keys without a word; a file that has both contradicts itself.
class Watcher
{
public:
    explicit Watcher(const std::string& place) : place_(place) {}

    bool operator()(int depth, Json::parse_event_t event, Json& parsed)
    {
        if (depth > kMaxDepth)
            throw Error(ErrorKind::BadInput, fmt::format("{}: JSON nested more than {} deep", place_, kMaxDepth));
        if (event == Json::parse_event_t::object_start)
            keys_.emplace_back();
        else if (event == Json::parse_event_t::object_end)
            keys_.pop_back();
        else if (event == Json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second)
            throw Error(ErrorKind::BadInput,
                        fmt::format("{}: the key {} stands twice in one object", place_, shortened(parsed)));
        return true;
    }

private:
    const std::string& place_;
    std::vector<std::set<std::string>> keys_;
};

} // namespace

Json parse_untrusted_json(std::string_view text, const std::string& place)
{
    Watcher watcher(place);
    try {
        return Json::parse(text, std::ref(watcher));
    } catch (const Json::parse_error& error) {
        throw Error(ErrorKind::BadInput, fmt::format("{}: not JSON from byte {} on", place, error.byte),
                    "download or convert the file again");
    } catch (const Json::exception&) {
        throw Error(ErrorKind::BadInput, fmt::format("{}: a number is too large to be read", place));
    }
}

Json read_json_object(const std::filesystem::path& file, std::uint64_t max_bytes)
{
    std::error_code code;
    if (!std::filesystem::exists(file, code))
        throw Error(ErrorKind::NotFound, fmt::format("{}: no such file", file.string()),
                    "name the folder of a Hugging Face model");
    const std::uint64_t size =
        std::filesystem::is_regular_file(file, code) ? std::filesystem::file_size(file, code) : 0;
    if (code || !std::filesystem::is_regular_file(file, code))
        throw Error(ErrorKind::BadInput, fmt::format("{}: not a regular file", file.string()));
    if (size > max_bytes)
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: {} bytes, and at most {} were wanted", file.string(), size, max_bytes));
    std::ifstream stream(file, std::ios::binary);
    std::string text(size, '\0');
    if (!stream.read(text.data(), static_cast<std::streamsize>(size)))
        throw Error(ErrorKind::BadInput, fmt::format("{}: cannot be read", file.string()),
                    "look at the permissions of the file");
    Json value = parse_untrusted_json(text, file.string());
    if (!value.is_object())
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: {} was found, and a JSON object was wanted", file.string(), shortened(value)));
    return value;
}

JsonFields::JsonFields(const Json& object, std::string file, std::string prefix)
    : object_(object),
      file_(std::move(file)),
      prefix_(std::move(prefix))
{}

bool JsonFields::holds(const char* key) const { return object_.contains(key); }

void JsonFields::contradiction(std::string_view sentence) const
{
    throw Error(ErrorKind::BadInput, fmt::format("{}: {}", file_, sentence));
}

const Json* JsonFields::maybe(const char* key) const
{
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json& JsonFields::need(const char* key) const
{
    if (const Json* value = maybe(key))
        return *value;
    throw Error(ErrorKind::BadInput, fmt::format("{}: the key {}{} is missing", file_, prefix_, key));
}

std::int64_t JsonFields::whole(const char* key, std::int64_t least, std::int64_t most) const
{
    need(key);
    return *maybe_whole(key, least, most);
}

std::optional<std::int64_t> JsonFields::maybe_whole(const char* key, std::int64_t least, std::int64_t most) const
{
    const Json* value = maybe(key);
    if (!value)
        return std::nullopt;
    const std::string wanted = fmt::format("a whole number from {} to {}", least, most);
    const bool fits = value->is_number_integer()
        && !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
    if (!fits || value->get<std::int64_t>() < least || value->get<std::int64_t>() > most)
        refuse(key, *value, wanted);
    return value->get<std::int64_t>();
}

std::optional<double> JsonFields::maybe_number(const char* key, double least, double most) const
{
    const Json* value = maybe(key);
    if (!value)
        return std::nullopt;
    const double number = value->is_number() ? value->get<double>() : 0;
    if (!value->is_number() || !(number >= least && number <= most))
        refuse(key, *value, fmt::format("a number from {} to {}", least, most));
    return number;
}

std::optional<bool> JsonFields::maybe_flag(const char* key) const
{
    const Json* value = maybe(key);
    if (!value)
        return std::nullopt;
    if (!value->is_boolean())
        refuse(key, *value, "true or false");
    return value->get<bool>();
}

std::optional<std::string> JsonFields::maybe_text(const char* key) const
{
    const Json* value = maybe(key);
    if (!value)
        return std::nullopt;
    if (!value->is_string())
        refuse(key, *value, "a text");
    return value->get<std::string>();
}

std::optional<JsonFields> JsonFields::maybe_object(const char* key) const
{
    const Json* value = maybe(key);
    if (!value)
        return std::nullopt;
    if (!value->is_object())
        refuse(key, *value, "an object");
    return JsonFields(*value, file_, fmt::format("{}{}.", prefix_, key));
}

void JsonFields::refuse(const char* key, const Json& found, std::string_view wanted) const
{
    throw Error(ErrorKind::BadInput,
                fmt::format("{}: {}{} is {}; {} was wanted", file_, prefix_, key, shortened(found), wanted));
}

} // namespace kvw
