// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace kvw {

struct ChatMessage
{
    std::string role; ///< "system", "user" or "assistant"
    std::string content;
};

/// How a model writes a conversation down. There is no template engine here: the templates of a few families are known
/// and recognised by their text.
struct ChatFormat
{
    enum class Family {
        ChatMl,  ///< <|im_start|>ROLE\nCONTENT<|im_end|>\n (SmolLM2 among others)
        Llama3,  ///< <|start_header_id|>ROLE<|end_header_id|>\n\nCONTENT<|eot_id|>, content without space at its ends
        Llama31, ///< the same after a system message that names two dates (Llama 3.1 to 3.3)
    };
    Family family = Family::ChatMl;
    std::string default_system; ///< ChatMl: said when the first message is no system message; empty: nothing
    std::string bos_token;      ///< Llama: what the text begins with
    std::string date; ///< Llama31: "Today Date"; the one written in the template, so that a text stays the same

    bool operator==(const ChatFormat&) const = default;
};

/// Recognises FOLDER/tokenizer_config.json's "chat_template" (or FOLDER/chat_template.jinja).
/// Throws Error{NotFound} without the file, Error{BadInput} for wrong JSON, Error{Unsupported} when there is no
/// template or one that is not known.
ChatFormat read_chat_format(const std::filesystem::path& folder);
/// The same from a template's text; `bos_token` as in tokenizer_config.json.
ChatFormat recognise_chat_template(std::string_view text, const std::string& bos_token = {});

enum class GenerationPrompt {
    Omit,
    Add, ///< end with the beginning of an answer
};

/// The conversation as one text, to be encoded with SpecialTokens::None (it spells its special tokens itself).
/// Throws Error{InvalidArgument} for no message or an unknown role.
std::string apply_chat_template(const ChatFormat& format, std::span<const ChatMessage> messages,
                                GenerationPrompt prompt = GenerationPrompt::Add);

} // namespace kvw
