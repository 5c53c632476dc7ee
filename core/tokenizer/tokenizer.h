// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

using TokenId = std::int32_t;

/// A BPE tokenizer as tokenizer.json describes it: normaliser, added tokens, pre-tokenizers (PCRE2), merges,
/// post-processor template and decoder. Ids equal those of the Python package `tokenizers` (0.23) on any input; what
/// the file says of truncation and padding is not followed. A component that would give other ids is refused by name.
/// Immutable after loading; any thread may encode and decode.
class Tokenizer
{
public:
    enum class SpecialTokens { None, AsConfigured };

    /// Reads tokenizer.json. Throws Error{BadInput} naming file, key and what was wanted; Error{Unsupported} naming a
    /// component this program does not know; Error{NotFound}.
    static Tokenizer load(const std::filesystem::path& tokenizer_json);

    /// text is UTF-8; throws Error{BadInput} with the byte offset of the first invalid sequence. NUL is a character.
    /// For texts that are too long to hold, or of which the first tokens do: TokenStream (core/tokenizer/token_stream.h).
    /// Linear in the text, n log n in its longest word (1 MB without a space within a second); {Unsupported} over 1
    /// GiB. AsConfigured adds the tokens of the post-processor's template for one text.
    std::vector<TokenId> encode(std::string_view text, SpecialTokens special = SpecialTokens::None) const;
    /// Bytes of the tokens joined; invalid UTF-8 becomes U+FFFD. Special tokens are left out when asked. An id that no
    /// token has (a padded row of the embedding) gives nothing.
    enum class OnSpecial { Keep, Skip };
    std::string decode(std::span<const TokenId> ids, OnSpecial special = OnSpecial::Keep) const;
    /// The raw bytes of one token, for streaming (may be a part of a UTF-8 sequence). With a ByteLevel decoder those of
    /// a row of tokens, joined, are decode() but for U+FFFD. Decoders of the Llama 2 kind also drop the text's first
    /// space.
    std::string token_bytes(TokenId id) const;
    std::optional<TokenId> id_of(std::string_view token) const; ///< content of a vocabulary entry or an added token
    std::int64_t size() const;                                  ///< one more than the largest id

    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

private:
    friend class TokenStream;
    struct Impl;
    explicit Tokenizer(std::unique_ptr<const Impl> impl);
    std::unique_ptr<const Impl> impl_;
};

} // namespace kvw
