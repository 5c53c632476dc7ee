// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/chat_template.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/text/text_file.h"
#include "core/tokenizer/characters.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

namespace kvw {
namespace {

constexpr std::string_view kRawHint = "give the prompt raw, as the model expects it (--raw)";

/// Whether a hyphen there belongs to "{%-", "{{-", "-%}" or "-}}".
bool is_control(std::string_view before, std::string_view after)
{
    return before.ends_with("{%") || before.ends_with("{{") || after.starts_with("%}") || after.starts_with("}}");
}

/// A template in one spelling: no white space outside quotes, no white-space control, single quotes, line ends in
/// quotes as \n.
std::string canonical(std::string_view text)
{
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            if (c == '\\' && i + 1 < text.size()) {
                out += text.substr(i++, 2);
            } else if (c == quote) {
                out += '\'';
                quote = 0;
            } else if (c == '\n') {
                out += "\\n";
            } else {
                out += c;
            }
        } else if (c == '\'' || c == '"') {
            out += '\'';
            quote = c;
        } else if (c == '-' && is_control(out, text.substr(i + 1))) {
            continue;
        } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            out += c;
        }
    }
    return out;
}

/// Takes `head` from the front of `text` when it is there.
bool take(std::string_view& text, std::string_view head)
{
    if (!text.starts_with(head))
        return false;
    text.remove_prefix(head.size());
    return true;
}

/// What stands before `tail`, which is taken too.
std::optional<std::string> take_until(std::string_view& text, std::string_view tail)
{
    const std::size_t found = text.find(tail);
    if (found == std::string_view::npos)
        return std::nullopt;
    std::string out(text.substr(0, found));
    text.remove_prefix(found + tail.size());
    return out;
}

/// The value of what stands between quotes; none for an escape other than \n, \t, \\, \' and \".
std::optional<std::string> unquote(std::string_view literal)
{
    std::string out;
    for (std::size_t i = 0; i < literal.size(); ++i) {
        if (literal[i] == '\'')
            return std::nullopt;
        if (literal[i] != '\\') {
            out += literal[i];
            continue;
        }
        const char escaped = ++i < literal.size() ? literal[i] : '\0';
        if (escaped == 'n')
            out += '\n';
        else if (escaped == 't')
            out += '\t';
        else if (escaped == '\\' || escaped == '\'' || escaped == '"')
            out += escaped;
        else
            return std::nullopt;
    }
    return out;
}

std::optional<ChatFormat> recognise_chatml(std::string_view text)
{
    ChatFormat format;
    take(text, "{%ifnotadd_generation_promptisdefined%}{%setadd_generation_prompt=false%}{%endif%}");
    if (!take(text, "{%formessageinmessages%}"))
        return std::nullopt;
    if (take(text, "{%ifloop.firstandmessages[0]['role']!='system'%}{{'<|im_start|>system\\n")) {
        const auto literal = take_until(text, "<|im_end|>\\n'}}{%endif%}");
        const auto system = literal ? unquote(*literal) : std::nullopt;
        if (!system)
            return std::nullopt;
        format.default_system = *system;
    }
    if (!take(text, "{{'<|im_start|>'+message['role']+'\\n'+message['content']+'<|im_end|>'+'\\n'}}{%endfor%}"))
        return std::nullopt;
    if (text != "{%ifadd_generation_prompt%}{{'<|im_start|>assistant\\n'}}{%endif%}")
        return std::nullopt;
    return format;
}

std::optional<ChatFormat> recognise_llama3(std::string_view text, const std::string& bos_token)
{
    if (!take(text,
              "{%setloop_messages=messages%}{%formessageinloop_messages%}"
              "{%setcontent='<|start_header_id|>'+message['role']+"
              "'<|end_header_id|>\\n\\n'+message['content']|trim+'<|eot_id|>'%}"
              "{%ifloop.index0==0%}{%setcontent=bos_token+content%}"
              "{%endif%}{{content}}{%endfor%}"))
        return std::nullopt;
    // The first release had no condition around the beginning of the answer.
    if (text != "{%ifadd_generation_prompt%}{{'<|start_header_id|>assistant<|end_header_id|>\\n\\n'}}{%endif%}"
        && text != "{{'<|start_header_id|>assistant<|end_header_id|>\\n\\n'}}")
        return std::nullopt;
    return ChatFormat{ChatFormat::Family::Llama3, {}, bos_token, {}};
}

/// These templates are long, since they also write tools down; without tools they come to what is looked for here.
std::optional<ChatFormat> recognise_llama31(std::string_view text, const std::string& bos_token)
{
    for (const std::string_view part :
         {"{{bos_token}}", "{{'<|start_header_id|>system<|end_header_id|>\\n\\n'}}",
          "{{'Cutting Knowledge Date: December 2023\\n'}}", "message['content']|trim+'<|eot_id|>'}}",
          "{{'<|start_header_id|>assistant<|end_header_id|>\\n\\n'}}"}) {
        if (text.find(part) == std::string_view::npos)
            return std::nullopt;
    }
    const std::size_t date = text.find("date_string='");
    if (date == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(date + std::string_view("date_string='").size());
    return ChatFormat{ChatFormat::Family::Llama31, {}, bos_token, take_until(text, "'").value_or("")};
}

/// Without the white space at both ends that Python's str.strip() takes, which is what Jinja's trim does.
std::string_view trim(std::string_view text)
{
    const auto space = [](char32_t c) { return unicode::is_white_space(c) || (c >= 0x1C && c <= 0x1F); };
    std::size_t begin = 0;
    std::size_t end = 0; // of the last character that is no space
    for (std::size_t i = 0; i < text.size();) {
        const utf8::Decoded c = utf8::decode_at(text, i);
        i += c.bytes;
        if (!space(c.code_point))
            end = i;
        else if (end == 0)
            begin = i;
    }
    return end == 0 ? std::string_view() : text.substr(begin, end - begin);
}

std::string chatml_turn(std::string_view role, std::string_view content)
{
    return fmt::format("<|im_start|>{}\n{}<|im_end|>\n", role, content);
}

std::string llama_header(std::string_view role)
{
    return fmt::format("<|start_header_id|>{}<|end_header_id|>\n\n", role);
}

std::string llama_turn(const ChatMessage& message)
{
    return fmt::format("{}{}<|eot_id|>", llama_header(message.role), trim(message.content));
}

void require_messages(std::span<const ChatMessage> messages)
{
    if (messages.empty())
        throw Error(ErrorKind::InvalidArgument, "a conversation without a message",
                    "give at least one message of the user");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string& role = messages[i].role;
        if (role != "system" && role != "user" && role != "assistant")
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("message {}: role \"{}\", wanted system, user or assistant", i + 1, role));
    }
}

nlohmann::json parse_config(const std::filesystem::path& path)
{
    try {
        nlohmann::json config = nlohmann::json::parse(read_bytes(path));
        if (config.is_object())
            return config;
    } catch (const nlohmann::json::exception& error) {
        throw Error(ErrorKind::BadInput, fmt::format("{}: not JSON: {}", path.string(), error.what()),
                    "take the file from the model's own folder again");
    }
    throw Error(ErrorKind::BadInput, fmt::format("{}: wanted a JSON object", path.string()),
                "take the file from the model's own folder again");
}

/// "chat_template" is a string, or a list of named ones of which "default" counts.
std::optional<std::string> template_of(const nlohmann::json& config)
{
    const auto found = config.find("chat_template");
    if (found == config.end())
        return std::nullopt;
    if (found->is_string())
        return found->get<std::string>();
    for (const nlohmann::json& named : *found) {
        if (named.is_object() && named.value("name", nlohmann::json()) == "default" && named.contains("template")
            && named["template"].is_string())
            return named["template"].get<std::string>();
    }
    return std::nullopt;
}

/// A special token is a string or an object with "content".
std::string bos_token_of(const nlohmann::json& config)
{
    const auto found = config.find("bos_token");
    if (found == config.end())
        return {};
    if (found->is_object() && found->contains("content") && (*found)["content"].is_string())
        return (*found)["content"].get<std::string>();
    return found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace

ChatFormat recognise_chat_template(std::string_view text, const std::string& bos_token)
{
    const std::string plain = canonical(text);
    std::optional<ChatFormat> format = recognise_chatml(plain);
    if (!format)
        format = recognise_llama3(plain, bos_token);
    if (!format)
        format = recognise_llama31(plain, bos_token);
    if (!format)
        throw Error(
            ErrorKind::Unsupported,
            "the model's chat template is not known to this program; it knows those of SmolLM2 (ChatML) and Llama 3",
            std::string(kRawHint));
    return *format;
}

ChatFormat read_chat_format(const std::filesystem::path& folder)
{
    const std::filesystem::path path = folder / "tokenizer_config.json";
    const nlohmann::json config = parse_config(path);
    std::optional<std::string> text = template_of(config);
    if (!text && std::filesystem::is_regular_file(folder / "chat_template.jinja"))
        text = read_bytes(folder / "chat_template.jinja");
    if (!text)
        throw Error(ErrorKind::Unsupported, fmt::format("{}: the model has no chat template", path.string()),
                    std::string(kRawHint));
    try {
        return recognise_chat_template(*text, bos_token_of(config));
    } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("{}: {}", folder.string(), error.message()), error.hint());
    }
}

std::string apply_chat_template(const ChatFormat& format, std::span<const ChatMessage> messages,
                                GenerationPrompt prompt)
{
    require_messages(messages);
    const bool system_first = messages.front().role == "system";
    std::string out = format.bos_token;
    if (format.family == ChatFormat::Family::ChatMl) {
        if (!system_first && !format.default_system.empty())
            out += chatml_turn("system", format.default_system);
        for (const ChatMessage& message : messages)
            out += chatml_turn(message.role, message.content);
        return prompt == GenerationPrompt::Add ? out + "<|im_start|>assistant\n" : out;
    }
    if (format.family == ChatFormat::Family::Llama31) {
        const std::string_view system = system_first ? trim(messages.front().content) : std::string_view();
        out += fmt::format("{}Cutting Knowledge Date: December 2023\nToday Date: {}\n\n{}<|eot_id|>",
                           llama_header("system"), format.date, system);
        if (system_first)
            messages = messages.subspan(1);
    }
    for (const ChatMessage& message : messages)
        out += llama_turn(message);
    return prompt == GenerationPrompt::Add ? out + llama_header("assistant") : out;
}

} // namespace kvw
