// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/protocol/message.h"
#include "core/protocol/status_name.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvw::protocol {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 4;
constexpr int kMaxStages = 1'000'000;
constexpr double kMaxNumber = 1e300;

/// Leaves decode() by way of its one catch; never leaves this file.
struct Refusal
{
    std::string message;
};

[[noreturn]] void refuse(std::string message) { throw Refusal{std::move(message)}; }

/// Printable ASCII of at most a few dozen bytes, whatever stood in the line.
std::string shown(std::string_view text)
{
    std::string result;
    for (const char c : text.substr(0, 40))
        result += c >= 0x20 && c < 0x7F ? c : '?';
    return fmt::format("\"{}\"{}", result, text.size() > 40 ? "..." : "");
}

class Fields
{
public:
    explicit Fields(const Json& object) : object_(object) {}

    const Json* maybe(const char* key) const
    {
        const auto found = object_.find(key);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }

    const Json& need(const char* key) const
    {
        const Json* value = maybe(key);
        if (!value)
            refuse(fmt::format("the field \"{}\" is missing", key));
        return *value;
    }

    std::string text(const char* key, std::size_t limit) const { return text_of(need(key), key, limit); }

    double number(const char* key, double least) const { return number_of(need(key), key, least); }

    std::int64_t whole(const char* key, std::int64_t least, std::int64_t most) const
    {
        return whole_of(need(key), key, least, most);
    }

    std::vector<std::string> list(const char* key) const
    {
        const Json& array = need(key);
        if (!array.is_array())
            refuse(fmt::format("the field \"{}\" is not a list", key));
        if (array.size() > kMaxListItems)
            refuse(fmt::format("the list \"{}\" has {} items, more than {}", key, array.size(), kMaxListItems));
        std::vector<std::string> items;
        for (const Json& item : array)
            items.push_back(text_of(item, key, kMaxNameBytes));
        return items;
    }

    static std::string text_of(const Json& value, const char* key, std::size_t limit)
    {
        if (!value.is_string())
            refuse(fmt::format("the field \"{}\" is not a string", key));
        auto text = value.get<std::string>();
        if (text.size() > limit)
            refuse(fmt::format("the field \"{}\" has {} bytes, more than {}", key, text.size(), limit));
        return text;
    }

    static double number_of(const Json& value, const char* key, double least)
    {
        if (!value.is_number())
            refuse(fmt::format("the field \"{}\" is not a number", key));
        const auto number = value.get<double>();
        if (!(number >= least && number <= kMaxNumber))
            refuse(fmt::format("the field \"{}\" is {}, out of range", key, number));
        return number;
    }

    static std::int64_t whole_of(const Json& value, const char* key, std::int64_t least, std::int64_t most)
    {
        if (!value.is_number_integer())
            refuse(fmt::format("the field \"{}\" is not a whole number", key));
        // Beyond int64 the library keeps an unsigned number; a plain get would wrap it.
        const bool fits = !value.is_number_unsigned()
            || value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (!fits || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most)
            refuse(fmt::format("the field \"{}\" is {}, out of range", key, value.dump()));
        return value.get<std::int64_t>();
    }

private:
    const Json& object_;
};

Message read_hello(const Fields& fields)
{
    return Hello{static_cast<int>(fields.whole("protocol", 1, 1000)), fields.text("version", kMaxNameBytes),
                 fields.text("build", kMaxNameBytes), fields.list("devices")};
}

Message read_stage(const Fields& fields)
{
    Stage stage;
    stage.count = static_cast<int>(fields.whole("count", 1, kMaxStages));
    stage.index = static_cast<int>(fields.whole("index", 0, stage.count - 1));
    stage.name = fields.text("name", kMaxNameBytes);
    return stage;
}

Message read_progress(const Fields& fields)
{
    Progress progress{fields.number("done", 0), fields.number("total", 0), fields.text("unit", kMaxNameBytes), {}};
    if (fields.maybe("eta_s"))
        progress.eta_s = fields.number("eta_s", 0);
    return progress;
}

Message read_metric(const Fields& fields)
{
    Metric metric{fields.text("name", kMaxNameBytes), fields.number("x", -kMaxNumber),
                  std::numeric_limits<double>::quiet_NaN()};
    if (fields.maybe("value"))
        metric.value = fields.number("value", -kMaxNumber);
    return metric;
}

Message read_text(const Fields& fields)
{
    return Text{static_cast<int>(fields.whole("index", 0, kMaxStages)), fields.text("text", kMaxTextBytes)};
}

Message read_committed(const Fields& fields)
{
    Committed committed{fields.list("tables"), {}};
    if (fields.maybe("run"))
        committed.run = fields.whole("run", 0, std::numeric_limits<std::int64_t>::max());
    return committed;
}

Message read_warning(const Fields& fields)
{
    return Warning{fields.text("message", kMaxTextBytes), fields.text("hint", kMaxTextBytes)};
}

Message read_heartbeat(const Fields& fields) { return Heartbeat{fields.number("elapsed_s", 0)}; }

Message read_result(const Fields& fields)
{
    Result result;
    const std::string status = fields.text("status", kMaxNameBytes);
    const auto found =
        std::find_if(kStatusNames.begin(), kStatusNames.end(), [&](const auto& row) { return row.second == status; });
    if (found == kStatusNames.end())
        refuse(fmt::format("the status {} is none of succeeded, failed, cancelled", shown(status)));
    result.status = found->first;
    result.code = fields.text("code", kMaxNameBytes);
    result.message = fields.text("message", kMaxTextBytes);
    result.hint = fields.text("hint", kMaxTextBytes);
    return result;
}

struct Reader
{
    std::string_view type;
    Message (*read)(const Fields&);
};

constexpr Reader kReaders[] = {
    {"hello", read_hello},       {"stage", read_stage},
    {"progress", read_progress}, {"metric", read_metric},
    {"text", read_text},         {"committed", read_committed},
    {"warning", read_warning},   {"heartbeat", read_heartbeat},
    {"result", read_result},     {"cancel", [](const Fields&) -> Message { return Cancel{}; }},
};

/// Of a key that stands twice the library would keep the last without a word, so the parser's events are watched.
Json parse(std::string_view line)
{
    std::set<std::string> keys;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kMaxDepth)
            refuse(fmt::format("the line is nested more than {} deep", kMaxDepth));
        if (event == Json::parse_event_t::key && depth == 1 && !keys.insert(parsed.get<std::string>()).second)
            refuse(fmt::format("the field {} stands twice", shown(parsed.get_ref<const std::string&>())));
        return true;
    };
    try {
        return Json::parse(line, watch);
    } catch (const Json::parse_error& error) {
        refuse(fmt::format("the line is not JSON from byte {} on", error.byte));
    } catch (const Json::exception&) { // a number beyond double
        refuse("the line has a number out of range");
    }
}

Message read_message(std::string_view line)
{
    if (line.size() > kMaxLineBytes)
        refuse(fmt::format("the line has {} bytes, more than {}", line.size(), kMaxLineBytes));
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    if (line.empty())
        refuse("the line is empty");
    const Json object = parse(line);
    if (!object.is_object())
        refuse("the line is not a JSON object");
    const Fields fields(object);
    const std::string type = fields.text("type", kMaxNameBytes);
    for (const Reader& reader : kReaders)
        if (reader.type == type)
            return reader.read(fields);
    return Unknown{type};
}

} // namespace

Decoded decode(std::string_view line)
{
    try {
        return read_message(line);
    } catch (const Refusal& refusal) {
        return ProtocolError{refusal.message};
    }
}

std::string type_name(const Message& message)
{
    if (const auto* unknown = std::get_if<Unknown>(&message))
        return unknown->type;
    return std::string(kReaders[message.index()].type);
}

} // namespace kvw::protocol
