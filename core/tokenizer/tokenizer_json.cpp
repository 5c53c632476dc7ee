// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_json.h"

#include "core/base/error.h"

#include <fmt/format.h>

namespace kvw {

void JsonPlace::wrong(std::string_view found, std::string_view wanted) const
{
    throw Error(ErrorKind::BadInput,
                fmt::format("{}: {}{}found {}, wanted {}", file_, place_, place_.empty() ? "" : ": ", found, wanted),
                "take the file from the model's own folder again");
}

void JsonPlace::unsupported(std::string_view what, std::string_view known) const
{
    throw Error(ErrorKind::Unsupported,
                fmt::format("{}: {}: {} is not known to this program; it knows: {}", file_, place_, what, known),
                "use a model of the Llama family with a byte-level BPE tokenizer");
}

void JsonPlace::require_object() const
{
    if (!value_->is_object())
        wrong(value_->type_name(), "an object");
}

JsonPlace JsonPlace::at(std::string_view key) const
{
    require_object();
    const auto found = value_->find(key);
    if (found == value_->end())
        wrong("nothing", fmt::format("the key \"{}\"", key));
    return JsonPlace(*found, file_, place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key));
}

std::optional<JsonPlace> JsonPlace::find(std::string_view key) const
{
    require_object();
    const auto found = value_->find(key);
    if (found == value_->end() || found->is_null())
        return std::nullopt;
    return at(key);
}

std::vector<JsonPlace> JsonPlace::list() const
{
    if (!value_->is_array())
        wrong(value_->type_name(), "an array");
    std::vector<JsonPlace> out;
    out.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i)
        out.push_back(element(i));
    return out;
}

JsonPlace JsonPlace::element(std::size_t index) const
{
    return JsonPlace((*value_)[index], file_, fmt::format("{}[{}]", place_, index));
}

const std::string& JsonPlace::text() const
{
    if (!value_->is_string())
        wrong(value_->type_name(), "a string");
    return value_->get_ref<const std::string&>();
}

bool JsonPlace::flag() const
{
    if (!value_->is_boolean())
        wrong(value_->type_name(), "true or false");
    return value_->get<bool>();
}

std::int64_t JsonPlace::integer(std::int64_t smallest, std::int64_t largest) const
{
    const std::string wanted = fmt::format("an integer from {} to {}", smallest, largest);
    if (!value_->is_number_integer())
        wrong(value_->is_number() ? value_->dump() : value_->type_name(), wanted);
    const bool beyond =
        value_->is_number_unsigned() && value_->get<std::uint64_t>() > static_cast<std::uint64_t>(largest);
    if (beyond || value_->get<std::int64_t>() < smallest || value_->get<std::int64_t>() > largest)
        wrong(value_->dump(), wanted);
    return value_->get<std::int64_t>();
}

bool JsonPlace::flag(std::string_view key, bool when_absent) const
{
    const std::optional<JsonPlace> found = find(key);
    return found ? found->flag() : when_absent;
}

} // namespace kvw
