// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/safetensors_header.h"

#include "core/base/error.h"
#include "core/model/json_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kvw {
namespace {

using Json = nlohmann::json;
constexpr std::uint64_t kLengthBytes = 8;
constexpr std::size_t kMaxAxes = 16;

/// All types of the format, also those that no Llama weight has: their bytes are counted like the others'.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 20> kTypeBits{{
    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},    {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},
    {"U32", 32},    {"F32", 32},    {"F64", 64},    {"I64", 64}, {"U64", 64}, {"C64", 64},
}};

class HeaderReader
{
public:
    HeaderReader(std::span<const std::byte> file, const std::string& place) : file_(file), place_(place) {}

    std::map<std::string, TensorEntry> read()
    {
        const std::uint64_t length = header_length();
        const std::string_view text(reinterpret_cast<const char*>(file_.data()) + kLengthBytes, length);
        if (!text.starts_with('{'))
            bad("the header does not begin with \"{\"");
        const Json header = parse_untrusted_json(text, place_ + ": header");
        data_begin_ = kLengthBytes + length;
        std::map<std::string, TensorEntry> tensors;
        for (const auto& [name, value] : header.items()) {
            if (name == "__metadata__")
                check_metadata(value);
            else
                tensors.emplace(name, tensor(name, value));
        }
        check_layout(tensors);
        return tensors;
    }

private:
    [[noreturn]] void bad(std::string sentence) const
    {
        throw Error(ErrorKind::BadInput, fmt::format("{}: {}", place_, sentence), "download or convert the file again");
    }

    [[noreturn]] void bad_tensor(const std::string& name, std::string sentence) const
    {
        bad(fmt::format("tensor {}: {}", Json(name).dump(-1, ' ', true, Json::error_handler_t::replace), sentence));
    }

    std::uint64_t header_length() const
    {
        if (file_.size() < kLengthBytes)
            bad(fmt::format("the file has {} bytes, and the length of the header alone takes {}", file_.size(),
                            kLengthBytes));
        std::uint64_t length = 0;
        for (std::size_t i = kLengthBytes; i > 0; --i)
            length = length << 8 | std::to_integer<std::uint64_t>(file_[i - 1]);
        if (length > kMaxHeaderBytes)
            bad(fmt::format("the header says that it has {} bytes, and {} are the most", length, kMaxHeaderBytes));
        if (length > file_.size() - kLengthBytes)
            bad(fmt::format("the header says that it has {} bytes, and {} are left in the file", length,
                            file_.size() - kLengthBytes));
        return length;
    }

    void check_metadata(const Json& metadata) const
    {
        const bool texts = metadata.is_object()
            && std::all_of(metadata.begin(), metadata.end(), [](const Json& value) { return value.is_string(); });
        if (!texts)
            bad("__metadata__ is not an object of strings");
    }

    TensorEntry tensor(const std::string& name, const Json& value) const
    {
        if (!value.is_object())
            bad_tensor(name, "its entry is not an object");
        for (const char* key : {"dtype", "shape", "data_offsets"})
            if (!value.contains(key))
                bad_tensor(name, fmt::format("{} is missing", key));
        TensorEntry entry;
        const std::uint64_t bits = type_bits(name, value["dtype"], entry.type);
        entry.shape = shape(name, value["shape"]);
        offsets(name, value["data_offsets"], entry);
        const std::uint64_t wanted = shape_bytes(name, entry, bits);
        if (entry.end - entry.begin != wanted)
            bad_tensor(name,
                       fmt::format("{} of shape [{}] takes {} bytes, and its offsets span {}", entry.type,
                                   fmt::join(entry.shape, ", "), wanted, entry.end - entry.begin));
        return entry;
    }

    std::uint64_t type_bits(const std::string& name, const Json& value, std::string& type) const
    {
        if (!value.is_string())
            bad_tensor(name, "dtype is not a string");
        type = value.get<std::string>();
        const auto found =
            std::find_if(kTypeBits.begin(), kTypeBits.end(), [&](const auto& row) { return row.first == type; });
        if (found == kTypeBits.end())
            bad_tensor(name, fmt::format("the type {} is unknown", value.dump(-1, ' ', true).substr(0, 40)));
        return found->second;
    }

    std::vector<std::int64_t> shape(const std::string& name, const Json& value) const
    {
        if (!value.is_array() || value.size() > kMaxAxes)
            bad_tensor(name, fmt::format("shape is not a list of at most {} numbers", kMaxAxes));
        std::vector<std::int64_t> shape;
        for (const Json& axis : value)
            shape.push_back(static_cast<std::int64_t>(whole(name, "shape", axis)));
        return shape;
    }

    /// A number of JSON that fits a signed 64-bit one and is not negative.
    std::uint64_t whole(const std::string& name, std::string_view field, const Json& value) const
    {
        const bool fits = value.is_number_unsigned()
            && value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (!fits)
            bad_tensor(name,
                       fmt::format("{} has {}, and whole numbers from 0 were wanted", field,
                                   value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40)));
        return value.get<std::uint64_t>();
    }

    void offsets(const std::string& name, const Json& value, TensorEntry& entry) const
    {
        if (!value.is_array() || value.size() != 2)
            bad_tensor(name, "data_offsets is not a pair of numbers");
        const std::uint64_t begin = whole(name, "data_offsets", value[0]), end = whole(name, "data_offsets", value[1]);
        const std::uint64_t room = file_.size() - data_begin_;
        if (begin > end)
            bad_tensor(name, fmt::format("it begins at {} and ends before, at {}", begin, end));
        if (end > room)
            bad_tensor(name, fmt::format("it ends at {}, and the file has {} bytes of tensors", end, room));
        entry.begin = data_begin_ + begin;
        entry.end = data_begin_ + end;
    }

    std::uint64_t shape_bytes(const std::string& name, const TensorEntry& entry, std::uint64_t bits) const
    {
        std::uint64_t total = bits;
        for (const std::int64_t axis : entry.shape)
            if (__builtin_mul_overflow(total, static_cast<std::uint64_t>(axis), &total))
                bad_tensor(
                    name,
                    fmt::format("the shape [{}] has more elements than can be counted", fmt::join(entry.shape, ", ")));
        if (total % 8 != 0)
            bad_tensor(
                name,
                fmt::format("{} of shape [{}] does not fill whole bytes", entry.type, fmt::join(entry.shape, ", ")));
        return total / 8;
    }

    void check_layout(const std::map<std::string, TensorEntry>& tensors) const
    {
        std::vector<const std::pair<const std::string, TensorEntry>*> order;
        order.reserve(tensors.size());
        for (const auto& item : tensors)
            order.push_back(&item);
        std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
            return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
        });
        std::uint64_t position = data_begin_;
        for (const auto* item : order) {
            const auto& [name, entry] = *item;
            if (entry.begin < position)
                bad_tensor(name,
                           fmt::format("it begins at {} and overlaps the one before, which ends at {}",
                                       entry.begin - data_begin_, position - data_begin_));
            if (entry.begin > position)
                bad_tensor(name,
                           fmt::format("a hole of {} bytes stands before it, at {}", entry.begin - position,
                                       position - data_begin_));
            position = entry.end;
        }
        if (position != file_.size())
            bad(fmt::format("{} bytes after the last tensor belong to none", file_.size() - position));
    }

    std::span<const std::byte> file_;
    const std::string& place_;
    std::uint64_t data_begin_ = 0;
};

} // namespace

std::map<std::string, TensorEntry> read_safetensors_header(std::span<const std::byte> file, const std::string& place)
{
    return HeaderReader(file, place).read();
}

} // namespace kvw
