// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/words.h"

#include <QStringList>

#include <string>
#include <vector>

namespace kvw {

/// What a person chose for keys or values in the form of a sweep; lists as they were typed.
struct SweepSide
{
    QString transform; ///< "pca", "kq", ...; empty: none
    QString ranks;     ///< "32, 48" or "16..64..8"; ignored where the transform has none
    bool weighted = false, both_weights = false;
    QString bits;  ///< of sweptFamily(): "8, 4"; empty: no quantiser
    QString scale; ///< "" by token, "channel=32", "group=16"
    bool operator==(const SweepSide&) const = default;
};
struct SweepChoices
{
    SweepSide k, v;
    bool together = true; ///< every choice for keys with every one for values; else each side alone
    QString sinks, window, layers;
};

/// The transforms that a sweep of this side can choose from: those of the table of words that compress or rotate.
QStringList sweptTransforms(config::Side side);
/// The quantisers that a sweep runs over by their bits: the first family of the table, "int".
QString sweptFamily();
/// The bits that the family has, for a sentence: "8, 4, 3, 2".
QString sweptBits();

/// "(8|16..64..8)" from "8, 16..64..8"; one number stands for itself; empty for nothing.
QString setOf(const QString& list);
/// The grid in the grammar of docs/configuration.md; it may be wrong where what was typed is.
QString sweepText(const SweepChoices& choices);

/// What a grid stands for, or why it stands for nothing.
struct SweepSize
{
    int points = 0;
    QString problem; ///< with the column in the text
    QString hint;
    std::vector<std::string> configurations; ///< normal forms
};
SweepSize sizeOf(const QString& grid);

} // namespace kvw
