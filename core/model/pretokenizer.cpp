// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/pretokenizer.h"

#include "core/base/error.h"
#include "core/model/bpe_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvw {
namespace {

using Span = Regex::Span;

/// What becomes of the delimiters, the spans that match.
enum class Behavior { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous };

/// Grows the last span over the next one while they belong together, else begins another.
template<typename Together>
void merge_forward(std::vector<Span>& spans, Together together)
{
    std::vector<Span> merged;
    bool previous = false;
    for (const Span& span : spans) {
        if (!merged.empty() && together(previous, span.match))
            merged.back().end = span.end;
        else
            merged.push_back(span);
        previous = span.match;
    }
    spans = std::move(merged);
}

void merge_with_next(std::vector<Span>& spans)
{
    std::vector<Span> merged;
    bool following = false;
    std::reverse(spans.begin(), spans.end());
    for (const Span& span : spans) {
        if (!merged.empty() && span.match && !following)
            merged.back().begin = span.begin;
        else
            merged.push_back(span);
        following = span.match;
    }
    spans.assign(merged.rbegin(), merged.rend());
}

void apply_behavior(std::vector<Span>& spans, Behavior behavior)
{
    switch (behavior) {
    case Behavior::Isolated:
        break;
    case Behavior::Removed:
        std::erase_if(spans, [](const Span& span) { return span.match; });
        break;
    case Behavior::MergedWithPrevious:
        merge_forward(spans, [](bool previous, bool match) { return match && !previous; });
        break;
    case Behavior::MergedWithNext:
        merge_with_next(spans);
        break;
    case Behavior::Contiguous:
        merge_forward(spans, [](bool previous, bool match) { return match == previous; });
        break;
    }
}

/// Cuts every piece by a pattern.
class Split final : public PreTokenizer
{
public:
    Split(Regex regex, Behavior behavior, bool invert) : regex_(std::move(regex)), behavior_(behavior), invert_(invert)
    {}

    void apply(Pieces& pieces) const override
    {
        std::vector<Piece> out;
        std::vector<Span> spans;
        out.reserve(pieces.list.size());
        for (const Piece& piece : pieces.list)
            cut(piece, spans, out);
        pieces.list = std::move(out);
    }

    void cut(const Piece& piece, std::vector<Span>& spans, std::vector<Piece>& out) const
    {
        regex_.spans(piece.text, spans);
        if (invert_) {
            for (Span& span : spans)
                span.match = !span.match;
        }
        apply_behavior(spans, behavior_);
        for (const Span& span : spans) {
            if (span.begin < span.end)
                out.push_back(
                    {piece.text.substr(span.begin, span.end - span.begin), piece.at_start && span.begin == 0});
        }
    }

private:
    Regex regex_;
    Behavior behavior_;
    bool invert_;
};

/// GPT-2's pattern, then every byte as one visible character.
class ByteLevel final : public PreTokenizer
{
public:
    ByteLevel(bool add_prefix_space, bool use_regex) : add_prefix_space_(add_prefix_space)
    {
        if (use_regex)
            split_ = std::make_unique<const Split>(
                Regex(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"),
                Behavior::Isolated, false);
    }

    void apply(Pieces& pieces) const override
    {
        if (add_prefix_space_) {
            for (Piece& piece : pieces.list) {
                if (!piece.text.starts_with(' '))
                    piece.text = pieces.keep(std::string(1, ' ').append(piece.text));
            }
        }
        if (split_)
            split_->apply(pieces);
        std::size_t bytes = 0;
        for (const Piece& piece : pieces.list)
            bytes += piece.text.size();
        std::string& mapped = pieces.owned.emplace_back();
        mapped.reserve(2 * bytes); // views into it are taken while it grows
        for (Piece& piece : pieces.list) {
            const std::size_t begin = mapped.size();
            append_byte_characters(mapped, piece.text);
            piece.text = std::string_view(mapped.data() + begin, mapped.size() - begin);
        }
    }

private:
    bool add_prefix_space_;
    std::unique_ptr<const Split> split_;
};

/// Spaces become a visible character (SentencePiece), which begins a word.
class Metaspace final : public PreTokenizer
{
public:
    enum class Prepend { Always, First, Never };

    Metaspace(std::string replacement, Prepend prepend, bool split)
        : replacement_(std::move(replacement)),
          prepend_(prepend),
          space_(Regex::literal(" "))
    {
        if (split)
            split_ = std::make_unique<const Split>(Regex::literal(replacement_), Behavior::MergedWithNext, false);
    }

    void apply(Pieces& pieces) const override
    {
        for (Piece& piece : pieces.list) {
            std::string text = space_.replace(piece.text, replacement_);
            const bool wanted = prepend_ == Prepend::Always || (prepend_ == Prepend::First && piece.at_start);
            if (wanted && !text.starts_with(replacement_))
                text.insert(0, replacement_);
            piece.text = pieces.keep(std::move(text));
        }
        if (split_)
            split_->apply(pieces);
    }

private:
    std::string replacement_;
    Prepend prepend_;
    Regex space_;
    std::unique_ptr<const Split> split_;
};

class Sequence final : public PreTokenizer
{
public:
    explicit Sequence(std::vector<std::unique_ptr<const PreTokenizer>> parts) : parts_(std::move(parts)) {}

    void apply(Pieces& pieces) const override
    {
        for (const auto& part : parts_)
            part->apply(pieces);
    }

private:
    std::vector<std::unique_ptr<const PreTokenizer>> parts_;
};

Behavior read_behavior(const JsonPlace& json)
{
    const std::string& name = json.text();
    if (name == "Isolated")
        return Behavior::Isolated;
    if (name == "Removed")
        return Behavior::Removed;
    if (name == "MergedWithPrevious")
        return Behavior::MergedWithPrevious;
    if (name == "MergedWithNext")
        return Behavior::MergedWithNext;
    if (name == "Contiguous")
        return Behavior::Contiguous;
    json.wrong(fmt::format("\"{}\"", name), "Isolated, Removed, MergedWithPrevious, MergedWithNext or Contiguous");
}

std::unique_ptr<const PreTokenizer> make_metaspace(const JsonPlace& json)
{
    using Prepend = Metaspace::Prepend;
    const std::string replacement = json.find("replacement") ? json.at("replacement").text() : "\u2581";
    Prepend prepend = json.flag("add_prefix_space", true) ? Prepend::Always : Prepend::Never;
    if (const auto scheme = json.find("prepend_scheme")) {
        const std::string& name = scheme->text();
        if (name != "always" && name != "first" && name != "never")
            scheme->wrong(fmt::format("\"{}\"", name), "always, first or never");
        prepend = name == "always" ? Prepend::Always : name == "first" ? Prepend::First : Prepend::Never;
    }
    return std::make_unique<Metaspace>(replacement, prepend, json.flag("split", true));
}

std::unique_ptr<const PreTokenizer> make_sequence(const JsonPlace& json)
{
    std::vector<std::unique_ptr<const PreTokenizer>> parts;
    for (const JsonPlace& part : json.at("pretokenizers").list())
        parts.push_back(make_pre_tokenizer(part));
    return std::make_unique<Sequence>(std::move(parts));
}

} // namespace

Regex read_pattern(const JsonPlace& json)
{
    if (const auto text = json.find("String"))
        return Regex::literal(text->text());
    return Regex(json.at("Regex").text());
}

std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonPlace& json)
{
    const std::string& type = json.type();
    const auto split = [](std::string_view pattern, Behavior behavior, bool invert) {
        return std::make_unique<Split>(Regex(pattern), behavior, invert);
    };
    if (type == "Sequence")
        return make_sequence(json);
    if (type == "ByteLevel")
        return std::make_unique<ByteLevel>(json.flag("add_prefix_space", true), json.flag("use_regex", true));
    if (type == "Split")
        return std::make_unique<Split>(read_pattern(json.at("pattern")), read_behavior(json.at("behavior")),
                                       json.flag("invert", false));
    if (type == "Digits") // the two ranges came with Unicode 17, which the Rust library that counts digits knows
        return split(R"([\p{N}\x{11de0}-\x{11de9}\x{16ff4}-\x{16ff6}])",
                     json.flag("individual_digits", false) ? Behavior::Isolated : Behavior::Contiguous, false);
    if (type == "Metaspace")
        return make_metaspace(json);
    if (type == "WhitespaceSplit")
        return split(R"(\s)", Behavior::Removed, false);
    json.unsupported(fmt::format("pre-tokenizer \"{}\"", type),
                     "ByteLevel, Split, Digits, Metaspace, WhitespaceSplit, Sequence");
}

} // namespace kvw
