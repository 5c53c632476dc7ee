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

constexpr std::string_view kIntegerOptions = "token channel group sym";
constexpr std::uint64_t kMaxSeed = std::numeric_limits<std::uint64_t>::max();

constexpr QuantiserSpec storage(QuantiserKind kind) { return QuantiserSpec{kind, 0, ScaleAxis::Token, 0, false}; }
constexpr QuantiserSpec integer(int bits)
{
    return QuantiserSpec{QuantiserKind::Integer, bits, ScaleAxis::Token, 0, false};
}

constexpr Word transform(std::string_view text, TransformKind kind, std::string_view options, std::string_view help)
{
    return Word{text, WordClass::Transform, kind, AllowedSides::Both, {}, 0, 0, options, help};
}

constexpr Word low_rank(std::string_view text, TransformKind kind, AllowedSides sides, std::string_view options,
                        std::string_view help)
{
    return Word{text, WordClass::Transform, kind, sides, "rank", 1, kMaxRank, options, help};
}

constexpr Word quantiser(std::string_view text, QuantiserSpec meaning, std::string_view options, std::string_view help)
{
    return Word{text, WordClass::Quantiser, meaning, AllowedSides::Both, {}, 0, 0, options, help};
}

constexpr Word policy(std::string_view text, PolicyWord meaning, std::string_view help)
{
    return Word{text, WordClass::Policy, meaning, AllowedSides::Both, "number of tokens", 0, kMaxRawTokens, {}, help};
}

constexpr Word flag(std::string_view text, OptionWord meaning, std::string_view help)
{
    return Word{text, WordClass::Option, meaning, AllowedSides::Both, {}, 0, 0, {}, help};
}

constexpr Word not_built(WordClass kind, std::string_view text, std::string_view help)
{
    return Word{text, kind, NotBuilt{}, AllowedSides::Both, {}, 0, 0, {}, help};
}

// Of equally near words a suggestion takes the first, so the commonest stand first.
constexpr std::array kWords = {
    Word{"k", WordClass::Side, Side::Keys, AllowedSides::Keys, {}, 0, 0, {}, "codec of the keys"},
    Word{"v", WordClass::Side, Side::Values, AllowedSides::Values, {}, 0, 0, {}, "codec of the values"},
    not_built(WordClass::Side, "c", "codec of a latent that keys and values share"),

    policy("sinks", PolicyWord::Sinks, "the first positions, stored raw"),
    policy("window", PolicyWord::Window, "the most recent positions, stored raw"),
    not_built(WordClass::Policy, "sliding", "drop tokens older than this"),
    not_built(WordClass::Policy, "pages", "lay tokens out in blocks"),

    Word{"layers",
         WordClass::List,
         std::monostate{},
         AllowedSides::Both,
         "layer",
         0,
         kMaxLayer,
         {},
         "other settings for these layers; a later list wins"},

    transform("identity", TransformKind::Identity, "", "the vector itself"),
    low_rank("pca", TransformKind::Pca, AllowedSides::Both, "pooled uncentred weighted fold",
             "principal components of the calibrated vectors, one basis per KV head"),
    low_rank("kq", TransformKind::Kq, AllowedSides::Keys, "weighted", "basis that keeps the query-key products"),
    low_rank("out", TransformKind::Out, AllowedSides::Values, "weighted fold",
             "basis that keeps the attention's output"),
    low_rank("random", TransformKind::Random, AllowedSides::Both, "seed fold",
             "random orthonormal basis, not calibrated"),
    transform("hadamard", TransformKind::Hadamard, "seed", "Hadamard rotation with random signs; full rank"),
    transform("rotate", TransformKind::Rotate, "seed", "random rotation; full rank"),
    transform("zero", TransformKind::Zero, "", "canary: stores zeros"),
    transform("noise", TransformKind::Noise, "seed", "canary: stores noise"),
    not_built(WordClass::Transform, "kvtc", "principal components across layers"),

    quantiser("int8", integer(8), kIntegerOptions, "8-bit integers with a scale and a zero point"),
    quantiser("int4", integer(4), kIntegerOptions, "4-bit integers"),
    quantiser("int3", integer(3), kIntegerOptions, "3-bit integers"),
    quantiser("int2", integer(2), kIntegerOptions, "2-bit integers"),
    quantiser("bf16", storage(QuantiserKind::Bf16), "", "bfloat16"),
    quantiser("fp16", storage(QuantiserKind::Fp16), "", "IEEE half precision"),
    quantiser("fp32", storage(QuantiserKind::Fp32), "", "IEEE single precision"),
    not_built(WordClass::Quantiser, "lloyd4", "4-bit codebook for normal numbers"),
    not_built(WordClass::Quantiser, "lloyd3", "3-bit codebook"),
    not_built(WordClass::Quantiser, "lloyd2", "2-bit codebook"),
    not_built(WordClass::Quantiser, "water", "bits allocated to components"),

    Word{"seed",
         WordClass::Option,
         OptionWord::Seed,
         AllowedSides::Both,
         "seed",
         0,
         kMaxSeed,
         {},
         "which random numbers; 0 when not said"},
    flag("pooled", OptionWord::Pooled, "one basis for all KV heads of a layer"),
    flag("uncentred", OptionWord::Uncentred, "no mean is taken off"),
    flag("weighted", OptionWord::Weighted, "moments weighted by the attention that a token receives"),
    flag("fold", OptionWord::Fold, "values only: the basis is multiplied into the model's weights"),
    flag("token", OptionWord::Token, "one scale per token and head (when nothing is said)"),
    Word{"channel",
         WordClass::Option,
         OptionWord::Channel,
         AllowedSides::Both,
         "number of tokens",
         1,
         4096,
         {},
         "one scale per channel and this many consecutive tokens"},
    Word{"group",
         WordClass::Option,
         OptionWord::Group,
         AllowedSides::Both,
         "number of channels",
         1,
         kMaxRank,
         {},
         "one scale per token and this many neighbouring channels"},
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

std::span<const Word> words() noexcept { return kWords; }

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
                "bits are 2, 3, 4 or 8");
}

const Word* nearest_word(std::initializer_list<WordClass> kinds, std::string_view text)
{
    constexpr std::size_t longest = 24; // keeps the cost of a hostile word small
    if (text.size() > longest)
        return nullptr;
    const Word* best = nullptr;
    std::size_t best_distance = text.size() / 3 + 2;
    for (const Word& word : kWords) {
        if (!word.is_built() || std::find(kinds.begin(), kinds.end(), word.kind) == kinds.end())
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
    default:
        return word.takes_number() ? fmt::format("{}:60", word.text) : std::string(word.text);
    }
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
            if (word.kind == kind && word.is_built())
                text += fmt::format("  {:<18} {}{}\n", example(word), word.help, remarks(word));
    }
    return text;
}

} // namespace kvw::config
