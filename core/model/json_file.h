// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace kvw {

/// Parses JSON that is not trusted: at most 64 levels deep, no key twice in an object, nothing behind the value.
/// Throws Error{BadInput} "PLACE: ..." with the byte, from 1, where it stops being JSON.
nlohmann::json parse_untrusted_json(std::string_view text, const std::string& place);

/// Reads a whole JSON file whose value is an object. Throws Error{NotFound} when it is not there, Error{BadInput} when
/// it is longer than `max_bytes`, cannot be read or is not a JSON object.
nlohmann::json read_json_object(const std::filesystem::path& file, std::uint64_t max_bytes);

/// Typed access to an object of a file; every refusal is Error{BadInput} "FILE: KEY is VALUE; ... was wanted".
/// A key whose value is null counts as absent.
class JsonFields
{
public:
    /// `prefix` stands before the keys in messages ("rope_scaling."). The object must outlive this.
    JsonFields(const nlohmann::json& object, std::string file, std::string prefix = {});

    bool holds(const char* key) const; ///< null counts, too
    const nlohmann::json* maybe(const char* key) const;
    const nlohmann::json& need(const char* key) const;
    std::int64_t whole(const char* key, std::int64_t least, std::int64_t most) const;
    std::optional<std::int64_t> maybe_whole(const char* key, std::int64_t least, std::int64_t most) const;
    std::optional<double> maybe_number(const char* key, double least, double most) const;
    std::optional<bool> maybe_flag(const char* key) const;
    std::optional<std::string> maybe_text(const char* key) const;
    std::optional<JsonFields> maybe_object(const char* key) const;
    /// `found` is printed shortened, `wanted` completes "... was wanted".
    [[noreturn]] void refuse(const char* key, const nlohmann::json& found, std::string_view wanted) const;
    /// Error{BadInput} "FILE: sentence": keys that contradict each other.
    [[noreturn]] void contradiction(std::string_view sentence) const;
    const std::string& file() const noexcept { return file_; }
    const std::string& prefix() const noexcept { return prefix_; }

private:
    const nlohmann::json& object_;
    std::string file_, prefix_;
};

} // namespace kvw
