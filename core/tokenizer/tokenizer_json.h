// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// A value of tokenizer.json together with where it stands, so that every complaint names file and key.
/// The document must outlive it. All functions throw Error{BadInput} "FILE: KEY: found ..., wanted ...".
class JsonPlace
{
public:
    JsonPlace(const nlohmann::json& value, std::string file, std::string place = {})
        : value_(&value),
          file_(std::move(file)),
          place_(std::move(place))
    {}

    const nlohmann::json& value() const { return *value_; }
    const std::string& place() const { return place_; }

    JsonPlace at(std::string_view key) const;                  ///< this must be an object that has the key
    std::optional<JsonPlace> find(std::string_view key) const; ///< none when absent or null
    std::vector<JsonPlace> list() const;                       ///< the elements of an array
    JsonPlace element(std::size_t index) const;                ///< of an array that has it

    const std::string& text() const;
    bool flag() const;
    std::int64_t integer(std::int64_t smallest, std::int64_t largest) const;

    /// The member "type" of a component.
    const std::string& type() const { return at("type").text(); }
    bool flag(std::string_view key, bool when_absent) const;

    [[noreturn]] void wrong(std::string_view found, std::string_view wanted) const;
    /// Error{Unsupported} "FILE: KEY: ... is not known to this program; it knows: ...".
    [[noreturn]] void unsupported(std::string_view what, std::string_view known) const;

private:
    void require_object() const;

    const nlohmann::json* value_;
    std::string file_;
    std::string place_;
};

} // namespace kvw
