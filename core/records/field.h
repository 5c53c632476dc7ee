// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

namespace kvw {

/// What a number or word of a record is called everywhere: in C++, in the store's columns and in exports.
///
/// Every record has a function visit_fields(visitor, record) beside it, which calls visitor(Field, member) for each
/// stored member in a fixed order. The store makes its statements from these lists and core/report its columns, so a
/// new quantity is one line there and one migration.
struct Field
{
    std::string_view name;
    std::string_view unit;    ///< "s", "bytes", "nats", "1" for pure numbers, empty for words
    std::string_view meaning; ///< one sentence
};

/// Record or const Record.
template<typename T, typename Record>
concept RecordOf = std::same_as<std::remove_const_t<T>, Record>;

} // namespace kvw
