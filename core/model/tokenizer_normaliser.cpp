// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer_normaliser.h"

#include "core/model/pretokenizer.h"

#include <fmt/format.h>

#include <vector>

namespace kvw {
namespace {

class Prepend final : public Normaliser
{
public:
    explicit Prepend(std::string text) : text_(std::move(text)) {}
    std::string apply(std::string text) const override { return text.empty() ? text : text_ + text; }

private:
    std::string text_;
};

class Replace final : public Normaliser
{
public:
    Replace(Regex pattern, std::string content) : pattern_(std::move(pattern)), content_(std::move(content)) {}
    std::string apply(std::string text) const override { return pattern_.replace(text, content_); }

private:
    Regex pattern_;
    std::string content_;
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

private:
    std::vector<std::unique_ptr<const Normaliser>> parts_;
};

} // namespace

std::unique_ptr<const Normaliser> make_normaliser(const JsonPlace& json)
{
    const std::string& type = json.type();
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
    json.unsupported(fmt::format("normalizer \"{}\"", type), "Prepend, Replace, Sequence");
}

} // namespace kvw
