// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/compared_settings.h"

#include "core/base/utf8.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <map>
#include <set>

namespace kvw {
namespace {

constexpr std::size_t kHashDigits = 12;

std::string written(const std::string& value) { return value; }
std::string written(double value) { return fmt::format("{:.6g}", value); }
template<std::integral Number>
std::string written(Number value)
{
    return fmt::format("{}", value);
}
template<typename Enumeration>
requires std::is_enum_v<Enumeration> std::string written(Enumeration value) { return std::string(name(value)); }
template<typename Value>
std::string written(const std::optional<Value>& value)
{
    return value ? written(*value) : std::string();
}

/// Settings in the order in which they first come, with a value for every run.
class Collector
{
public:
    explicit Collector(std::size_t runs) : runs_(runs) {}

    void begin_run(std::size_t run) { run_ = run; }

    /// Visits a record: takes what was chosen and the circumstances.
    template<typename Value>
    void operator()(const Field& field, const Value& value)
    {
        if (field.sense != Sense::Setting && field.sense != Sense::Circumstance)
            return;
        std::string text = written(value);
        if (field.form == Form::Hash)
            text.resize(std::min(text.size(), kHashDigits));
        add({std::string(field.name),
             std::string(field.title.words),
             std::string(field.meaning),
             field.form,
             field.sense == Sense::Circumstance,
             {},
             false},
            std::move(text));
    }

    /// A setting without a field of its own.
    void add_asked(const std::string& path, std::string value)
    {
        add({path, path, "as it was asked for", Form::Words, false, {}, false}, std::move(value));
    }

    std::vector<ComparedSetting> take() { return std::move(settings_); }

private:
    void add(ComparedSetting setting, std::string value)
    {
        const auto [place, is_new] = places_.emplace(setting.name, settings_.size());
        if (is_new) {
            setting.values.resize(runs_);
            settings_.push_back(std::move(setting));
        }
        if (!value.empty())
            settings_[place->second].values[run_] = std::move(value);
    }

    std::size_t runs_, run_ = 0;
    std::vector<ComparedSetting> settings_;
    std::map<std::string, std::size_t> places_;
};

/// Leaves of the JSON by their path, without what a field of the records says, and without the lists of which this run
/// is one item.
void add_json(Collector& collector, const std::string& path, const nlohmann::json& json)
{
    if (json.is_object()) {
        for (const auto& [key, value] : json.items())
            add_json(collector, path.empty() ? key : path + "." + key, value);
        return;
    }
    if (path.empty() || json.is_null())
        return;
    static const std::set<std::string> said{"text",        "window",         "protocol",     "tokens",
                                            "engine.type", "engine.device",  "engine.model", "calibration",
                                            "seed",        "configurations", "grid"};
    if (!said.contains(path))
        collector.add_asked(path, json.is_string() ? json.get<std::string>() : json.dump());
}

void add_run(Collector& collector, const ComparedRun& run)
{
    visit_fields(collector, run.source.run);
    visit_fields(collector, run.source.model);
    if (run.source.text)
        visit_fields(collector, *run.source.text);
    visit_fields(collector, run.source.environment);
    const nlohmann::json settings = nlohmann::json::parse(run.source.run.settings_json, nullptr, false);
    if (!settings.is_discarded())
        add_json(collector, {}, settings);
}

bool all_equal(const std::vector<std::string>& values)
{
    return std::all_of(values.begin(), values.end(), [&](const std::string& value) { return value == values[0]; });
}

/// What must be the same in all runs that have it, and how a sentence says it.
struct Trait
{
    std::string key, words;
};
using MaybeTrait = std::optional<Trait>;

MaybeTrait trait(std::string words) { return Trait{words, words}; }

/// "run 3 has 512 tokens, run 5 has 1024 tokens" for the first two that differ; empty when none do.
std::string first_difference(std::span<const ComparedRun> runs, MaybeTrait (*trait_of)(const ComparedRun&))
{
    const ComparedRun* maybe_first = nullptr;
    Trait first;
    for (const ComparedRun& run : runs) {
        const MaybeTrait here = trait_of(run);
        if (!here)
            continue;
        if (!maybe_first) {
            maybe_first = &run;
            first = *here;
        } else if (here->key != first.key) {
            return fmt::format("run {} {}, run {} {}", maybe_first->source.run.id, first.words, run.source.run.id,
                               here->words);
        }
    }
    return {};
}

std::string name_and_hash(const std::string& name, const std::string& hash)
{
    return fmt::format("\"{}\" ({})", name, hash.substr(0, 8));
}

MaybeTrait model_of(const ComparedRun& run)
{
    const std::string& hash = run.source.run.model_hash;
    return Trait{hash, "is of " + name_and_hash(run.source.model.name, hash)};
}

MaybeTrait text_of(const ComparedRun& run)
{
    if (!run.quality)
        return std::nullopt;
    const std::string hash = run.source.run.text_hash.value_or("?");
    return Trait{hash, "read " + name_and_hash(run.source.text ? run.source.text->name : "?", hash)};
}

MaybeTrait protocol_of(const ComparedRun& run)
{
    return run.quality ? trait("used \"" + run.quality->protocol + "\"") : std::nullopt;
}

MaybeTrait window_of(const ComparedRun& run)
{
    if (!run.quality)
        return std::nullopt;
    const std::optional<std::int64_t>& window = run.source.run.window_tokens;
    return trait(window ? fmt::format("has windows of {} tokens", *window) : "does not say its window");
}

MaybeTrait tokens_of(const ComparedRun& run)
{
    return run.quality ? trait(fmt::format("scored {} tokens", run.quality->scored_tokens)) : std::nullopt;
}

MaybeTrait machine_of(const ComparedRun& run)
{
    if (run.throughput.empty())
        return std::nullopt;
    const EnvironmentRecord& machine = run.source.environment;
    return trait(
        fmt::format("ran on {}, {}, {}, {} threads", machine.cpu, machine.device, machine.type, machine.threads));
}

MaybeTrait prompt_of(const ComparedRun& run)
{
    if (!run.generation)
        return std::nullopt;
    constexpr std::size_t longest = 60;
    const std::string& prompt = run.generation->prompt;
    const std::string_view shown = utf8::truncated(prompt, longest);
    return Trait{prompt, fmt::format("was asked \"{}{}\"", shown, shown.size() < prompt.size() ? "..." : "")};
}

struct Rule
{
    MaybeTrait (*trait_of)(const ComparedRun&);
    const char* sentence; ///< "{}" is the first difference
};

constexpr Rule kRules[] = {
    {model_of,
     "The models differ: {}. Perplexities, bytes and speeds of different models are no comparison of caches."},
    {text_of, "The texts differ: {}. Perplexities of different texts say nothing about each other."},
    {protocol_of, "The protocols differ: {}. They read different shares of the past from the coded cache."},
    {window_of, "The windows differ: {}. Longer windows give lower perplexities whatever the cache does."},
    {tokens_of, "The scored tokens differ: {}. The means are over different parts of the text."},
    {machine_of, "The machines differ: {}. Their speeds cannot be set against each other."},
    {prompt_of, "The prompts differ: {}. Answers to different prompts cannot agree."},
};

/// What a run has measured, to find two that share something.
std::set<std::string> measured(const ComparedRun& run)
{
    std::set<std::string> out;
    if (run.quality)
        out.insert("quality");
    if (run.generation)
        out.insert("generation");
    if (!run.spectra.empty())
        out.insert("spectra");
    for (const ThroughputSummary& summary : run.throughput)
        out.insert(fmt::format("throughput at context {}, batch {}", summary.context, summary.batch));
    return out;
}

void object_to_nothing_in_common(std::span<const ComparedRun> runs, std::vector<std::string>& objections)
{
    for (const ComparedRun& run : runs) {
        const std::set<std::string> mine = measured(run);
        const bool shares = std::any_of(runs.begin(), runs.end(), [&](const ComparedRun& other) {
            const std::set<std::string> theirs = measured(other);
            return &other != &run && std::any_of(mine.begin(), mine.end(), [&](const std::string& what) {
                return theirs.contains(what);
            });
        });
        if (shares)
            continue;
        const std::string what = mine.empty() ? "nothing" : *mine.begin();
        objections.push_back(fmt::format("Run {} has measured {} that no other of these runs has measured too.",
                                         run.source.run.id, what));
    }
}

} // namespace

std::vector<ComparedSetting> compared_settings(std::span<const ComparedRun> runs)
{
    Collector collector(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        collector.begin_run(i);
        add_run(collector, runs[i]);
    }
    std::vector<ComparedSetting> settings = collector.take();
    for (ComparedSetting& setting : settings)
        setting.differs = !setting.is_circumstance && !all_equal(setting.values);
    std::erase_if(settings, [](const ComparedSetting& setting) {
        return std::all_of(setting.values.begin(), setting.values.end(),
                           [](const auto& value) { return value.empty(); });
    });
    const auto place = [](const ComparedSetting& setting) {
        return setting.differs ? 0 : setting.is_circumstance ? 2 : 1;
    };
    std::stable_sort(settings.begin(), settings.end(),
                     [&](const ComparedSetting& a, const ComparedSetting& b) { return place(a) < place(b); });
    return settings;
}

std::vector<std::string> comparison_objections(std::span<const ComparedRun> runs)
{
    std::vector<std::string> objections;
    for (const Rule& rule : kRules)
        if (const std::string difference = first_difference(runs, rule.trait_of); !difference.empty())
            objections.push_back(fmt::format(fmt::runtime(rule.sentence), difference));
    object_to_nothing_in_common(runs, objections);
    return objections;
}

} // namespace kvw
