// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/generation.h"
#include "core/records/job.h"
#include "core/records/report_data.h"

#include <map>
#include <set>
#include <string>
#include <type_traits>
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

bool is_snake_case(std::string_view name)
{
    return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && name.back() != '_'
        && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// What every list of fields promises; `fields` says how many there are, so that one that is added is looked at here.
template<typename Record>
void expect_field_list(std::size_t fields)
{
    Record record;
    std::set<std::string_view> names;
    std::set<const void*> members;
    std::vector<std::string_view> order;
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
        order.push_back(field.name);
    };
    visit_fields(check, record);
    EXPECT_EQ(order.size(), fields);

    // The same fields of a const record, in the same order.
    const Record constant;
    std::vector<std::string_view> again;
    visit_fields([&](const Field& field, const auto&) { again.push_back(field.name); }, constant);
    EXPECT_EQ(again, order);
}

TEST(Fields, OfProvenance)
{
    expect_field_list<ModelRecord>(11);
    expect_field_list<TextRecord>(4);
    expect_field_list<EnvironmentRecord>(12);
    expect_field_list<RunRecord>(19);
}

TEST(Fields, OfQuality)
{
    expect_field_list<QualityRecord>(19);
    expect_field_list<QualityWindow>(5);
    expect_field_list<Ledger>(7);
}

TEST(Fields, OfThroughputAndMemory)
{
    expect_field_list<ThroughputSample>(7);
    expect_field_list<ThroughputSummary>(10);
    expect_field_list<MemoryRecord>(6);
}

TEST(Fields, OfSpectraAndGeneration)
{
    expect_field_list<SpectrumRecord>(15);
    expect_field_list<GenerationRecord>(9);
}

TEST(Fields, OfJobsAndNotes)
{
    expect_field_list<JobRecord>(11);
    expect_field_list<JobEvent>(4);
    expect_field_list<Note>(3);
}

template<typename... Records, typename Visitor>
void visit_each(const Visitor& visitor)
{
    const auto visit_one = [&](const auto& record) { visit_fields(visitor, record); };
    (visit_one(Records{}), ...);
}

/// "One quantity has one spelling", and one spelling has one unit.
TEST(Fields, TheSameNameHasTheSameUnitEverywhere)
{
    std::map<std::string_view, std::string_view> units;
    std::size_t shared = 0;
    const auto check = [&](const Field& field, const auto&) {
        const auto [known, is_new] = units.emplace(field.name, field.unit);
        EXPECT_EQ(known->second, field.unit) << field.name;
        shared += is_new ? 0 : 1;
    };
    visit_each<ModelRecord, TextRecord, EnvironmentRecord, RunRecord, QualityRecord, QualityWindow, Ledger,
               ThroughputSample, ThroughputSummary, MemoryRecord, SpectrumRecord, GenerationRecord>(check);
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
