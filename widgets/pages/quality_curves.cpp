// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/quality_curves.h"

#include "core/config/words.h"
#include "widgets/models/comparison_model.h"

#include <QCoreApplication>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace kvw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kMarkers = 6;

class Text
{
    Q_DECLARE_TR_FUNCTIONS(kvw::QualityPage)
};

double rankOf(const CodecSpec& codec) { return codec.transform.rank > 0 ? codec.transform.rank : kNone; }

double bitsOf(const CodecSpec& codec, bool model_is_fp32)
{
    if (codec.quantiser.kind == QuantiserKind::ModelType)
        return model_is_fp32 ? 32 : 16; // which has no word
    return config::word_of(codec.quantiser).bits;
}

/// The codec of a side: of all layers or, where only some layers are compressed, the first list's.
CodecSpec& codecOf(Configuration& configuration, bool keys)
{
    CodecSpec& all = keys ? configuration.k : configuration.v;
    if (!all.is_identity())
        return all;
    for (LayerOverride& each : configuration.overrides)
        if (std::optional<CodecSpec>& own = keys ? each.k : each.v; own && !own->is_identity())
            return *own;
    return all;
}

QualityPoint pointOf(const QualityRow& row, Configuration configuration)
{
    const CodecSpec &k = codecOf(configuration, true), &v = codecOf(configuration, false);
    const bool fp32 = row.source.environment.type == "fp32";
    const QualityRecord& record = row.record;
    const auto set = [](const std::optional<double>& value) { return value.value_or(kNone); };
    QualityPoint point;
    point.run = record.run;
    point.config = toQt(record.configuration);
    point.detail =
        Text::tr("run %1 of %2, protocol %3").arg(record.run).arg(measurementOf(row.source)).arg(toQt(record.protocol));
    point.values = {set(record.rel_ppl),
                    set(record.kl_mean),
                    set(record.kl_p99),
                    record.top1 ? 1 - *record.top1 : kNone,
                    record.bits_per_value(),
                    record.ledger.cache_bytes(),
                    rankOf(k),
                    rankOf(v),
                    bitsOf(k, fp32),
                    bitsOf(v, fp32)};
    point.relative_ppl_low = set(record.rel_ppl_lo);
    point.relative_ppl_high = set(record.rel_ppl_hi);
    return point;
}

/// What points of one curve have in common, and the numbers that it may run over.
struct Family
{
    RowId measurement = 0;
    std::string rest;  ///< the configuration with these numbers taken out
    std::string shown; ///< the same for people
    bool by_rank = false;
};

std::string replaced(std::string text, std::string_view what, std::string_view with)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    return text;
}

/// The first word of the family that this quantiser is of, which stands for all of them; null where it has none.
const config::Word* familyWord(const QuantiserSpec& quantiser)
{
    if (quantiser.kind == QuantiserKind::ModelType)
        return nullptr;
    const std::string_view family = config::word_of(quantiser).family;
    const auto words = config::words();
    const auto first = std::find_if(words.begin(), words.end(),
                                    [&](const auto& word) { return !family.empty() && word.family == family; });
    return first == words.end() ? nullptr : &*first;
}

Family familyOf(const QualityRow& row, Configuration configuration)
{
    Family family;
    family.measurement = measurementOf(row.source);
    CodecSpec &k = codecOf(configuration, true), &v = codecOf(configuration, false);
    family.by_rank = k.transform.rank > 0 || v.transform.rank > 0;
    std::vector<const config::Word*> families;
    for (CodecSpec* codec : {&k, &v}) {
        // A rank beyond any head size stands for "any rank".
        if (family.by_rank && codec->transform.rank > 0)
            codec->transform.rank = config::kMaxRank;
        const config::Word* word = family.by_rank ? nullptr : familyWord(codec->quantiser);
        if (!word)
            continue;
        const auto& any = std::get<QuantiserSpec>(word->meaning);
        codec->quantiser.kind = any.kind;
        codec->quantiser.bits = any.bits;
        families.push_back(word);
    }
    family.rest = family.shown = format(configuration);
    if (family.by_rank)
        family.shown = replaced(family.shown, std::string(":").append(std::to_string(config::kMaxRank)), "");
    for (const config::Word* word : families)
        family.shown = replaced(family.shown, word->text, word->family);
    return family;
}

/// The numbers that vary in a family: (keys, values); 0 where there is none.
std::pair<double, double> numbersOf(const QualityPoint& point, bool by_rank)
{
    const auto at = [&point](QualityMeasure measure) {
        const double value = point.at(measure);
        return std::isnan(value) ? 0 : value;
    };
    return by_rank ? std::pair(at(QualityMeasure::RankK), at(QualityMeasure::RankV))
                   : std::pair(at(QualityMeasure::BitsK), at(QualityMeasure::BitsV));
}

/// One number varies, or both and are equal in every point; and no two points have the same.
bool isOneCurve(const std::vector<QualityPoint>& points, bool by_rank)
{
    std::set<double> keys, values, both;
    bool equal = true;
    for (const QualityPoint& point : points) {
        const auto [k, v] = numbersOf(point, by_rank);
        keys.insert(k);
        values.insert(v);
        equal = equal && k == v;
        both.insert(std::max(k, v));
    }
    return points.size() > 1 && (keys.size() == 1 || values.size() == 1 || equal)
        && std::max(keys.size(), values.size()) == points.size();
}

} // namespace

RowId measurementOf(const Provenance& source) { return source.run.parent_run.value_or(source.run.id); }

std::vector<QualityCurve> qualityCurves(std::span<const QualityRow> rows, const std::set<RowId>& measurements)
{
    struct Group
    {
        Family family;
        bool sweep = false;
        std::vector<QualityPoint> points;
    };
    std::vector<Group> groups;
    std::map<std::tuple<RowId, bool, std::string>, std::size_t> places;
    for (const QualityRow& row : rows) {
        if (!measurements.contains(measurementOf(row.source)) || !row.record.rel_ppl)
            continue;
        Configuration configuration;
        try {
            configuration = parse_configuration(row.record.configuration);
        } catch (const Error&) {
            continue; // of a newer version, whose words this one does not know
        }
        const Family family = familyOf(row, configuration);
        const auto [place, is_new] =
            places.try_emplace({family.measurement, family.by_rank, family.rest}, groups.size());
        if (is_new)
            groups.push_back({family, row.source.run.kind == RunKind::Sweep, {}});
        groups[place->second].points.push_back(pointOf(row, configuration));
    }
    std::vector<QualityCurve> curves;
    for (Group& group : groups) {
        QualityCurve curve;
        const bool joined = group.sweep && isOneCurve(group.points, group.family.by_rank);
        curve.name = toQt(joined || group.points.size() > 1 ? group.family.shown : toStd(group.points.front().config));
        if (measurements.size() > 1)
            curve.name = Text::tr("%1, run %2").arg(curve.name).arg(group.family.measurement);
        const int number = static_cast<int>(curves.size());
        curve.look.colour = number;
        curve.look.marker = number % kMarkers;
        curve.look.dash = number / kCurveColours;
        curve.look.line = joined;
        std::stable_sort(group.points.begin(), group.points.end(), [&group](const auto& a, const auto& b) {
            return numbersOf(a, group.family.by_rank) < numbersOf(b, group.family.by_rank);
        });
        curve.points = std::move(group.points);
        curves.push_back(std::move(curve));
    }
    return curves;
}

} // namespace kvw
