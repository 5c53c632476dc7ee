// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/configuration.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvw::config {

enum class WordClass { Side, Policy, List, Transform, Quantiser, Option };
/// Which sides of the cache a stage may stand on.
enum class AllowedSides { Both, Keys, Values };
enum class Side { Keys, Values };
enum class PolicyWord { Sinks, Window };
enum class OptionWord { Seed, Pooled, Uncentred, Weighted, Fold, Token, Channel, Group, Symmetric };
/// What a transform takes from a calibration for each KV head (docs/moments.md).
enum class FittedFrom {
    Nothing,
    Moments,             ///< of the vectors that are stored
    MomentsAndQueries,   ///< and those of the queries that read them
    MomentsAndOutputGram ///< and the Gram matrix of the output projection
};
/// What a transform stores in place of the vectors, where it is there to see whether a measurement notices.
enum class Canary { None, Zeros, Noise };

/// One row of the table of words, with everything that the rest of the program asks about a word. Parser, printer, help,
/// suggestions, fitting (core/cache/fit.h), the canaries, the form of a sweep, the curves of the page of quality and the
/// tests derive from it.
struct Word
{
    std::string_view text;
    WordClass kind;
    /// Integer quantisers and storage types carry their whole meaning, the others only what they are.
    std::variant<std::monostate, Side, PolicyWord, TransformKind, QuantiserSpec, OptionWord> meaning;
    AllowedSides sides = AllowedSides::Both;
    std::string_view number = {}; ///< what its number is called ("rank"), empty when it takes none
    std::uint64_t least = 0;      ///< the number's range, inclusive
    std::uint64_t most = 0;
    std::string_view options = {}; ///< the options a stage takes, separated by spaces, in the order of the normal form
    std::string_view help = {};    ///< one line

    FittedFrom fitted_from = FittedFrom::Nothing; ///< transforms
    Canary canary = Canary::None;                 ///< transforms
    bool needs_power_of_two = false;              ///< transforms: the head size must be one

    int bits = 0; ///< quantisers: of one stored number, scales apart
    /// Quantisers that differ only in their bits are a family: text = family + bits. Empty for one that stands alone.
    std::string_view family = {};

    bool takes_number() const noexcept { return !number.empty(); }
    bool takes_option(std::string_view option) const noexcept;
    bool stands_on(Side side) const noexcept;
};

inline constexpr int kMaxRank = 4096;         ///< the widest stored row
inline constexpr int kMaxRawTokens = 1 << 20; ///< sinks, window
inline constexpr int kMaxLayer = 9999;

std::span<const Word> words() noexcept;
/// Null when there is no such word in that class.
const Word* find_word(WordClass kind, std::string_view text) noexcept;
const Word& word_of(TransformKind kind);
/// The row with the same kind and bits.
const Word& word_of(const QuantiserSpec& quantiser);
/// The bits that the words of a family have, ascending.
std::vector<int> family_bits(std::string_view family);
/// The word of these classes that is most like `text`, or null when none is near (more than one change in three
/// letters). Letter case does not count; of equals the first in the table.
const Word* nearest_word(std::initializer_list<WordClass> kinds, std::string_view text);
/// `did you mean "int8"?`, or empty.
std::string did_you_mean(const Word* maybe_word);
/// "pca:60", "channel=32": the word with a number in its place, for messages and help.
std::string example(const Word& word);
/// The grammar and all words with their numbers, options and help, for --help.
std::string configuration_help();

} // namespace kvw::config
