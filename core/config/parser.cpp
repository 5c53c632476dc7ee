// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/parser.h"

#include "core/base/utf8.h"
#include "core/config/place.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace kvw::config {
namespace {

std::string describe(const Token& token)
{
    switch (token.kind) {
    case TokenKind::End:
        return "the end of the text";
    case TokenKind::Space:
        return "a space";
    case TokenKind::Word:
    case TokenKind::Mark:
    case TokenKind::Stray:
        break;
    }
    return quoted(token.text);
}

/// For those who write the sets of a grid with braces.
std::string set_hint(const Token& token)
{
    return token.is('{') ? "the sets of a grid are written in parentheses: (a|b|c), (8..64..8)" : "";
}

std::string_view name_of(Side side) { return side == Side::Keys ? "keys" : "values"; }

/// All words of these classes, for messages.
std::string listed(std::initializer_list<WordClass> kinds)
{
    std::vector<std::string_view> texts;
    for (const Word& word : words())
        if (std::find(kinds.begin(), kinds.end(), word.kind) != kinds.end())
            texts.push_back(word.text);
    return fmt::format("{}", fmt::join(texts, ", "));
}

/// What a word like "int9" asks of the family "int".
struct FamilyBits
{
    std::string_view family;
    int bits = 0;
};

std::optional<FamilyBits> bits_of_family(std::string_view text)
{
    constexpr std::size_t most_digits = 6;
    for (const Word& word : words()) {
        if (word.family.empty() || !text.starts_with(word.family))
            continue;
        const std::string_view digits = text.substr(word.family.size());
        FamilyBits out{word.family, 0};
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
        if (digits.size() <= most_digits && error == std::errc() && end == digits.data() + digits.size()
            && out.bits >= 0)
            return out;
    }
    return std::nullopt;
}

/// The word of the family with the nearest bits, and the first of the table where two are as near.
const Word* nearest_of_family(const FamilyBits& wanted)
{
    const Word* best = nullptr;
    for (const Word& word : words())
        if (word.family == wanted.family
            && (!best || std::abs(word.bits - wanted.bits) < std::abs(best->bits - wanted.bits)))
            best = &word;
    return best;
}

/// "2, 3, 4 or 8".
std::string one_of(const std::vector<int>& numbers)
{
    std::string text;
    for (std::size_t i = 0; i < numbers.size(); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : i + 1 == numbers.size() ? " or " : ", ", numbers[i]);
    return text;
}

/// The transforms that stand on this side only.
std::string only_on(Side side)
{
    std::vector<std::string_view> texts;
    for (const Word& word : words())
        if (word.kind == WordClass::Transform && word.sides != AllowedSides::Both && word.stands_on(side))
            texts.push_back(word.text);
    return fmt::format("{}", fmt::join(texts, ", "));
}

bool is_axis(std::string_view option)
{
    const Word* word = find_word(WordClass::Option, option);
    if (!word)
        return false;
    const OptionWord meaning = std::get<OptionWord>(word->meaning);
    return meaning == OptionWord::Token || meaning == OptionWord::Channel || meaning == OptionWord::Group;
}

/// Sorted, disjoint, merged where they touch.
std::vector<LayerRange> merged(std::vector<LayerRange> ranges)
{
    std::sort(ranges.begin(), ranges.end(), [](const LayerRange& a, const LayerRange& b) { return a.first < b.first; });
    std::vector<LayerRange> result;
    for (const LayerRange& range : ranges) {
        if (!result.empty() && range.first <= result.back().last + 1)
            result.back().last = std::max(result.back().last, range.last);
        else
            result.push_back(range);
    }
    return result;
}

} // namespace

Configuration Parser::parse()
{
    const std::string_view text = lexer_.text();
    if (text.size() > kMaxTextBytes)
        throw PlacedError(
            ErrorKind::InvalidArgument, text, 0,
            fmt::format("the configuration has {} bytes, more than the {} allowed", text.size(), kMaxTextBytes));
    LayerOverride top;
    Configuration configuration;
    items(Level::Top, top, &configuration.overrides);
    configuration.k = top.k.value_or(CodecSpec{});
    configuration.v = top.v.value_or(CodecSpec{});
    configuration.sinks = top.sinks.value_or(0);
    configuration.window = top.window.value_or(0);
    return configuration;
}

void Parser::items(Level level, LayerOverride& into, std::vector<LayerOverride>* maybe_lists)
{
    bool alone = false, some = false;
    for (;;) {
        if (lexer_.peek().kind == TokenKind::Space)
            lexer_.next();
        const Token token = lexer_.next();
        if (level == Level::Top ? token.kind == TokenKind::End : token.is('}')) {
            if (level == Level::InsideLayers && !some)
                fail(token, "nothing stands between \"{\" and \"}\"",
                     "say what these layers do, for example layers[0]{k=bf16}");
            return;
        }
        if (token.kind == TokenKind::End)
            fail(token, "a \"}\" is missing at the end");
        if (token.is('}'))
            fail(token, "this \"}\" closes nothing", "layers[0,3-5]{...} is where braces stand");
        refuse_stray(token);
        if (token.kind != TokenKind::Word)
            fail(
                token,
                fmt::format("{} stands where an item was wanted: k=..., v=..., sinks=N, window=N or layers[...]{{...}}",
                            describe(token)));
        if (alone)
            fail(token, "\"identity\" stands alone, and something follows it",
                 "leave out \"identity\": what is not said is stored raw");
        if (level == Level::Top && !some && token.text == word_of(TransformKind::Identity).text
            && !lexer_.peek().is('='))
            alone = true;
        else
            item(token, into, maybe_lists);
        some = true;
        const Token& after = lexer_.peek();
        refuse_stray(after);
        if (after.kind != TokenKind::Space && after.kind != TokenKind::End && !after.is('}'))
            fail(after, fmt::format("{} cannot follow here", describe(after)), "items are separated by spaces");
    }
}

void Parser::item(const Token& word, LayerOverride& into, std::vector<LayerOverride>* maybe_lists)
{
    if (const Word* side = find_word(WordClass::Side, word.text))
        return side_item(word, *side, into);
    if (const Word* policy = find_word(WordClass::Policy, word.text))
        return policy_item(word, *policy, into);
    if (find_word(WordClass::List, word.text)) {
        if (!maybe_lists)
            fail(word, fmt::format("{} cannot stand inside another one", quoted(word.text)));
        maybe_lists->push_back(layer_list(word));
        return;
    }
    const std::initializer_list<WordClass> kinds = {WordClass::Side, WordClass::Policy, WordClass::List};
    std::string hint = did_you_mean(nearest_word(kinds, word.text));
    const bool stage = find_word(WordClass::Transform, word.text) || find_word(WordClass::Quantiser, word.text);
    if (stage)
        hint = fmt::format("a codec belongs to a side: k={0} or v={0}", word.text);
    fail(word, fmt::format("{} is not an item; items are {}", quoted(word.text), listed(kinds)), std::move(hint));
}

void Parser::side_item(const Token& word, const Word& side, LayerOverride& into)
{
    const Side which = std::get<Side>(side.meaning);
    std::optional<CodecSpec>& codec_of_side = which == Side::Keys ? into.k : into.v;
    if (codec_of_side)
        fail(word, fmt::format("{} is given a second time", quoted(word.text)));
    expect('=', word.text);
    codec_of_side = codec(which);
}

void Parser::policy_item(const Token& word, const Word& policy, LayerOverride& into)
{
    std::optional<int>& count = std::get<PolicyWord>(policy.meaning) == PolicyWord::Sinks ? into.sinks : into.window;
    if (count)
        fail(word, fmt::format("{} is given a second time", quoted(word.text)));
    expect('=', word.text);
    count = static_cast<int>(number(policy));
}

LayerOverride Parser::layer_list(const Token& word)
{
    LayerOverride list;
    expect('[', word.text);
    list.layers = merged(layer_ranges(*find_word(WordClass::List, word.text)));
    expect('{', "]");
    items(Level::InsideLayers, list, nullptr);
    return list;
}

std::vector<LayerRange> Parser::layer_ranges(const Word& list)
{
    std::vector<LayerRange> ranges;
    for (;;) {
        const Token start = lexer_.peek();
        LayerRange range;
        range.first = range.last = layer_number(list);
        if (lexer_.peek().is('-')) {
            lexer_.next();
            range.last = layer_number(list);
        }
        if (range.last < range.first)
            fail(start, fmt::format("the layers {}-{} run backwards", range.first, range.last),
                 fmt::format("write {}-{}", range.last, range.first));
        ranges.push_back(range);
        const Token after = lexer_.next();
        if (after.is(']'))
            return ranges;
        refuse_stray(after);
        if (!after.is(','))
            fail(after, fmt::format("{} cannot follow a layer; \",\", \"-\" or \"]\" was wanted", describe(after)));
    }
}

int Parser::layer_number(const Word& list) { return static_cast<int>(number(list)); }

CodecSpec Parser::codec(Side side)
{
    CodecSpec codec;
    std::optional<Token> first_transform, first_quantiser;
    for (;;) {
        const Token token = expect_word("a transform or a quantiser");
        const Word& word = stage_word(token, side, first_transform ? &*first_transform : nullptr,
                                      first_quantiser ? &*first_quantiser : nullptr);
        if (const auto* kind = std::get_if<TransformKind>(&word.meaning)) {
            transform(token, word, *kind, codec);
            first_transform = token;
        } else {
            quantiser(token, word, std::get<QuantiserSpec>(word.meaning), codec);
            first_quantiser = token;
        }
        options(word, codec);
        if (!lexer_.peek().is('+'))
            return codec;
        lexer_.next();
    }
}

const Word& Parser::stage_word(const Token& token, Side side, const Token* maybe_transform,
                               const Token* maybe_quantiser) const
{
    const Word* word = find_word(WordClass::Transform, token.text);
    if (!word)
        word = find_word(WordClass::Quantiser, token.text);
    if (!word)
        fail_unknown_stage(token, maybe_transform, maybe_quantiser);
    const Token* same = word->kind == WordClass::Transform ? maybe_transform : maybe_quantiser;
    if (same)
        fail(token,
             fmt::format("{} is a second {} after {}", quoted(token.text),
                         word->kind == WordClass::Transform ? "transform" : "quantiser", quoted(same->text)),
             "a codec is at most one transform and one quantiser");
    if (!word->stands_on(side))
        fail(token,
             fmt::format("{} works on {} only, and this is the codec of the {}", quoted(token.text),
                         name_of(side == Side::Keys ? Side::Values : Side::Keys), name_of(side)),
             fmt::format("for {} there is {}", name_of(side), only_on(side)));
    return *word;
}

void Parser::fail_unknown_stage(const Token& token, const Token* maybe_transform, const Token* maybe_quantiser) const
{
    // The class that is still free is the one that was meant.
    std::string_view wanted = "neither a transform nor a quantiser";
    const Word* near = nearest_word({WordClass::Transform, WordClass::Quantiser}, token.text);
    if (maybe_transform && !maybe_quantiser) {
        wanted = "not a quantiser";
        near = nearest_word({WordClass::Quantiser}, token.text);
    } else if (maybe_quantiser && !maybe_transform) {
        wanted = "not a transform";
        near = nearest_word({WordClass::Transform}, token.text);
    }
    if (const auto asked = bits_of_family(token.text))
        fail(token,
             fmt::format("{} is not a quantiser: {} bits are out of range ({})", quoted(token.text), asked->bits,
                         one_of(family_bits(asked->family))),
             did_you_mean(nearest_of_family(*asked)));
    if (const Word* option = find_word(WordClass::Option, token.text))
        fail(token, fmt::format("{} is {}", quoted(token.text), wanted),
             fmt::format("it is an option, and those follow a comma: ,{}", example(*option)));
    std::string hint = did_you_mean(near);
    if (hint.empty())
        hint = fmt::format("known are {}", listed({WordClass::Transform, WordClass::Quantiser}));
    fail(token, fmt::format("{} is {}", quoted(token.text), wanted), std::move(hint));
}

void Parser::transform(const Token& token, const Word& word, TransformKind kind, CodecSpec& codec)
{
    codec.transform.kind = kind;
    if (!word.takes_number())
        return no_number(token, word);
    if (!lexer_.peek().is(':'))
        fail(token, fmt::format("{} needs a {}", quoted(token.text), word.number),
             fmt::format("write it as {}", example(word)));
    lexer_.next();
    codec.transform.rank = static_cast<int>(number(word));
}

void Parser::quantiser(const Token& token, const Word& word, const QuantiserSpec& meaning, CodecSpec& codec)
{
    codec.quantiser = meaning;
    no_number(token, word);
}

void Parser::no_number(const Token& token, const Word& word) const
{
    if (lexer_.peek().is(':'))
        fail(lexer_.peek(), fmt::format("{} takes no number", quoted(token.text)),
             word.options.empty() ? std::string() : std::string("options follow a comma"));
}

void Parser::options(const Word& stage, CodecSpec& codec)
{
    std::vector<std::string_view> seen;
    while (lexer_.peek().is(',')) {
        lexer_.next();
        option(expect_word("an option"), stage, seen, codec);
    }
}

void Parser::option(const Token& token, const Word& stage, std::vector<std::string_view>& seen, CodecSpec& codec)
{
    const Word* word = find_word(WordClass::Option, token.text);
    if (!word || !stage.takes_option(token.text)) {
        const Word* near = nearest_word({WordClass::Option}, token.text);
        std::string hint = near && stage.takes_option(near->text) ? did_you_mean(near) : std::string();
        if (hint.empty())
            hint = stage.options.empty() ? fmt::format("{} takes no options", stage.text)
                                         : fmt::format("{} takes {}", stage.text, stage.options);
        fail(token, fmt::format("{} is not an option of {}", quoted(token.text), quoted(stage.text)), std::move(hint));
    }
    if (std::find(seen.begin(), seen.end(), token.text) != seen.end())
        fail(token, fmt::format("the option {} is given a second time", quoted(token.text)));
    std::uint64_t value = 0;
    if (word->takes_number()) {
        if (!lexer_.peek().is('='))
            fail(token, fmt::format("the option {} needs a {}", quoted(token.text), word->number),
                 fmt::format("write it as {}", example(*word)));
        lexer_.next();
        value = number(*word);
    } else if (lexer_.peek().is('=')) {
        fail(lexer_.peek(), fmt::format("the option {} takes no number", quoted(token.text)));
    }
    const bool axis_said = std::any_of(seen.begin(), seen.end(), is_axis);
    apply(token, std::get<OptionWord>(word->meaning), value, axis_said, codec);
    seen.push_back(token.text);
}

void Parser::apply(const Token& token, OptionWord option, std::uint64_t number, bool axis_said, CodecSpec& codec) const
{
    const auto set_axis = [&](ScaleAxis axis) {
        if (axis_said)
            fail(token, fmt::format("{} is a second axis for the scales", quoted(token.text)),
                 "choose one of token, channel=N and group=N");
        codec.quantiser.axis = axis;
        codec.quantiser.size = static_cast<int>(number);
    };
    switch (option) {
    case OptionWord::Seed:
        codec.transform.seed = number;
        break;
    case OptionWord::Pooled:
        codec.transform.pooled = true;
        break;
    case OptionWord::Uncentred:
        codec.transform.uncentred = true;
        break;
    case OptionWord::Weighted:
        codec.transform.weighted = true;
        break;
    case OptionWord::Fold:
        codec.transform.fold = true;
        break;
    case OptionWord::Token:
        set_axis(ScaleAxis::Token);
        break;
    case OptionWord::Channel:
        set_axis(ScaleAxis::Channel);
        break;
    case OptionWord::Group:
        set_axis(ScaleAxis::Group);
        break;
    case OptionWord::Symmetric:
        codec.quantiser.symmetric = true;
        break;
    }
}

std::uint64_t Parser::number(const Word& word)
{
    const Token start = lexer_.next();
    Token digits = start;
    const bool negative = start.is('-');
    if (negative && lexer_.peek().kind == TokenKind::Word)
        digits = lexer_.next();
    refuse_stray(digits);
    if (digits.kind != TokenKind::Word)
        fail(start, fmt::format("a {} is missing here: {} was found", word.number, describe(start)), set_hint(start));
    const std::string shown =
        quoted(lexer_.text().substr(start.offset, digits.offset + digits.text.size() - start.offset));
    const std::string wanted = fmt::format("a whole number from {} to {}", word.least, word.most);
    if (!std::all_of(digits.text.begin(), digits.text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        fail(start, fmt::format("{} is not a {}: {} was wanted", shown, word.number, wanted),
             digits.text.find("..") != std::string_view::npos ? "a range of a grid stands in parentheses: (8..64..8)"
                                                              : "");
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.text.data(), digits.text.data() + digits.text.size(), value);
    if (negative || error != std::errc() || value < word.least || value > word.most)
        fail(start,
             fmt::format("the {} {} of {} is out of range: {} was wanted", word.number, shown, quoted(word.text),
                         wanted));
    return value;
}

void Parser::expect(char mark, std::string_view where)
{
    const Token token = lexer_.next();
    refuse_stray(token);
    if (!token.is(mark))
        fail(token, fmt::format("\"{}\" must follow {}, and {} was found", mark, quoted(where), describe(token)));
}

Token Parser::expect_word(std::string_view missing)
{
    const Token token = lexer_.next();
    refuse_stray(token);
    if (token.kind != TokenKind::Word)
        fail(token, fmt::format("{} is missing here: {} was found", missing, describe(token)), set_hint(token));
    return token;
}

void Parser::fail(const Token& token, std::string sentence, std::string hint) const
{
    throw PlacedError(ErrorKind::InvalidArgument, lexer_.text(), token.offset, std::move(sentence), std::move(hint));
}

void Parser::refuse_stray(const Token& token) const
{
    if (token.kind != TokenKind::Stray)
        return;
    const auto byte = static_cast<unsigned char>(token.text.front());
    if (!utf8::decode_at(token.text, 0).valid)
        fail(token, fmt::format("the byte 0x{:02X} is not UTF-8", byte));
    if (byte < 0x20 || byte == 0x7F)
        fail(token, fmt::format("the control character 0x{:02X} cannot stand in a configuration", byte),
             "separate items by spaces");
    if (byte >= 0x80)
        fail(token, fmt::format("{} is not ASCII, and a configuration is", quoted(token.text)));
    fail(token, fmt::format("{} has no meaning in a configuration", quoted(token.text)));
}

} // namespace kvw::config
