// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/field.h"
#include "core/records/names.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <type_traits>

namespace kvw {

template<typename Value>
nlohmann::ordered_json json_value(const Value& value)
{
    if constexpr (std::is_enum_v<Value>)
        return std::string(name(value));
    else
        return value;
}
/// null is "not measured".
template<typename Value>
nlohmann::ordered_json json_value(const std::optional<Value>& value)
{
    return value ? json_value(*value) : nlohmann::ordered_json();
}

/// A visitor for visit_fields and visit_totals: puts every value into `object` under its field's name, so that the
/// command line calls a quantity what the store and the exports call it.
class JsonFields
{
public:
    explicit JsonFields(nlohmann::ordered_json& object) : object_(object) {}

    template<typename Value>
    void operator()(const Field& field, const Value& value) const
    {
        object_[std::string(field.name)] = json_value(value);
    }

private:
    nlohmann::ordered_json& object_;
};

/// An object of a record's fields, in their order.
template<typename Record>
nlohmann::ordered_json record_json(const Record& record)
{
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    visit_fields(JsonFields(out), record);
    return out;
}

} // namespace kvw
