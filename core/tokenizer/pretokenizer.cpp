// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pretokenizer.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/tokenizer/bpe_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvw {
namespace {

using Span = Regex::Span;

/// What becomes of the delimiters, the spans that match.
enum class Behavior { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous };

/// Whether a span belongs to the same piece as the one before it.
bool together(Behavior behavior, bool previous_matches, bool matches)
{
    switch (behavior) {
    case Behavior::Isolated:
    case Behavior::Removed:
        return false;
    case Behavior::MergedWithPrevious:
        return matches && !previous_matches;
    case Behavior::MergedWithNext:
        return previous_matches && !matches;
    case Behavior::Contiguous:
        return matches == previous_matches;
    }
    return false;
}

void apply_behavior(std::vector<Span>& spans, Behavior behavior)
{
    if (behavior == Behavior::Isolated)
        return;
    std::vector<Span> merged;
    bool previous = false;
    for (const Span& span : spans) {
        if (!merged.empty() && together(behavior, previous, span.match))
            merged.back().end = span.end;
        else
            merged.push_back(span);
        previous = span.match;
    }
    if (behavior == Behavior::Removed)
        std::erase_if(merged, [](const Span& span) { return span.match; });
    spans = std::move(merged);
}

/// Cuts every piece by a pattern.
class Split final : public PreTokenizer
{
public:
    Split(Regex regex, Behavior behavior, bool invert) : regex_(std::move(regex)), behavior_(behavior), invert_(invert)
    {}

    std::unique_ptr<PieceStage> stage() const override;

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
    class Stage;

    Regex regex_;
    Behavior behavior_;
    bool invert_;
};

class Split::Stage final : public PieceStage
{
public:
    explicit Stage(const Split& split) : split_(split), scan_(split.regex_) {}

    void apply(Pieces& pieces) override
    {
        out_.clear();
        listed_ = false;
        for (const Piece& piece : pieces.list) {
            if (piece.begins && piece.ends)
                split_.cut(piece, spans_, out_);
            else
                part(piece);
        }
        pieces.list.swap(out_);
    }

private:
    void part(const Piece& piece)
    {
        if (piece.begins) {
            scan_.begin();
            at_start_ = piece.at_start;
            any_span_ = false;
        }
        scan_.feed(piece.text, piece.ends, parts_);
        for (const RegexScan::Part& part : parts_)
            span(part);
        if (piece.ends)
            end_piece();
    }

    void span(const RegexScan::Part& part)
    {
        const bool match = part.match != split_.invert_;
        const Behavior behavior = split_.behavior_;
        if (part.begins) {
            if (!any_span_ || !together(behavior, previous_, match))
                end_piece();
            any_span_ = true;
            previous_ = match;
        }
        if (!part.text.empty() && !(match && behavior == Behavior::Removed))
            add(part);
        if (part.ends && (behavior == Behavior::Isolated || behavior == Behavior::Removed)) // nothing can join it
            end_piece();
    }

    void add(const RegexScan::Part& part)
    {
        if (open_ && listed_) {
            Piece& last = out_.back(); // spans that belong together stand side by side in the scan's buffer
            last.text = std::string_view(last.text.data(), last.text.size() + part.text.size());
            return;
        }
        out_.push_back({part.text, !open_ && at_start_ && part.position == 0, !open_, false});
        open_ = listed_ = true;
    }

    void end_piece()
    {
        if (!open_)
            return;
        if (listed_)
            out_.back().ends = true;
        else
            out_.push_back({std::string_view(), false, false, true});
        open_ = listed_ = false;
    }

    const Split& split_;
    RegexScan scan_;
    std::vector<RegexScan::Part> parts_;
    std::vector<Span> spans_;
    std::vector<Piece> out_;
    bool at_start_ = false; ///< of the piece that is being cut
    bool any_span_ = false;
    bool previous_ = false; ///< whether the last span was a delimiter
    bool open_ = false;     ///< a piece was written out without its end
    bool listed_ = false;   ///< and it is the last of out_
};

std::unique_ptr<PieceStage> Split::stage() const { return regex_.scans() ? std::make_unique<Stage>(*this) : nullptr; }

/// Between what is done to the pieces before a split and after it.
class AroundSplit : public PreTokenizer
{
public:
    void apply(Pieces& pieces) const final
    {
        before(pieces);
        if (split_)
            split_->apply(pieces);
        after(pieces);
    }

    std::unique_ptr<PieceStage> stage() const override
    {
        std::unique_ptr<PieceStage> split = split_ ? split_->stage() : nullptr;
        return split_ && !split ? nullptr : std::make_unique<Stage>(*this, std::move(split));
    }

protected:
    explicit AroundSplit(std::unique_ptr<const Split> maybe_split) : split_(std::move(maybe_split)) {}

    /// Both look at one character of a piece at a time, and at its beginning: parts of pieces are like whole ones.
    virtual void before(Pieces& pieces) const = 0;
    virtual void after(Pieces&) const {}

private:
    class Stage final : public PieceStage
    {
    public:
        Stage(const AroundSplit& owner, std::unique_ptr<PieceStage> maybe_split)
            : owner_(owner),
              split_(std::move(maybe_split))
        {}
        void apply(Pieces& pieces) override
        {
            owner_.before(pieces);
            if (split_)
                split_->apply(pieces);
            owner_.after(pieces);
        }

    private:
        const AroundSplit& owner_;
        std::unique_ptr<PieceStage> split_;
    };

    std::unique_ptr<const Split> split_;
};

/// GPT-2's pattern, then every byte as one visible character.
class ByteLevel final : public AroundSplit
{
public:
    ByteLevel(bool add_prefix_space, bool use_regex)
        : AroundSplit(use_regex ? std::make_unique<const Split>(Regex(kPattern), Behavior::Isolated, false) : nullptr),
          add_prefix_space_(add_prefix_space)
    {}

private:
    static constexpr std::string_view kPattern =
        R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

    void before(Pieces& pieces) const override
    {
        if (!add_prefix_space_)
            return;
        for (Piece& piece : pieces.list) {
            if (piece.begins && !piece.text.starts_with(' '))
                piece.text = pieces.keep(std::string(1, ' ').append(piece.text));
        }
    }

    void after(Pieces& pieces) const override
    {
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

    bool add_prefix_space_;
};

/// Spaces become a visible character (SentencePiece), which begins a word.
class Metaspace final : public AroundSplit
{
public:
    enum class Prepend { Always, First, Never };

    Metaspace(const std::string& replacement, Prepend prepend, bool split)
        : AroundSplit(split
                          ? std::make_unique<const Split>(Regex::literal(replacement), Behavior::MergedWithNext, false)
                          : nullptr),
          replacement_(replacement),
          prepend_(prepend),
          space_(Regex::literal(" "))
    {}

    std::unique_ptr<PieceStage> stage() const override
    {
        // Whether a piece begins with several characters, its first part may not say.
        const bool one = !replacement_.empty() && utf8::decode_at(replacement_, 0).bytes == replacement_.size();
        return one ? AroundSplit::stage() : nullptr;
    }

private:
    void before(Pieces& pieces) const override
    {
        for (Piece& piece : pieces.list) {
            std::string text = space_.replace(piece.text, replacement_);
            const bool wanted = prepend_ == Prepend::Always || (prepend_ == Prepend::First && piece.at_start);
            if (piece.begins && wanted && !text.starts_with(replacement_))
                text.insert(0, replacement_);
            piece.text = pieces.keep(std::move(text));
        }
    }

    std::string replacement_;
    Prepend prepend_;
    Regex space_;
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

    std::unique_ptr<PieceStage> stage() const override
    {
        auto out = std::make_unique<Stage>();
        for (const auto& part : parts_) {
            out->parts.push_back(part->stage());
            if (!out->parts.back())
                return nullptr;
        }
        return out;
    }

private:
    struct Stage final : PieceStage
    {
        std::vector<std::unique_ptr<PieceStage>> parts;
        void apply(Pieces& pieces) override
        {
            for (const auto& part : parts)
                part->apply(pieces);
        }
    };

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
