// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/words.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace kvw::config {
namespace {

constexpr std::uint64_t kMaxSeed = std::numeric_limits<std::uint64_t>::max();

constexpr Word storage(std::string_view text, QuantiserKind kind, int bits, std::string_view help)
{
    return {.text = text,
            .kind = WordClass::Quantiser,
            .meaning = QuantiserSpec{kind, 0, ScaleAxis::Token, 0, false},
            .help = help,
            .bits = bits};
}

constexpr Word integer(std::string_view text, int bits, std::string_view help)
{
    return {.text = text,
            .kind = WordClass::Quantiser,
            .meaning = QuantiserSpec{QuantiserKind::Integer, bits, ScaleAxis::Token, 0, false},
            .options = "token channel group sym",
            .help = help,
            .bits = bits,
            .family = "int"};
}

/// `word` with a rank.
constexpr Word low_rank(Word word)
{
    word.number = "rank";
    word.least = 1;
    word.most = kMaxRank;
    return word;
}

constexpr Word policy(std::string_view text, PolicyWord meaning, std::string_view help)
{
    return {.text = text,
            .kind = WordClass::Policy,
            .meaning = meaning,
            .number = "number of tokens",
            .most = kMaxRawTokens,
            .help = help};
}

constexpr Word flag(std::string_view text, OptionWord meaning, std::string_view help)
{
    return {.text = text, .kind = WordClass::Option, .meaning = meaning, .help = help};
}

// Of equally near words a suggestion takes the first, so the commonest stand first.
constexpr std::array kWords = {
    Word{.text = "k",
         .kind = WordClass::Side,
         .meaning = Side::Keys,
         .sides = AllowedSides::Keys,
         .help = "codec of the keys"},
    Word{.text = "v",
         .kind = WordClass::Side,
         .meaning = Side::Values,
         .sides = AllowedSides::Values,
         .help = "codec of the values"},

    policy("sinks", PolicyWord::Sinks, "the first positions, stored raw"),
    policy("window", PolicyWord::Window, "the most recent positions, stored raw"),

    Word{.text = "layers",
         .kind = WordClass::List,
         .meaning = std::monostate{},
         .number = "layer",
         .most = kMaxLayer,
         .help = "other settings for these layers; a later list wins"},

    Word{.text = "identity",
         .kind = WordClass::Transform,
         .meaning = TransformKind::Identity,
         .help = "the vector itself"},
    low_rank({.text = "pca",
              .kind = WordClass::Transform,
              .meaning = TransformKind::Pca,
              .options = "pooled uncentred weighted fold",
              .help = "principal components of the calibrated vectors, one basis per KV head",
              .fitted_from = FittedFrom::Moments}),
    low_rank({.text = "kq",
              .kind = WordClass::Transform,
              .meaning = TransformKind::Kq,
              .sides = AllowedSides::Keys,
              .options = "weighted",
              .help = "basis that keeps the query-key products",
              .fitted_from = FittedFrom::MomentsAndQueries}),
    low_rank({.text = "out",
              .kind = WordClass::Transform,
              .meaning = TransformKind::Out,
              .sides = AllowedSides::Values,
              .options = "weighted fold",
              .help = "basis that keeps the attention's output",
              .fitted_from = FittedFrom::MomentsAndOutputGram}),
    low_rank({.text = "random",
              .kind = WordClass::Transform,
              .meaning = TransformKind::Random,
              .options = "seed fold",
              .help = "random orthonormal basis, not calibrated"}),
    Word{.text = "hadamard",
         .kind = WordClass::Transform,
         .meaning = TransformKind::Hadamard,
         .options = "seed",
         .help = "Hadamard rotation with random signs; full rank",
         .needs_power_of_two = true},
    Word{.text = "rotate",
         .kind = WordClass::Transform,
         .meaning = TransformKind::Rotate,
         .options = "seed",
         .help = "random rotation; full rank"},
    Word{.text = "zero",
         .kind = WordClass::Transform,
         .meaning = TransformKind::Zero,
         .help = "canary: stores zeros",
         .canary = Canary::Zeros},
    Word{.text = "noise",
         .kind = WordClass::Transform,
         .meaning = TransformKind::Noise,
         .options = "seed",
         .help = "canary: stores noise, of every layer and side its own",
         .canary = Canary::Noise},

    integer("int8", 8, "8-bit integers with a scale and a zero point"),
    integer("int4", 4, "4-bit integers"),
    integer("int3", 3, "3-bit integers"),
    integer("int2", 2, "2-bit integers"),
    storage("bf16", QuantiserKind::Bf16, 16, "bfloat16"),
    storage("fp16", QuantiserKind::Fp16, 16, "IEEE half precision"),
    storage("fp32", QuantiserKind::Fp32, 32, "IEEE single precision"),

    Word{.text = "seed",
         .kind = WordClass::Option,
         .meaning = OptionWord::Seed,
         .number = "seed",
         .most = kMaxSeed,
         .help = "which random numbers; 0 when not said"},
    flag("pooled", OptionWord::Pooled, "one basis for all KV heads of a layer"),
    flag("uncentred", OptionWord::Uncentred, "no mean is taken off"),
    flag("weighted", OptionWord::Weighted, "moments weighted by the attention that a token receives"),
    flag("fold", OptionWord::Fold, "values only: the basis is multiplied into the model's weights"),
    flag("token", OptionWord::Token, "one scale per token and head (when nothing is said)"),
    Word{.text = "channel",
         .kind = WordClass::Option,
         .meaning = OptionWord::Channel,
         .number = "number of tokens",
         .least = 1,
         .most = 4096,
         .help = "one scale per channel and this many consecutive tokens"},
    Word{.text = "group",
         .kind = WordClass::Option,
         .meaning = OptionWord::Group,
         .number = "number of channels",
         .least = 1,
         .most = kMaxRank,
         .help = "one scale per token and this many neighbouring channels"},
    flag("sym", OptionWord::Symmetric, "symmetric around zero, no zero point"),
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Insertions, removals, changes and swaps of neighbours that lead from one word to the other.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j)
        d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

std::string_view title(WordClass kind)
{
    switch (kind) {
    case WordClass::Side:
        return "Sides";
    case WordClass::Policy:
        return "Kept raw";
    case WordClass::List:
        return "Layers";
    case WordClass::Transform:
        return "Transforms";
    case WordClass::Quantiser:
        return "Quantisers";
    case WordClass::Option:
        return "Options";
    }
    return "";
}

std::string remarks(const Word& word)
{
    std::string text;
    if (word.kind != WordClass::Side && word.sides != AllowedSides::Both)
        text += word.sides == AllowedSides::Keys ? "; keys only" : "; values only";
    if (word.takes_number() && word.most != kMaxSeed)
        text += fmt::format("; {} {} to {}", word.number, word.least, word.most);
    if (!word.options.empty())
        text += fmt::format("; takes {}",
                            fmt::join(
                                [&] {
                                    std::vector<std::string_view> taken;
                                    for (const Word& option : kWords)
                                        if (option.kind == WordClass::Option && word.takes_option(option.text))
                                            taken.push_back(option.text);
                                    return taken;
                                }(),
                                ", "));
    return text;
}

} // namespace

bool Word::takes_option(std::string_view option) const noexcept
{
    std::string_view rest = options;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == option)
            return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

bool Word::stands_on(Side side) const noexcept
{
    return sides == AllowedSides::Both || (sides == AllowedSides::Keys) == (side == Side::Keys);
}

std::span<const Word> words() noexcept { return kWords; }

std::vector<int> family_bits(std::string_view family)
{
    std::vector<int> bits;
    for (const Word& word : kWords)
        if (!word.family.empty() && word.family == family)
            bits.push_back(word.bits);
    std::sort(bits.begin(), bits.end());
    return bits;
}

const Word* find_word(WordClass kind, std::string_view text) noexcept
{
    const auto found = std::find_if(kWords.begin(), kWords.end(),
                                    [&](const Word& word) { return word.kind == kind && word.text == text; });
    return found == kWords.end() ? nullptr : &*found;
}

const Word& word_of(TransformKind kind)
{
    for (const Word& word : kWords)
        if (const auto* meaning = std::get_if<TransformKind>(&word.meaning); meaning && *meaning == kind)
            return word;
    throw Error(ErrorKind::Internal, fmt::format("transform {} has no word", static_cast<int>(kind)));
}

const Word& word_of(const QuantiserSpec& quantiser)
{
    for (const Word& word : kWords)
        if (const auto* meaning = std::get_if<QuantiserSpec>(&word.meaning);
            meaning && meaning->kind == quantiser.kind && meaning->bits == quantiser.bits)
            return word;
    throw Error(ErrorKind::InvalidArgument,
                fmt::format("a quantiser of kind {} with {} bits has no word", static_cast<int>(quantiser.kind),
                            quantiser.bits),
                "the quantisers are the rows of core/config/words.cpp");
}

const Word* nearest_word(std::initializer_list<WordClass> kinds, std::string_view text)
{
    constexpr std::size_t longest = 24; // keeps the cost of a hostile word small
    if (text.size() > longest)
        return nullptr;
    const Word* best = nullptr;
    std::size_t best_distance = text.size() / 3 + 2;
    for (const Word& word : kWords) {
        if (std::find(kinds.begin(), kinds.end(), word.kind) == kinds.end())
            continue;
        const std::size_t allowed = std::max(text.size(), word.text.size()) / 3;
        const std::size_t found = distance(text, word.text);
        if (found <= allowed && found < best_distance) {
            best = &word;
            best_distance = found;
        }
    }
    return best;
}

std::string did_you_mean(const Word* maybe_word)
{
    return maybe_word ? fmt::format("did you mean \"{}\"?", maybe_word->text) : std::string();
}

std::string example(const Word& word)
{
    switch (word.kind) {
    case WordClass::Side:
        return fmt::format("{}=CODEC", word.text);
    case WordClass::List:
        return fmt::format("{}[0,3-5]{{...}}", word.text);
    case WordClass::Policy:
        return fmt::format("{}=4", word.text);
    case WordClass::Option:
        return word.takes_number() ? fmt::format("{}={}", word.text, word.least ? 32 : 1) : std::string(word.text);
    case WordClass::Transform:
    case WordClass::Quantiser:
        return word.takes_number() ? fmt::format("{}:60", word.text) : std::string(word.text);
    }
    return {};
}

std::string configuration_help()
{
    std::string text =
        "A configuration is items with spaces between: k=CODEC v=CODEC sinks=N window=N layers[0,3-5]{...}\n"
        "CODEC is a transform, a quantiser, or both with + between; options follow after commas.\n"
        "What is not said is stored as the model made it; \"identity\" is the uncompressed cache.\n"
        "Example: k=kq:56+int8,token v=out:48,weighted+int4,group=16 sinks=4 window=64 layers[0,29]{k=bf16 v=bf16}\n";
    for (const WordClass kind : {WordClass::Side, WordClass::Policy, WordClass::List, WordClass::Transform,
                                 WordClass::Quantiser, WordClass::Option}) {
        text += fmt::format("{}:\n", title(kind));
        for (const Word& word : kWords)
            if (word.kind == kind)
                text += fmt::format("  {:<18} {}{}\n", example(word), word.help, remarks(word));
    }
    return text;
}

} // namespace kvw::config
