// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_decoder.h"

#include "core/base/utf8.h"
#include "core/tokenizer/bpe_bytes.h"
#include "core/tokenizer/pretokenizer.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace kvw {
namespace {

void join(std::vector<std::string>& tokens)
{
    std::string text;
    for (const std::string& token : tokens)
        text += token;
    tokens.clear();
    tokens.push_back(std::move(text));
}

class ByteLevel final : public TokenDecoder
{
public:
    void apply(std::vector<std::string>& tokens) const override
    {
        std::string bytes;
        for (const std::string& token : tokens)
            bytes += bytes_of_characters(token);
        tokens.assign(1, utf8::lossy(bytes));
    }
    std::string alone(std::string token) const override { return bytes_of_characters(token); }
};

class Replace final : public TokenDecoder
{
public:
    Replace(Regex pattern, std::string content) : pattern_(std::move(pattern)), content_(std::move(content)) {}
    void apply(std::vector<std::string>& tokens) const override
    {
        for (std::string& token : tokens)
            token = pattern_.replace(token, content_);
    }
    std::string alone(std::string token) const override { return pattern_.replace(token, content_); }

private:
    Regex pattern_;
    std::string content_;
};

/// "<0xE2>" is the byte E2. A run of such tokens that is not UTF-8 becomes one U+FFFD for each.
class ByteFallback final : public TokenDecoder
{
public:
    void apply(std::vector<std::string>& tokens) const override
    {
        std::vector<std::string> out;
        std::string run;
        const auto end_run = [&] {
            if (run.empty())
                return;
            if (utf8::first_invalid(run)) {
                std::string marks;
                for (std::size_t i = 0; i < run.size(); ++i)
                    utf8::append(marks, utf8::kReplacement);
                run = std::move(marks);
            }
            out.push_back(std::move(run));
            run.clear();
        };
        for (std::string& token : tokens) {
            if (const auto byte = byte_of(token)) {
                run.push_back(*byte);
            } else {
                end_run();
                out.push_back(std::move(token));
            }
        }
        end_run();
        tokens = std::move(out);
    }
    std::string alone(std::string token) const override
    {
        const auto byte = byte_of(token);
        return byte ? std::string(1, *byte) : token;
    }

private:
    static std::optional<char> byte_of(const std::string& token)
    {
        if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>'))
            return std::nullopt;
        unsigned value = 0;
        const char* end = token.data() + 5;
        const auto [stop, error] = std::from_chars(token.data() + 3, end, value, 16);
        if (error != std::errc() || stop != end)
            return std::nullopt;
        return static_cast<char>(static_cast<unsigned char>(value));
    }
};

class Fuse final : public TokenDecoder
{
public:
    void apply(std::vector<std::string>& tokens) const override { join(tokens); }
    std::string alone(std::string token) const override { return token; }
};

/// Takes up to `start` characters from the beginning of each token and up to `stop` from its end.
class Strip final : public TokenDecoder
{
public:
    Strip(std::string content, std::int64_t start, std::int64_t stop)
        : content_(std::move(content)),
          start_(start),
          stop_(stop)
    {}
    void apply(std::vector<std::string>& tokens) const override
    {
        for (std::string& token : tokens) {
            for (std::int64_t i = 0; i < start_ && token.starts_with(content_); ++i)
                token.erase(0, content_.size());
            for (std::int64_t i = 0; i < stop_ && token.ends_with(content_); ++i)
                token.erase(token.size() - content_.size());
        }
    }
    std::string alone(std::string token) const override { return token; }

private:
    std::string content_;
    std::int64_t start_;
    std::int64_t stop_;
};

class Metaspace final : public TokenDecoder
{
public:
    Metaspace(const std::string& replacement, bool drops_first)
        : replacement_(Regex::literal(replacement)),
          drops_first_(drops_first)
    {}
    void apply(std::vector<std::string>& tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size(); ++i)
            tokens[i] = replacement_.replace(tokens[i], i == 0 && drops_first_ ? "" : " ");
    }
    std::string alone(std::string token) const override { return replacement_.replace(token, " "); }

private:
    Regex replacement_;
    bool drops_first_;
};

class Sequence final : public TokenDecoder
{
public:
    explicit Sequence(std::vector<std::unique_ptr<const TokenDecoder>> parts) : parts_(std::move(parts)) {}
    void apply(std::vector<std::string>& tokens) const override
    {
        for (const auto& part : parts_)
            part->apply(tokens);
    }
    std::string alone(std::string token) const override
    {
        for (const auto& part : parts_)
            token = part->alone(std::move(token));
        return token;
    }

private:
    std::vector<std::unique_ptr<const TokenDecoder>> parts_;
};

std::unique_ptr<const TokenDecoder> make_strip(const JsonPlace& json)
{
    constexpr std::int64_t kLimit = 1 << 20;
    const JsonPlace content = json.at("content");
    if (content.text().empty())
        content.wrong("an empty string", "one character");
    return std::make_unique<Strip>(content.text(), json.at("start").integer(0, kLimit),
                                   json.at("stop").integer(0, kLimit));
}

std::unique_ptr<const TokenDecoder> make_metaspace(const JsonPlace& json)
{
    const std::string replacement = json.find("replacement") ? json.at("replacement").text() : "\u2581";
    const auto scheme = json.find("prepend_scheme");
    const bool never = scheme ? scheme->text() == "never" : !json.flag("add_prefix_space", true);
    return std::make_unique<Metaspace>(replacement, !never);
}

} // namespace

std::unique_ptr<const TokenDecoder> make_token_decoder(const JsonPlace& json)
{
    const std::string& type = json.type();
    if (type == "ByteLevel")
        return std::make_unique<ByteLevel>();
    if (type == "Replace")
        return std::make_unique<Replace>(read_pattern(json.at("pattern")), json.at("content").text());
    if (type == "ByteFallback")
        return std::make_unique<ByteFallback>();
    if (type == "Fuse")
        return std::make_unique<Fuse>();
    if (type == "Strip")
        return make_strip(json);
    if (type == "Metaspace")
        return make_metaspace(json);
    if (type == "Sequence") {
        std::vector<std::unique_ptr<const TokenDecoder>> parts;
        for (const JsonPlace& part : json.at("decoders").list())
            parts.push_back(make_token_decoder(part));
        return std::make_unique<Sequence>(std::move(parts));
    }
    json.unsupported(fmt::format("decoder \"{}\"", type),
                     "ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, Sequence");
}

} // namespace kvw
