// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/sweep_text.h"

#include "core/config/grid.h"
#include "widgets/models/text.h"

#include <QStringList>

namespace kvw {
namespace {

const config::Word* wordOf(const QString& transform)
{
    return config::find_word(config::WordClass::Transform, toStd(transform));
}

QString codecText(const SweepSide& side)
{
    QStringList stages;
    if (!side.transform.isEmpty()) {
        QString text = side.transform;
        const config::Word* word = wordOf(side.transform);
        if (word && word->takes_number())
            text += QLatin1Char(':') + setOf(side.ranks);
        if (word && word->takes_option("weighted") && (side.weighted || side.both_weights))
            text += side.both_weights ? QStringLiteral("(|,weighted)") : QStringLiteral(",weighted");
        stages << text;
    }
    if (const QString bits = setOf(side.bits); !bits.isEmpty())
        stages << sweptFamily() + bits + (side.scale.isEmpty() ? QString() : QLatin1Char(',') + side.scale);
    return stages.join(QLatin1Char('+'));
}

QString item(const char* name, const QString& value)
{
    return value.isEmpty() ? QString() : QLatin1String(name) + QLatin1Char('=') + value;
}

} // namespace

QStringList sweptTransforms(config::Side side)
{
    QStringList out;
    for (const config::Word& word : config::words())
        if (word.kind == config::WordClass::Transform && word.canary == config::Canary::None && word.stands_on(side)
            && std::get<TransformKind>(word.meaning) != TransformKind::Identity)
            out << toQt(word.text);
    return out;
}

QString sweptFamily()
{
    for (const config::Word& word : config::words())
        if (!word.family.empty())
            return toQt(word.family);
    return {};
}

QString sweptBits()
{
    const std::vector<int> bits = config::family_bits(toStd(sweptFamily()));
    QStringList out;
    for (auto each = bits.rbegin(); each != bits.rend(); ++each)
        out << QString::number(*each);
    return out.join(QStringLiteral(", "));
}

QString setOf(const QString& list)
{
    QStringList parts;
    for (const QString& part : list.split(QLatin1Char(',')))
        if (!part.trimmed().isEmpty())
            parts << part.trimmed();
    if (parts.isEmpty())
        return {};
    const QString joined = parts.join(QLatin1Char('|'));
    return parts.size() == 1 && !joined.contains(QStringLiteral("..")) ? joined
                                                                       : QLatin1Char('(') + joined + QLatin1Char(')');
}

QString sweepText(const SweepChoices& choices)
{
    const QString k = item("k", codecText(choices.k)), v = item("v", codecText(choices.v));
    QStringList sides;
    if (choices.together) {
        QStringList both;
        for (const QString& side : {k, v})
            if (!side.isEmpty())
                both << side;
        if (!both.isEmpty())
            sides << both.join(QLatin1Char(' '));
    } else {
        for (const QString& side : {k, v})
            if (!side.isEmpty())
                sides << side;
    }
    QStringList grids;
    for (const QString& side : sides) {
        QStringList items{choices.layers.trimmed().isEmpty()
                              ? side
                              : QStringLiteral("layers[%1]{%2}").arg(setOf(choices.layers), side)};
        for (const QString& more : {item("sinks", setOf(choices.sinks)), item("window", setOf(choices.window))})
            if (!more.isEmpty())
                items << more;
        grids << items.join(QLatin1Char(' '));
    }
    return grids.join(QStringLiteral("; "));
}

SweepSize sizeOf(const QString& grid)
{
    try {
        SweepSize out;
        for (const Configuration& point : expand_grid(toStd(grid)))
            out.configurations.push_back(format(point));
        out.points = static_cast<int>(out.configurations.size());
        return out;
    } catch (const Error& error) {
        return {0, toQt(error.message()), toQt(error.hint()), {}};
    }
}

} // namespace kvw
