// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/protocol/message.h"
#include "core/protocol/status_name.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvw::protocol {
namespace {

using Json = nlohmann::ordered_json;

/// Cut before a character, never inside one, so that the cut makes no byte that is not UTF-8.
std::string cut(const std::string& text, std::size_t limit)
{
    if (text.size() <= limit)
        return text;
    constexpr std::string_view ellipsis = "...";
    return std::string(utf8::truncated(text, limit - ellipsis.size())).append(ellipsis);
}

/// Valid UTF-8 of at most `limit` bytes. A replaced byte takes three, hence the second cut; the first bounds the work.
std::string limited(const std::string& text, std::size_t limit)
{
    const std::string replaced = Json(cut(text, limit)).dump(-1, ' ', false, Json::error_handler_t::replace);
    return cut(Json::parse(replaced).get<std::string>(), limit);
}

std::string name_text(const std::string& text) { return limited(text, kMaxNameBytes); }
std::string long_text(const std::string& text) { return limited(text, kMaxTextBytes); }

Json list(const std::vector<std::string>& items)
{
    Json array = Json::array();
    for (const std::string& item : items)
        if (array.size() < kMaxListItems)
            array.push_back(name_text(item));
    return array;
}

double finite(double value, std::string_view field)
{
    if (!std::isfinite(value))
        throw Error(ErrorKind::Internal,
                    fmt::format("protocol: the field {} is {}, and a finite number was wanted", field, value));
    return value;
}

void fields(const Hello& hello, Json& object)
{
    object["protocol"] = hello.protocol;
    object["version"] = name_text(hello.version);
    object["build"] = name_text(hello.build);
    object["devices"] = list(hello.devices);
}

void fields(const Stage& stage, Json& object)
{
    object["index"] = stage.index;
    object["count"] = stage.count;
    object["name"] = name_text(stage.name);
}

void fields(const Progress& progress, Json& object)
{
    object["done"] = finite(progress.done, "done");
    object["total"] = finite(progress.total, "total");
    object["unit"] = name_text(progress.unit);
    if (progress.eta_s)
        object["eta_s"] = finite(*progress.eta_s, "eta_s");
}

void fields(const Metric& metric, Json& object)
{
    object["name"] = name_text(metric.name);
    object["x"] = finite(metric.x, "x");
    object["value"] = std::isfinite(metric.value) ? Json(metric.value) : Json(nullptr);
}

void fields(const Text& text, Json& object)
{
    object["index"] = text.index;
    object["text"] = long_text(text.text);
}

void fields(const Committed& committed, Json& object)
{
    object["tables"] = list(committed.tables);
    if (committed.run)
        object["run"] = *committed.run;
}

void fields(const Warning& warning, Json& object)
{
    object["message"] = long_text(warning.message);
    object["hint"] = long_text(warning.hint);
}

void fields(const Heartbeat& heartbeat, Json& object)
{
    object["elapsed_s"] = finite(heartbeat.elapsed_s, "elapsed_s");
}

void fields(const Result& result, Json& object)
{
    object["status"] = status_name(result.status);
    object["code"] = name_text(result.code);
    object["message"] = long_text(result.message);
    object["hint"] = long_text(result.hint);
}

void fields(const Cancel&, Json&) {}
void fields(const Unknown&, Json&) {}

} // namespace

std::string encode(const Message& message)
{
    Json object;
    object["type"] = name_text(type_name(message));
    std::visit([&](const auto& one) { fields(one, object); }, message);
    std::string line = object.dump(-1, ' ', false, Json::error_handler_t::replace);
    line += '\n';
    // An escape takes at most six bytes for one, so that the limits of the fields keep every line below this.
    if (line.size() > kMaxLineBytes)
        throw Error(ErrorKind::Internal,
                    fmt::format("protocol: a line of {} bytes, and {} are the limit", line.size(), kMaxLineBytes));
    return line;
}

} // namespace kvw::protocol
