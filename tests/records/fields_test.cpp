// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/generation.h"
#include "core/records/job.h"
#include "core/records/report_data.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kvw {
namespace {

const std::set<std::string_view> kUnits{"", "1", "s", "bytes", "tokens", "tokens/s", "GB/s", "nats", "bits"};

template<typename Value>
struct Inner
{
    using Type = Value;
};
template<typename Value>
struct Inner<std::optional<Value>>
{
    using Type = Value;
};

// Nothing about a field is said by leaving it out.
template<typename... Arguments>
inline constexpr bool kMakesAField = std::is_constructible_v<Field, Arguments...>;
using Text = std::string_view;
static_assert(kMakesAField<Text, Title, Text, Form, Sense, Plot, Text>);
static_assert(!kMakesAField<Text, Title, Text, Form, Plot, Text>, "a field without a sense");
static_assert(!kMakesAField<Text, Title, Text, Form, Sense, Text>, "a field that does not say whether it is drawn");
static_assert(!kMakesAField<Text, Title, Text, Sense, Plot, Text>, "a field without a form");
static_assert(!kMakesAField<Text, Text, Text, Form, Sense, Plot, Text>, "any text as a title");
static_assert(!kMakesAField<Text, Text, Text> && !kMakesAField<>, "a field without a description");

template<typename Value>
bool suits(Form form)
{
    if constexpr (std::is_enum_v<Value>)
        return form == Form::Choice;
    else if constexpr (std::is_same_v<Value, std::string>)
        return form == Form::Words || form == Form::Choice || form == Form::Code || form == Form::Hash
            || form == Form::Time;
    else if constexpr (std::is_integral_v<Value>)
        return form == Form::Whole || form == Form::Bytes;
    else if constexpr (std::is_floating_point_v<Value>)
        return form == Form::Whole || form == Form::Real || form == Form::Bytes || is_percent(form) || is_change(form);
    else
        return form == Form::Numbers;
}

/// What a field's description promises by itself, and against the one before it.
template<typename Value>
void expect_description(const Field& field, const Field* maybe_before)
{
    const std::string_view title = field.title.words;
    EXPECT_FALSE(title.empty()) << field.name;
    EXPECT_NE(title, field.name) << "a title is for people";
    EXPECT_EQ(title.find('['), std::string_view::npos) << field.name << " has a unit in its title";
    EXPECT_TRUE(suits<Value>(field.form)) << field.name << " has a form of another kind of value";
    EXPECT_EQ(field.form == Form::Bytes, field.unit == "bytes") << field.name;
    EXPECT_TRUE(!is_percent(field.form) || field.unit == "1") << field.name << " is no share";
    const bool is_end = field.sense == Sense::LowEnd || field.sense == Sense::HighEnd;
    if (is_figure(field.sense) || is_end || field.plot == Plot::Yes) {
        EXPECT_TRUE(std::is_arithmetic_v<Value>) << field.name << " is no number";
    }
    if (is_end) {
        ASSERT_TRUE(maybe_before) << field.name;
        EXPECT_EQ(field.unit, maybe_before->unit) << field.name;
        EXPECT_EQ(field.form, maybe_before->form) << field.name;
        if (field.sense == Sense::LowEnd) {
            EXPECT_TRUE(is_figure(maybe_before->sense)) << field.name << " is the end of no figure's interval";
        } else {
            EXPECT_EQ(maybe_before->sense, Sense::LowEnd) << field.name;
        }
    }
}

bool is_snake_case(std::string_view name)
{
    return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && name.back() != '_'
        && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// Takes the place of any member of a record. An optional one takes std::nullopt instead: it could be made from this in
/// more than one way.
struct Anything
{
    template<typename Value>
    requires std::is_same_v<Value, typename Inner<Value>::Type>
    operator Value() const;
};

/// How many members a record has, by trying how many initialisers it takes.
template<typename Record, typename... Members>
constexpr std::size_t count_members()
{
    if constexpr (requires { Record{std::declval<Members>()..., std::declval<std::nullopt_t>()}; })
        return count_members<Record, Members..., std::nullopt_t>();
    else if constexpr (requires { Record{std::declval<Members>()..., Anything{}}; })
        return count_members<Record, Members..., Anything>();
    else
        return sizeof...(Members);
}

/// What every list of fields promises. All members are in it but `left_out`, which have lists of their own or mean nothing
/// outside the store, so that one that is added cannot be forgotten.
template<typename Record>
void expect_field_list(std::size_t left_out = 0)
{
    Record record;
    std::set<std::string_view> names;
    std::set<const void*> members;
    std::vector<std::string_view> order;
    std::optional<Field> before;
    const auto check = [&](const Field& field, auto& member) {
        using Value = typename Inner<std::remove_cvref_t<decltype(member)>>::Type;
        EXPECT_TRUE(is_snake_case(field.name)) << field.name;
        EXPECT_TRUE(names.insert(field.name).second) << field.name << " stands twice";
        EXPECT_TRUE(members.insert(&member).second) << field.name << " is a member that stands twice";
        EXPECT_TRUE(kUnits.contains(field.unit)) << field.name << " has unit " << field.unit;
        EXPECT_FALSE(field.meaning.empty()) << field.name;
        EXPECT_FALSE(field.meaning.ends_with('.')) << field.name;
        EXPECT_EQ(field.meaning.find('\n'), std::string_view::npos) << field.name;
        const auto* address = reinterpret_cast<const char*>(&member);
        EXPECT_TRUE(address >= reinterpret_cast<const char*>(&record)
                    && address < reinterpret_cast<const char*>(&record + 1))
            << field.name << " is no member of the record";
        EXPECT_FALSE(std::is_floating_point_v<Value> && field.unit.empty())
            << field.name << " is a number without a unit";
        EXPECT_FALSE((std::is_same_v<Value, std::string> || std::is_enum_v<Value>)&&!field.unit.empty())
            << field.name << " are words with a unit";
        expect_description<Value>(field, before ? &*before : nullptr);
        before.emplace(field);
        order.push_back(field.name);
    };
    visit_fields(check, record);
    EXPECT_EQ(order.size() + left_out, count_members<Record>());

    // The same fields of a const record, in the same order.
    const Record constant;
    std::vector<std::string_view> again;
    visit_fields([&](const Field& field, const auto&) { again.push_back(field.name); }, constant);
    EXPECT_EQ(again, order);
}

TEST(Fields, MembersAreCounted)
{
    static_assert(count_members<Ledger>() == 7);
    static_assert(count_members<ModelRecord>() == 11);
    static_assert(count_members<EnvironmentRecord>() == 12);
}

TEST(Fields, OfProvenance)
{
    expect_field_list<ModelRecord>();
    expect_field_list<TextRecord>();
    expect_field_list<EnvironmentRecord>();
    expect_field_list<RunRecord>(2); // id, process
}

TEST(Fields, OfQuality)
{
    expect_field_list<QualityRecord>(1); // ledger
    expect_field_list<QualityWindow>();
    expect_field_list<Ledger>();
}

TEST(Fields, OfThroughputAndMemory)
{
    expect_field_list<ThroughputSample>();
    expect_field_list<ThroughputSummary>(3); // ledger, allocator_bytes, peak_rss_bytes
    expect_field_list<MemoryRecord>(1);      // ledger
}

TEST(Fields, OfSpectraAndGeneration)
{
    expect_field_list<SpectrumRecord>();
    expect_field_list<GenerationRecord>();
}

TEST(Fields, OfJobsAndNotes)
{
    expect_field_list<JobRecord>(1); // id
    expect_field_list<JobEvent>();
    expect_field_list<Note>(1); // id
}

template<typename... Records, typename Visitor>
void visit_each(const Visitor& visitor)
{
    const auto visit_one = [&](const auto& record) { visit_fields(visitor, record); };
    (visit_one(Records{}), ...);
}

/// "One quantity has one spelling", and one spelling is one quantity.
TEST(Fields, TheSameNameIsTheSameQuantityEverywhere)
{
    std::map<std::string_view, Field> fields;
    std::map<std::string, std::string_view> names;
    std::size_t shared = 0;
    const auto check = [&](const Field& field, const auto&) {
        const auto [known, is_new] = fields.emplace(field.name, field);
        EXPECT_EQ(known->second.unit, field.unit) << field.name;
        EXPECT_EQ(known->second.form, field.form) << field.name;
        EXPECT_EQ(known->second.title.words, field.title.words) << field.name;
        shared += is_new ? 0 : 1;
        // Two names with one title could not be told apart in a list of columns.
        const std::string title = std::string(field.title.words) + '|' + std::string(field.unit);
        EXPECT_EQ(names.emplace(title, field.name).first->second, field.name) << title;
    };
    visit_each<ModelRecord, TextRecord, EnvironmentRecord, RunRecord, QualityRecord, QualityWindow, Ledger,
               ThroughputSample, ThroughputSummary, MemoryRecord, SpectrumRecord, GenerationRecord>(check);
    visit_totals(check, Ledger{});
    EXPECT_GT(shared, 10u);
}

TEST(Fields, AVisitorWritesIntoTheRecord)
{
    QualityRecord record;
    visit_fields(
        [](const Field& field, auto& member) {
            if constexpr (std::is_same_v<decltype(member), std::optional<double>&>)
                if (field.name == "kl_mean")
                    member = 0.5;
        },
        record);
    EXPECT_EQ(record.kl_mean, 0.5);
    EXPECT_FALSE(record.kl_median);
}

} // namespace
} // namespace kvw
