// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/text/text_file.h"
#include "core/tokenizer/tokenizer_impl.h"

#include <fmt/format.h>

#include <utility>

namespace kvw {
namespace {

/// Longer words are not remembered: they hardly come twice.
constexpr std::size_t kLongestRemembered = 256;
/// More words are not remembered either; then it begins anew. Some MB.
constexpr std::size_t kMostRemembered = 1 << 15;

nlohmann::json parse_file(const std::filesystem::path& path)
{
    const std::string text = read_bytes(path);
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& error) {
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: {} bytes that are not JSON: {}", path.string(), text.size(), error.what()),
                    "take the file from the model's own folder again");
    }
}

} // namespace

void WordIds::encode(const Bpe& model, std::string_view word, std::vector<TokenId>& out)
{
    if (word.size() > kLongestRemembered)
        return model.encode(word, out, scratch);
    if (const auto found = remembered_.find(word); found != remembered_.end()) {
        const Range range = found->second;
        for (std::size_t i = 0; i < range.count; ++i)
            out.push_back(out[range.begin + i]);
        return;
    }
    const std::size_t begin = out.size();
    model.encode(word, out, scratch);
    if (remembered_.size() >= kMostRemembered)
        remembered_.clear();
    remembered_.emplace(word, Range{begin, out.size() - begin});
}

/// What one call of encode() writes to.
struct Tokenizer::Impl::Work
{
    std::vector<TokenId> ids;
    Pieces pieces;
    WordIds words;
};

Tokenizer::Impl::Impl(const JsonPlace& json) : model(json.at("model"))
{
    if (const auto part = json.find("normalizer"))
        normaliser = make_normaliser(*part);
    if (const auto part = json.find("pre_tokenizer"))
        pre_tokenizer = make_pre_tokenizer(*part);
    if (const auto part = json.find("post_processor"))
        frame = read_token_frame(*part);
    if (const auto part = json.find("decoder"))
        decoder = make_token_decoder(*part);
    const auto remember = [this](TokenId id, const std::string& token, bool special) {
        const auto at = static_cast<std::size_t>(id);
        if (known.size() <= at)
            known.resize(at + 1);
        known[at] = {token, true, special};
    };
    for (const auto& [token, id] : model.entries())
        remember(id, token, false);
    if (const auto part = json.find("added_tokens")) {
        for (const AddedToken& token : read_added_tokens(*part, model)) {
            // Decoding spells a token as it was searched for, as `tokenizers` 0.23 does.
            const std::string text = token.normalized && normaliser ? normaliser->apply(token.content) : token.content;
            remember(token.id, text, token.special);
            added.emplace(token.content, token.id);
            (token.normalized ? normalised : plain).add(text, token);
        }
    }
    if (known.empty())
        json.at("model").at("vocab").wrong("no entries", "a vocabulary");
}

const Tokenizer::Impl::Known* Tokenizer::Impl::find(TokenId id) const
{
    if (id < 0 || static_cast<std::size_t>(id) >= known.size() || !known[static_cast<std::size_t>(id)].exists)
        return nullptr;
    return &known[static_cast<std::size_t>(id)];
}

void Tokenizer::Impl::encode_words(std::string_view text, bool at_start, Work& work) const
{
    work.pieces.list.assign(1, {text, at_start});
    if (pre_tokenizer)
        pre_tokenizer->apply(work.pieces);
    for (const Piece& piece : work.pieces.list)
        work.words.encode(model, piece.text, work.ids);
}

void Tokenizer::Impl::encode_text(std::string_view text, bool at_start, Work& work) const
{
    if (normaliser)
        text = work.pieces.keep(normaliser->apply(std::string(text)));
    std::vector<AddedTokenFinder::Part> parts;
    normalised.cut(text, parts);
    for (const auto& part : parts) {
        if (part.id >= 0)
            work.ids.push_back(part.id);
        else
            encode_words(text.substr(part.begin, part.end - part.begin), at_start && part.begin == 0, work);
    }
}

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& tokenizer_json)
{
    const nlohmann::json document = parse_file(tokenizer_json);
    return Tokenizer(std::make_unique<const Impl>(JsonPlace(document, tokenizer_json.string())));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens special) const
{
    if (text.size() > kLargestText)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("a text of {} bytes; at most {} are encoded at once", text.size(), kLargestText),
                    "split the text");
    if (const auto offset = utf8::first_invalid(text))
        throw Error(ErrorKind::BadInput, fmt::format("the text is not valid UTF-8 at byte {}", *offset),
                    "convert it to UTF-8");
    Impl::Work work;
    if (special == SpecialTokens::AsConfigured)
        work.ids = impl_->frame.before;
    std::vector<AddedTokenFinder::Part> parts;
    impl_->plain.cut(text, parts);
    for (const auto& part : parts) {
        if (part.id >= 0)
            work.ids.push_back(part.id);
        else
            impl_->encode_text(text.substr(part.begin, part.end - part.begin), part.begin == 0, work);
    }
    if (special == SpecialTokens::AsConfigured)
        work.ids.insert(work.ids.end(), impl_->frame.after.begin(), impl_->frame.after.end());
    return std::move(work.ids);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, OnSpecial special) const
{
    std::vector<std::string> tokens;
    tokens.reserve(ids.size());
    for (const TokenId id : ids) {
        const Impl::Known* token = impl_->find(id);
        if (token != nullptr && !(token->special && special == OnSpecial::Skip))
            tokens.push_back(token->token);
    }
    const std::string_view separator = impl_->decoder ? "" : " ";
    if (impl_->decoder)
        impl_->decoder->apply(tokens);
    std::string text;
    for (const std::string& token : tokens) {
        if (&token != tokens.data())
            text += separator;
        text += token;
    }
    return text;
}

std::string Tokenizer::token_bytes(TokenId id) const
{
    const Impl::Known* token = impl_->find(id);
    if (token == nullptr)
        return {};
    return impl_->decoder ? impl_->decoder->alone(token->token) : token->token;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const
{
    const auto found = impl_->added.find(std::string(token));
    return found != impl_->added.end() ? std::optional(found->second) : impl_->model.id_of(token);
}

std::int64_t Tokenizer::size() const { return static_cast<std::int64_t>(impl_->known.size()); }

} // namespace kvw
