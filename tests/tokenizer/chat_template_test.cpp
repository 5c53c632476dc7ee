// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/chat_template.h"

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <vector>

namespace kvw {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using Family = ChatFormat::Family;

constexpr const char* kWithDefault =
    R"({% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nBe kind, it\'s easy<|im_end|>\n' }}{% endif %})"
    R"({{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %})"
    R"({% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr const char* kPlain = R"(
{%- for message in messages -%}
    {{- "<|im_start|>" + message["role"] + "
" + message["content"] + "<|im_end|>" + "\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- "<|im_start|>assistant\n" -}}{%- endif -%})";
constexpr const char* kLlama3 =
    R"({% set loop_messages = messages %}{% for message in loop_messages %})"
    R"({% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n')"
    R"(+ message['content'] | trim + '<|eot_id|>' %})"
    R"({% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %})"
    R"({% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";

std::vector<ChatMessage> question() { return {{"user", " Why? "}}; }

TEST(ChatTemplate, SampleModelsDefaultSystemMessage)
{
    const ChatFormat format = recognise_chat_template(kWithDefault);
    EXPECT_EQ(format, (ChatFormat{Family::ChatMl, "Be kind, it's easy", "", ""}));
    EXPECT_EQ(apply_chat_template(format, question()),
              "<|im_start|>system\nBe kind, it's easy<|im_end|>\n"
              "<|im_start|>user\n Why? <|im_end|>\n<|im_start|>assistant\n");
    const std::vector<ChatMessage> own = {{"system", "S"}, {"user", "U"}, {"assistant", "A"}};
    EXPECT_EQ(apply_chat_template(format, own, GenerationPrompt::Omit),
              "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n");
}

TEST(ChatTemplate, SpacingQuotesAndLineEndsDoNotMatter)
{
    const ChatFormat format = recognise_chat_template(kPlain, "<|im_start|>");
    EXPECT_EQ(format, (ChatFormat{Family::ChatMl, "", "", ""}));
    EXPECT_EQ(apply_chat_template(format, question()), "<|im_start|>user\n Why? <|im_end|>\n<|im_start|>assistant\n");
}

TEST(ChatTemplate, Llama3)
{
    const ChatFormat format = recognise_chat_template(kLlama3, "<|begin_of_text|>");
    EXPECT_EQ(format, (ChatFormat{Family::Llama3, "", "<|begin_of_text|>", ""}));
    const std::vector<ChatMessage> talk = {{"system", "S\n"}, {"user", "\u3000 Why? \t"}, {"assistant", "\x1C"}};
    EXPECT_EQ(apply_chat_template(format, talk),
              "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
              "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\n<|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\n");
    const std::string text = apply_chat_template(format, question(), GenerationPrompt::Omit);
    EXPECT_EQ(text, "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>");
}

TEST(ChatTemplate, Llama31HasDates)
{
    const ChatFormat format = recognise_chat_template(
        R"({{- bos_token }}{%- set date_string = "26 Jul 2024" %})"
        R"({{- "<|start_header_id|>system<|end_header_id|>\n\n" }})"
        R"({{- "Cutting Knowledge Date: December 2023\n" }}{{- "Today Date: " + date_string + "\n\n" }})"
        R"({{- system_message }})"
        R"({%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n')"
        R"(+ message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %})"
        R"({{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %})",
        "<B>");
    EXPECT_EQ(format, (ChatFormat{Family::Llama31, "", "<B>", "26 Jul 2024"}));
    const std::string head = "<B><|start_header_id|>system<|end_header_id|>\n\n"
                             "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
    EXPECT_EQ(apply_chat_template(format, question(), GenerationPrompt::Omit),
              head + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>");
    const std::vector<ChatMessage> own = {{"system", " S "}, {"user", "U"}};
    EXPECT_EQ(apply_chat_template(format, own, GenerationPrompt::Omit),
              head + "S<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|>");
}

TEST(ChatTemplate, UnknownTemplatesAreRefusedWithAWayOut)
{
    std::string tools = kWithDefault;
    tools.insert(0, "{% if tools %}{{ 'Tools:' }}{% endif %}");
    std::string longer = kPlain;
    longer += "{{ 'think' }}";
    for (const std::string& text : {std::string(), std::string("{{ messages[0]['content'] }}"), tools, longer}) {
        try {
            recognise_chat_template(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
            EXPECT_THAT(error.hint(), HasSubstr("raw"));
        }
    }
}

TEST(ChatTemplate, WrongMessagesAreRefused)
{
    const ChatFormat format = recognise_chat_template(kPlain);
    for (const std::vector<ChatMessage>& messages :
         {std::vector<ChatMessage>{}, std::vector<ChatMessage>{{"user", "x"}, {"tool", "y"}}}) {
        try {
            apply_chat_template(format, messages);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
        }
    }
}

ErrorKind folder_error(const std::filesystem::path& folder)
{
    try {
        read_chat_format(folder);
    } catch (const Error& error) {
        return error.kind();
    }
    return ErrorKind::Internal;
}

TEST(ChatTemplate, OfAModelFolder)
{
    const TemporaryFolder folder;
    const auto write = [&](const nlohmann::json& config) {
        std::ofstream(folder.path() / "tokenizer_config.json") << config;
    };
    EXPECT_EQ(folder_error(folder.path()), ErrorKind::NotFound);
    write({{"bos_token", "x"}});
    EXPECT_EQ(folder_error(folder.path()), ErrorKind::Unsupported);
    write({1, 2});
    EXPECT_EQ(folder_error(folder.path()), ErrorKind::BadInput);
    std::ofstream(folder.path() / "tokenizer_config.json") << "{\"chat_template\"";
    EXPECT_EQ(folder_error(folder.path()), ErrorKind::BadInput);
    write({{"chat_template", 3}, {"bos_token", 4}});
    EXPECT_EQ(folder_error(folder.path()), ErrorKind::Unsupported);

    write({{"chat_template", kLlama3}, {"bos_token", {{"content", "<B>"}}}});
    EXPECT_EQ(read_chat_format(folder.path()).bos_token, "<B>");
    write({{"chat_template", {{{"name", "tools"}, {"template", "x"}}, {{"name", "default"}, {"template", kPlain}}}},
           {"bos_token", nullptr}});
    EXPECT_EQ(read_chat_format(folder.path()).family, Family::ChatMl);
    write({{"bos_token", "<B>"}});
    std::ofstream(folder.path() / "chat_template.jinja") << kLlama3;
    EXPECT_EQ(read_chat_format(folder.path()), (ChatFormat{Family::Llama3, "", "<B>", ""}));
}

} // namespace
} // namespace kvw
