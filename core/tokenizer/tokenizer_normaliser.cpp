// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_normaliser.h"

#include "core/tokenizer/nfc.h"
#include "core/tokenizer/pretokenizer.h"

#include <fmt/format.h>

#include <vector>

namespace kvw {
namespace {

class Prepend final : public Normaliser
{
public:
    explicit Prepend(std::string text) : text_(std::move(text)) {}
    std::string apply(std::string text) const override { return text.empty() ? text : text_ + text; }
    std::unique_ptr<NormaliserStage> stage() const override { return std::make_unique<Stage>(*this); }

private:
    class Stage final : public NormaliserStage
    {
    public:
        explicit Stage(const Prepend& owner) : owner_(owner) {}
        void begin() override { begun_ = false; }
        std::string feed(std::string_view text, bool) override
        {
            std::string out = begun_ || text.empty() ? std::string() : owner_.text_;
            begun_ = begun_ || !text.empty();
            return out.append(text);
        }

    private:
        const Prepend& owner_;
        bool begun_ = false;
    };

    std::string text_;
};

class Replace final : public Normaliser
{
public:
    Replace(Regex pattern, std::string content) : pattern_(std::move(pattern)), content_(std::move(content)) {}
    std::string apply(std::string text) const override { return pattern_.replace(text, content_); }
    std::unique_ptr<NormaliserStage> stage() const override
    {
        return pattern_.scans() ? std::make_unique<Stage>(*this) : nullptr;
    }

private:
    class Stage final : public NormaliserStage
    {
    public:
        explicit Stage(const Replace& owner) : owner_(owner), scan_(owner.pattern_) {}
        void begin() override { scan_.begin(); }
        std::string feed(std::string_view text, bool last) override
        {
            scan_.feed(text, last, parts_);
            std::string out;
            for (const RegexScan::Part& part : parts_)
                out += part.match ? std::string_view(owner_.content_) : part.text;
            return out;
        }

    private:
        const Replace& owner_;
        RegexScan scan_;
        std::vector<RegexScan::Part> parts_;
    };

    Regex pattern_;
    std::string content_;
};

/// Unicode normalisation form C.
class Nfc final : public Normaliser
{
public:
    std::string apply(std::string text) const override { return tokenizer_nfc(text); }
    std::unique_ptr<NormaliserStage> stage() const override { return std::make_unique<Stage>(); }

private:
    class Stage final : public NormaliserStage
    {
    public:
        void begin() override { open_.clear(); }
        std::string feed(std::string_view text, bool last) override
        {
            open_ += text;
            const std::size_t settled = last ? open_.size() : tokenizer_nfc_settled_size(open_);
            std::string out = tokenizer_nfc(std::string_view(open_).substr(0, settled));
            open_.erase(0, settled);
            return out;
        }

    private:
        std::string open_; ///< a character and what has been combined with it so far
    };
};

class Sequence final : public Normaliser
{
public:
    explicit Sequence(std::vector<std::unique_ptr<const Normaliser>> parts) : parts_(std::move(parts)) {}
    std::string apply(std::string text) const override
    {
        for (const auto& part : parts_)
            text = part->apply(std::move(text));
        return text;
    }
    std::unique_ptr<NormaliserStage> stage() const override
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
    struct Stage final : NormaliserStage
    {
        std::vector<std::unique_ptr<NormaliserStage>> parts;
        void begin() override
        {
            for (const auto& part : parts)
                part->begin();
        }
        std::string feed(std::string_view text, bool last) override
        {
            std::string out(text);
            for (const auto& part : parts)
                out = part->feed(out, last);
            return out;
        }
    };

    std::vector<std::unique_ptr<const Normaliser>> parts_;
};

} // namespace

std::unique_ptr<const Normaliser> make_normaliser(const JsonPlace& json)
{
    const std::string& type = json.type();
    if (type == "NFC")
        return std::make_unique<Nfc>();
    if (type == "Prepend")
        return std::make_unique<Prepend>(json.at("prepend").text());
    if (type == "Replace")
        return std::make_unique<Replace>(read_pattern(json.at("pattern")), json.at("content").text());
    if (type == "Sequence") {
        std::vector<std::unique_ptr<const Normaliser>> parts;
        for (const JsonPlace& part : json.at("normalizers").list())
            parts.push_back(make_normaliser(part));
        return std::make_unique<Sequence>(std::move(parts));
    }
    json.unsupported(fmt::format("normalizer \"{}\"", type), "NFC, Prepend, Replace, Sequence");
}

} // namespace kvw
