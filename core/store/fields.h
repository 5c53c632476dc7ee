// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/records/field.h"
#include "core/records/names.h"
#include "core/store/bytes.h"
#include "core/store/connection.h"

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Statements from the field lists of the records, and values into and out of columns. Nothing is quiet: a NULL where a
/// value is needed, another type, a number out of range or an unknown word is Error{BadInput} with table, row and
/// column.
///
/// | in C++ | in SQL |
/// | --- | --- |
/// | std::string | TEXT |
/// | int, std::int64_t | INTEGER |
/// | bool | INTEGER 0 or 1 |
/// | double | REAL; infinities stay. NaN, which SQLite would turn into NULL, is Error{NotFinite} on writing |
/// | an enumeration | TEXT, name(value) |
/// | std::vector of double, std::int32_t, std::uint64_t | BLOB, little endian |
/// | Blob | BLOB |
/// | std::optional of these | the same, or NULL |
namespace kvw::sql {

/// A column that is in no record's list: the run of a window, the number of a note.
template<typename T>
struct Extra
{
    std::string_view name;
    T value;
};
template<typename T>
Extra(std::string_view, T) -> Extra<T>;

/// All columns of a record's table, in order. Where a table has more than the record's own list, core/store/rows.h has
/// them.
template<typename Visitor, typename Record>
void visit_row(Visitor&& visit, Record& record)
{
    visit_fields(visit, record);
}
template<typename Visitor, typename T>
void visit_row(Visitor&& visit, const Extra<T>& extra)
{
    visit(stored_field(extra.name, {}, {}), extra.value);
}

template<typename T>
struct IsOptional : std::false_type
{};
template<typename T>
struct IsOptional<std::optional<T>> : std::true_type
{};
template<typename T>
struct IsVector : std::false_type
{};
template<typename T>
struct IsVector<std::vector<T>> : std::true_type
{};
template<typename>
inline constexpr bool kNoSuchColumnType = false;

/// "table"."column", quoted: some fields are words of SQL.
inline std::string quoted(std::string_view table, std::string_view column)
{
    return fmt::format("\"{}\".\"{}\"", table, column);
}

/// `"run"."kind", "run"."status", ...`
template<typename Record>
std::string select_list(std::string_view table)
{
    std::string list;
    const auto add = [&](const Field& field, const auto&) {
        list += (list.empty() ? "" : ", ") + quoted(table, field.name);
    };
    const Record record{};
    visit_row(add, record);
    return list;
}

template<typename... Records>
std::vector<std::string> column_names(const Records&... records)
{
    std::vector<std::string> names;
    const auto add = [&](const Field& field, const auto&) { names.emplace_back(field.name); };
    (visit_row(add, records), ...);
    return names;
}

template<typename... Records>
std::string insert_sql(std::string_view table, const Records&... records)
{
    std::string columns, marks;
    for (const std::string& name : column_names(records...)) {
        columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ", ", name);
        marks += marks.empty() ? "?" : ", ?";
    }
    return fmt::format("INSERT INTO \"{}\" ({}) VALUES ({})", table, columns, marks);
}

/// `"a" = X, "b" = X, ...` over the columns; `value` makes X from the column's name, `between` stands between.
template<typename Value, typename... Records>
std::string assignments(std::string_view relation, std::string_view between, Value&& value, const Records&... records)
{
    std::string text;
    for (const std::string& name : column_names(records...))
        text += fmt::format("{}\"{}\" {} {}", text.empty() ? "" : between, name, relation, value(name));
    return text;
}
inline std::string mark(const std::string&) { return "?"; }

/// Binds values to a statement's marks from left to right.
class Binder
{
public:
    Binder(SQLite::Statement& statement, const Connection& connection, std::string_view table)
        : statement_(statement),
          connection_(connection),
          table_(table)
    {}

    template<typename... Records>
    Binder& rows(const Records&... records)
    {
        const auto bind = [&](const Field& field, const auto& member) { value(field.name, member); };
        (visit_row(bind, records), ...);
        return *this;
    }

    template<typename T>
    Binder& value(std::string_view column, const T& value)
    {
        if constexpr (IsOptional<T>::value) {
            if (value)
                return this->value(column, *value);
            statement_.bind(++mark_);
        } else if constexpr (std::same_as<T, bool> || std::signed_integral<T>)
            statement_.bind(++mark_, static_cast<std::int64_t>(value));
        else if constexpr (std::same_as<T, double>) {
            if (std::isnan(value))
                not_a_number(column);
            statement_.bind(++mark_, value);
        } else if constexpr (std::is_enum_v<T>)
            statement_.bind(++mark_, std::string(name(value)));
        else if constexpr (std::same_as<T, Blob>)
            blob(value.bytes);
        else if constexpr (IsVector<T>::value)
            blob(bytes_of(std::span(value)));
        else if constexpr (std::convertible_to<T, std::string_view>)
            statement_.bind(++mark_, std::string(std::string_view(value)));
        else
            static_assert(kNoSuchColumnType<T>, "no column type for this");
        return *this;
    }

private:
    /// An empty blob is a blob, not NULL.
    void blob(std::string_view bytes)
    {
        statement_.bind(++mark_, bytes.empty() ? "" : static_cast<const void*>(bytes.data()), size(bytes));
    }
    int size(std::string_view bytes) const
    {
        if (bytes.size() > 1'000'000'000)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("{}: table {}: a blob of {} bytes, and 1,000,000,000 are the most",
                                    connection_.name(), table_, bytes.size()));
        return static_cast<int>(bytes.size());
    }
    [[noreturn]] void not_a_number(std::string_view column) const
    {
        throw Error(ErrorKind::NotFinite,
                    fmt::format("{}: table {}, column {}: not a number (NaN), and a number is wanted",
                                connection_.name(), table_, column));
    }

    SQLite::Statement& statement_;
    const Connection& connection_;
    std::string_view table_;
    int mark_ = 0;
};

/// Reads the columns of a result's present row from left to right.
class RowReader
{
public:
    RowReader(const SQLite::Statement& statement, const Connection& connection)
        : statement_(statement),
          connection_(connection)
    {}

    /// The next column is the number that errors name the row of `table` by; `what` is "row" or "run".
    std::int64_t begin(std::string_view table, std::string_view what = "row")
    {
        table_ = table;
        what_ = what;
        number_ = 0;
        return number_ = next<std::int64_t>(what);
    }

    template<typename Record>
    void row(Record& record)
    {
        const auto read = [&](const Field& field, auto& member) {
            member = next<std::remove_cvref_t<decltype(member)>>(field.name);
        };
        visit_row(read, record);
    }

    template<typename T>
    T next(std::string_view column)
    {
        const SQLite::Column value = statement_.getColumn(column_++);
        if constexpr (IsOptional<T>::value) {
            if (value.isNull())
                return std::nullopt;
            return convert<typename T::value_type>(column, value);
        } else
            return convert<T>(column, value);
    }

    /// Error{BadInput} about this row: "FILE: table run, row 7, column seed: PROBLEM".
    [[noreturn]] void refuse(std::string_view column, std::string_view problem) const
    {
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: table {}, {} {}, column {}: {}", connection_.name(), table_, what_, number_,
                                column, problem),
                    "take a copy that no other program has changed");
    }

private:
    template<typename T>
    T convert(std::string_view column, const SQLite::Column& value) const
    {
        if constexpr (std::same_as<T, bool>) {
            const auto number = convert<std::int64_t>(column, value);
            if (number != 0 && number != 1)
                refuse(column, fmt::format("{}, and 0 or 1 is wanted", number));
            return number == 1;
        } else if constexpr (std::signed_integral<T>) {
            want(value.isInteger(), column, value, "a whole number");
            const std::int64_t number = value.getInt64();
            if (!std::in_range<T>(number))
                refuse(column, fmt::format("{} is out of range", number));
            return static_cast<T>(number);
        } else if constexpr (std::same_as<T, double>) {
            want(value.isFloat(), column, value, "a number");
            return value.getDouble();
        } else if constexpr (std::is_enum_v<T>) {
            const auto word = convert<std::string>(column, value);
            const std::optional<T> known = parse_name<T>(word);
            if (!known)
                refuse(column, fmt::format("the word \"{}\" is not known here", word));
            return *known;
        } else if constexpr (std::same_as<T, std::string>) {
            want(value.isText(), column, value, "a text");
            return value.getString();
        } else if constexpr (std::same_as<T, Blob>) {
            want(value.isBlob(), column, value, "a blob");
            const int size = value.getBytes();
            return size == 0 ? Blob{}
                             : Blob{{static_cast<const char*>(value.getBlob()), static_cast<std::size_t>(size)}};
        } else if constexpr (IsVector<T>::value) {
            T numbers;
            const auto blob = convert<Blob>(column, value);
            if (!numbers_of(blob.bytes, numbers))
                refuse(column,
                       fmt::format("a blob of {} bytes, which is no multiple of {}", blob.bytes.size(),
                                   sizeof(typename T::value_type)));
            return numbers;
        } else
            static_assert(kNoSuchColumnType<T>, "no column type for this");
    }

    void want(bool right, std::string_view column, const SQLite::Column& value, std::string_view wanted) const
    {
        if (right)
            return;
        constexpr std::string_view types[] = {"a whole number", "a number with a fraction", "a text", "a blob", "NULL"};
        const int type = value.getType();
        refuse(
            column,
            fmt::format("{} is there and {} is wanted", type >= 1 && type <= 5 ? types[type - 1] : "nothing", wanted));
    }

    const SQLite::Statement& statement_;
    const Connection& connection_;
    std::string_view table_, what_ = "row";
    std::int64_t number_ = 0;
    int column_ = 0;
};

/// Inserts rows of one shape with one prepared statement.
class RowWriter
{
public:
    RowWriter(Connection& connection, std::string_view table) : connection_(connection), table_(table) {}

    /// Returns the new row's number. Every call must be given the same kinds of records.
    template<typename... Records>
    std::int64_t insert(const Records&... records)
    {
        if (!statement_)
            statement_.emplace(connection_.database(), insert_sql(table_, records...));
        Binder(*statement_, connection_, table_).rows(records...);
        statement_->exec();
        statement_->reset();
        return connection_.database().getLastInsertRowid();
    }

private:
    Connection& connection_;
    std::string_view table_;
    std::optional<SQLite::Statement> statement_;
};

template<typename... Records>
std::int64_t insert(Connection& connection, std::string_view table, const Records&... records)
{
    return RowWriter(connection, table).insert(records...);
}

/// Inserts, or updates the row with the same `key`.
template<typename Record>
void upsert(Connection& connection, std::string_view table, std::string_view key, const Record& record)
{
    const auto given = [](const std::string& name) { return "excluded.\"" + name + '"'; };
    const std::string update = assignments("=", ", ", given, record);
    SQLite::Statement statement(
        connection.database(),
        fmt::format("{} ON CONFLICT (\"{}\") DO UPDATE SET {}", insert_sql(table, record), key, update));
    Binder(statement, connection, table).rows(record);
    statement.exec();
}

/// These columns of the row `id`. Throws Error{InvalidArgument} when there is none.
template<typename... Records>
void update(Connection& connection, std::string_view table, std::int64_t id, const Records&... records)
{
    const std::string columns = assignments("=", ", ", mark, records...);
    SQLite::Statement statement(connection.database(),
                                fmt::format("UPDATE \"{}\" SET {} WHERE id = ?", table, columns));
    Binder(statement, connection, table).rows(records...).value("id", id);
    connection.require_changed(statement.exec(), table, id);
}

/// Runs a statement with these values for its marks; returns the number of changed rows.
template<typename... Values>
int execute(Connection& connection, const std::string& text, const Values&... values)
{
    SQLite::Statement statement(connection.database(), text);
    Binder binder(statement, connection, "?");
    (binder.value("?", values), ...);
    return statement.exec();
}

/// Conditions that hold together, with their values.
class Where
{
public:
    /// `condition` has one mark, for `value`.
    void add(std::string_view condition, std::variant<std::int64_t, std::string> value)
    {
        text_ += (text_.empty() ? " WHERE " : " AND ") + std::string(condition);
        values_.push_back(std::move(value));
    }
    /// " WHERE a = ? AND b = ?", or nothing.
    const std::string& text() const noexcept { return text_; }
    void bind(Binder binder) const
    {
        for (const auto& value : values_)
            std::visit([&](const auto& v) { binder.value("?", v); }, value);
    }

private:
    std::string text_;
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

} // namespace kvw::sql
