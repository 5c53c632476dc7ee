// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/configuration.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace kvw::config {

enum class WordClass { Side, Policy, List, Transform, Quantiser, Option };
/// Which sides of the cache a stage may stand on.
enum class AllowedSides { Both, Keys, Values };
enum class Side { Keys, Values };
enum class PolicyWord { Sinks, Window };
enum class OptionWord { Seed, Pooled, Uncentred, Weighted, Fold, Token, Channel, Group, Symmetric };
/// A word of the grammar that this version reads only to say that it cannot do it.
struct NotBuilt
{};

/// One row of the table of words. Parser, printer, help text and suggestions are derived from it.
struct Word
{
    std::string_view text;
    WordClass kind;
    /// Integer quantisers and storage types carry their whole meaning, the others only what they are.
    std::variant<std::monostate, NotBuilt, Side, PolicyWord, TransformKind, QuantiserSpec, OptionWord> meaning;
    AllowedSides sides = AllowedSides::Both;
    std::string_view number = {}; ///< what its number is called ("rank"), empty when it takes none
    std::uint64_t least = 0;      ///< the number's range, inclusive
    std::uint64_t most = 0;
    std::string_view options = {}; ///< the options a stage takes, separated by spaces, in the order of the normal form
    std::string_view help = {};    ///< one line

    bool takes_number() const noexcept { return !number.empty(); }
    bool is_built() const noexcept { return !std::holds_alternative<NotBuilt>(meaning); }
    bool takes_option(std::string_view option) const noexcept;
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
/// The word of these classes that is most like `text`, or null when none is near (more than one change in three
/// letters). Letter case does not count; of equals the first in the table; words that are not built are left out.
const Word* nearest_word(std::initializer_list<WordClass> kinds, std::string_view text);
/// `did you mean "int8"?`, or empty.
std::string did_you_mean(const Word* maybe_word);
/// "pca:60", "channel=32": the word with a number in its place, for messages and help.
std::string example(const Word& word);
/// The grammar and all words with their numbers, options and help, for --help.
std::string configuration_help();

} // namespace kvw::config
