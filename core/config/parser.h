// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/configuration.h"
#include "core/config/lexer.h"
#include "core/config/words.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvw::config {

/// Reads one configuration text by recursive descent; every way out but success is a PlacedError.
class Parser
{
public:
    explicit Parser(std::string_view text) : lexer_(text) {}
    Configuration parse();

private:
    enum class Level { Top, InsideLayers };

    void items(Level level, LayerOverride& into, std::vector<LayerOverride>* maybe_lists);
    void item(const Token& word, LayerOverride& into, std::vector<LayerOverride>* maybe_lists);
    void side_item(const Token& word, const Word& side, LayerOverride& into);
    void policy_item(const Token& word, const Word& policy, LayerOverride& into);
    LayerOverride layer_list(const Token& word);
    std::vector<LayerRange> layer_ranges(const Word& list);
    int layer_number(const Word& list);

    CodecSpec codec(Side side);
    void transform(const Token& token, const Word& word, TransformKind kind, CodecSpec& codec);
    void quantiser(const Token& token, const Word& word, const QuantiserSpec& meaning, CodecSpec& codec);
    const Word& stage_word(const Token& token, Side side, const Token* maybe_transform,
                           const Token* maybe_quantiser) const;
    void options(const Word& stage, CodecSpec& codec);
    void option(const Token& token, const Word& stage, std::vector<std::string_view>& seen, CodecSpec& codec);
    void apply(const Token& token, OptionWord option, std::uint64_t number, bool axis_said, CodecSpec& codec) const;
    void no_number(const Token& token, const Word& word) const;

    /// The number that stands next, with its sign if it has one, within the word's range.
    std::uint64_t number(const Word& word);
    void expect(char mark, std::string_view where);
    /// The next word; `missing` says what should stand here.
    Token expect_word(std::string_view missing);
    [[noreturn]] void fail(const Token& token, std::string sentence, std::string hint = {}) const;
    [[noreturn]] void fail_unknown_stage(const Token& token, const Token* maybe_transform,
                                         const Token* maybe_quantiser) const;
    /// Fails when the token is a character that no configuration has.
    void refuse_stray(const Token& token) const;

    Lexer lexer_;
};

} // namespace kvw::config
