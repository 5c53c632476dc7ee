// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/model/model_config.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvw {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

/// The config.json of SmolLM2-135M, its defaults left out.
Json good()
{
    return Json{{"architectures", {"LlamaForCausalLM"}},
                {"hidden_size", 576},
                {"intermediate_size", 1536},
                {"num_hidden_layers", 30},
                {"num_attention_heads", 9},
                {"num_key_value_heads", 3},
                {"vocab_size", 49152},
                {"max_position_embeddings", 8192},
                {"rms_norm_eps", 1e-5},
                {"rope_theta", 100000.0},
                {"tie_word_embeddings", true},
                {"torch_dtype", "bfloat16"},
                {"bos_token_id", 1},
                {"eos_token_id", 2}};
}

ModelConfig read(const Json& config, const std::string& generation = {})
{
    TemporaryFolder folder;
    folder.write("config.json", config.dump());
    if (!generation.empty())
        folder.write("generation_config.json", generation);
    return read_model_config(folder.path());
}

void expect_bad(const Json& config, const std::string& says, ErrorKind kind = ErrorKind::BadInput)
{
    try {
        read(config);
        ADD_FAILURE() << "accepted; wanted: " << says;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.message();
        EXPECT_THAT(error.message(), HasSubstr("config.json: "));
        EXPECT_THAT(error.message(), HasSubstr(says));
    }
}

Json with(const std::string& key, const Json& value)
{
    Json config = good();
    config[key] = value;
    return config;
}

Json without(const std::string& key)
{
    Json config = good();
    config.erase(key);
    return config;
}

TEST(ModelConfig, SmolLM2)
{
    const ModelConfig config = read(good());
    EXPECT_EQ(config.architecture, "LlamaForCausalLM");
    EXPECT_EQ(config.torch_type, "bfloat16");
    EXPECT_EQ(config.hidden_size, 576);
    EXPECT_EQ(config.intermediate_size, 1536);
    EXPECT_EQ(config.layers, 30);
    EXPECT_EQ(config.heads, 9);
    EXPECT_EQ(config.kv_heads, 3);
    EXPECT_EQ(config.head_dim, 64);
    EXPECT_EQ(config.group_size(), 3);
    EXPECT_EQ(config.vocab_size, 49152);
    EXPECT_EQ(config.max_positions, 8192);
    EXPECT_DOUBLE_EQ(config.rms_norm_eps, 1e-5);
    EXPECT_DOUBLE_EQ(config.layer_specs[0].rotary.theta, 100000);
    EXPECT_FALSE(config.layer_specs[0].rotary.scaling);
    EXPECT_FALSE(config.layer_specs[0].attention_window);
    EXPECT_TRUE(config.tied_embeddings);
    EXPECT_FALSE(config.layer_specs[0].qkv_bias || config.layer_specs[0].output_bias);
    EXPECT_EQ(config.bos_token, 1);
    EXPECT_THAT(config.eos_tokens, ElementsAre(2));
    EXPECT_DOUBLE_EQ(config.parameters(), 134515008); // what transformers counts
    EXPECT_DOUBLE_EQ(config.kv_bytes_per_token(2), 2 * 30 * 3 * 64 * 2);
}

TEST(ModelConfig, Defaults)
{
    Json config = good();
    for (const char* key : {"num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta",
                            "tie_word_embeddings", "torch_dtype", "bos_token_id", "eos_token_id"})
        config.erase(key);
    const ModelConfig read_back = read(config);
    EXPECT_EQ(read_back.kv_heads, 9);
    EXPECT_EQ(read_back.max_positions, 2048);
    EXPECT_DOUBLE_EQ(read_back.rms_norm_eps, 1e-6);
    EXPECT_DOUBLE_EQ(read_back.layer_specs[0].rotary.theta, 10000);
    EXPECT_FALSE(read_back.tied_embeddings);
    EXPECT_EQ(read_back.torch_type, "");
    EXPECT_FALSE(read_back.bos_token);
    EXPECT_TRUE(read_back.eos_tokens.empty());
    EXPECT_EQ(read(with("head_dim", 128)).head_dim, 128);
    EXPECT_EQ(read(with("head_dim", nullptr)).head_dim, 64);
    EXPECT_EQ(read(with("dtype", "float16")).torch_type, "float16");
    EXPECT_EQ(read(without("torch_dtype")).torch_type, "");
    Json by_type = without("architectures");
    by_type["model_type"] = "llama";
    EXPECT_EQ(read(by_type).architecture, "LlamaForCausalLM");
}

TEST(ModelConfig, ParametersCountBiasesAndBothEmbeddings)
{
    Json config{{"architectures", {"LlamaForCausalLM"}},
                {"hidden_size", 8},
                {"intermediate_size", 10},
                {"num_hidden_layers", 2},
                {"num_attention_heads", 4},
                {"num_key_value_heads", 2},
                {"vocab_size", 5}};
    const double layer = 8 * 8 * 2 + 8 * 4 * 2 + 3 * 80 + 16;
    EXPECT_DOUBLE_EQ(read(config).parameters(), 2 * layer + 2 * 40 + 8);
    config["attention_bias"] = true;
    config["mlp_bias"] = true;
    config["tie_word_embeddings"] = true;
    EXPECT_DOUBLE_EQ(read(config).parameters(), 2 * (layer + 8 + 4 + 4 + 8 + 10 + 10 + 8) + 40 + 8);
}

TEST(ModelConfig, KvHeadsThatAreNotSaidAreTheFamilysDefault)
{
    Json config = without("num_key_value_heads");
    config["num_attention_heads"] = 32;
    config["hidden_size"] = 2048;
    for (const auto& [architecture, kv_heads] :
         {std::pair{"LlamaForCausalLM", 32}, std::pair{"MistralForCausalLM", 8}, std::pair{"Qwen2ForCausalLM", 32}}) {
        config["architectures"] = {architecture};
        config.erase("num_key_value_heads");
        EXPECT_EQ(read(config).kv_heads, kv_heads) << architecture;
        config["num_key_value_heads"] = nullptr;
        EXPECT_EQ(read(config).kv_heads, 32) << architecture;
    }
}

TEST(ModelConfig, Qwen2HasBiasesAndWindowsInItsUpperLayers)
{
    Json config = with("architectures", {"Qwen2ForCausalLM"});
    const auto windows = [&] {
        std::vector<std::int64_t> out;
        for (const LayerSpec& layer : read(config).layer_specs)
            out.push_back(layer.attention_window.value_or(0));
        return out;
    };
    config["num_hidden_layers"] = 4;
    config["sliding_window"] = 100;
    config["max_window_layers"] = 3;
    EXPECT_TRUE(read(config).layer_specs[0].qkv_bias);
    EXPECT_FALSE(read(config).layer_specs[0].output_bias);
    EXPECT_FALSE(read(config).layer_specs[0].mlp_bias);
    EXPECT_THAT(windows(), ElementsAre(0, 0, 0, 0)); // until it is told to use them
    config["use_sliding_window"] = true;
    EXPECT_THAT(windows(), ElementsAre(0, 0, 0, 100));
    config["sliding_window"] = nullptr;
    EXPECT_THAT(windows(), ElementsAre(0, 0, 0, 0));
    config.erase("sliding_window");
    EXPECT_THAT(windows(), ElementsAre(0, 0, 0, 4096));
    config.erase("max_window_layers");
    EXPECT_THAT(windows(), ElementsAre(0, 0, 0, 0)); // 28 layers below are too many here

    config["layer_types"] = {"sliding_attention", "full_attention", "full_attention", "sliding_attention"};
    EXPECT_THAT(windows(), ElementsAre(4096, 0, 0, 4096));
    config["layer_types"][1] = "linear_attention";
    expect_bad(config, "a list of \"full_attention\" and \"sliding_attention\" was wanted");
    config["layer_types"] = {"full_attention"};
    expect_bad(config, "a list of 4 names");
    config["layer_types"] = "full_attention";
    expect_bad(config, "layer_types is \"full_attention\"");
    config["layer_types"] = {"sliding_attention", "full_attention", "full_attention", "full_attention"};
    config["use_sliding_window"] = false;
    expect_bad(config, "do not give it a window");
}

TEST(ModelConfig, MistralHasASlidingWindow)
{
    Json config = with("architectures", {"MistralForCausalLM"});
    EXPECT_EQ(read(config).layer_specs[0].attention_window, 4096);
    config["sliding_window"] = nullptr;
    EXPECT_FALSE(read(config).layer_specs[0].attention_window);
    config["sliding_window"] = 100;
    EXPECT_EQ(read(config).layer_specs[0].attention_window, 100);
    config["sliding_window"] = 0;
    expect_bad(config, "sliding_window is 0");
    EXPECT_FALSE(read(with("sliding_window", 100)).layer_specs[0].attention_window); // a Llama has none
}

const Json kLlama3 = {{"factor", 32.0},
                      {"low_freq_factor", 1.0},
                      {"high_freq_factor", 4.0},
                      {"original_max_position_embeddings", 8192},
                      {"rope_type", "llama3"}};

void expect_llama3(const ModelConfig& config)
{
    ASSERT_TRUE(config.layer_specs[0].rotary.scaling);
    EXPECT_EQ(config.layer_specs[0].rotary.scaling->kind, RopeScaling::Kind::Llama3);
    EXPECT_DOUBLE_EQ(config.layer_specs[0].rotary.scaling->factor, 32);
    EXPECT_DOUBLE_EQ(config.layer_specs[0].rotary.scaling->low_frequency_factor, 1);
    EXPECT_DOUBLE_EQ(config.layer_specs[0].rotary.scaling->high_frequency_factor, 4);
    EXPECT_EQ(config.layer_specs[0].rotary.scaling->original_max_positions, 8192);
}

TEST(ModelConfig, RopeInTheSpellingOfTransformers4)
{
    EXPECT_FALSE(read(with("rope_scaling", nullptr)).layer_specs[0].rotary.scaling);
    EXPECT_FALSE(read(with("rope_scaling", {{"rope_type", "default"}})).layer_specs[0].rotary.scaling);
    expect_llama3(read(with("rope_scaling", kLlama3)));
    const ModelConfig linear = read(with("rope_scaling", {{"type", "linear"}, {"factor", 2}}));
    ASSERT_TRUE(linear.layer_specs[0].rotary.scaling);
    EXPECT_EQ(linear.layer_specs[0].rotary.scaling->kind, RopeScaling::Kind::Linear);
    EXPECT_DOUBLE_EQ(linear.layer_specs[0].rotary.scaling->factor, 2);
}

TEST(ModelConfig, RopeInTheSpellingOfTransformers5)
{
    Json config = without("rope_theta");
    config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 5000.0}};
    EXPECT_DOUBLE_EQ(read(config).layer_specs[0].rotary.theta, 5000);
    EXPECT_FALSE(read(config).layer_specs[0].rotary.scaling);
    config["rope_parameters"] = kLlama3;
    config["rope_parameters"]["rope_theta"] = 500000.0;
    EXPECT_DOUBLE_EQ(read(config).layer_specs[0].rotary.theta, 500000);
    expect_llama3(read(config));
    config["rope_scaling"] = kLlama3;
    config["rope_theta"] = 500000.0;
    expect_llama3(read(config));
    config["rope_theta"] = 10000.0;
    expect_bad(config, "rope_theta is 10000 and rope_parameters.rope_theta is 500000");
    config["rope_theta"] = 500000.0;
    config["rope_scaling"]["factor"] = 8.0;
    expect_bad(config, "rope_scaling and rope_parameters say different things");
}

TEST(ModelConfig, RopeThatIsWrong)
{
    expect_bad(with("rope_scaling", {{"rope_type", "yarn"}, {"factor", 2}}), "\"yarn\"", ErrorKind::Unsupported);
    expect_bad(with("rope_scaling", {{"rope_type", "linear"}}), "rope_scaling.factor is missing");
    expect_bad(with("rope_scaling", {{"rope_type", "linear"}, {"factor", 0}}), "rope_scaling.factor is 0");
    expect_bad(with("rope_scaling", "linear"), "rope_scaling is \"linear\"; an object was wanted");
    Json scaling = kLlama3;
    scaling["high_freq_factor"] = 1.0;
    expect_bad(with("rope_scaling", scaling), "high_freq_factor 1 is not larger than low_freq_factor 1");
    expect_bad(with("rope_theta", 0), "rope_theta is 0");
    expect_bad(with("rope_theta", "10000"), "rope_theta is \"10000\"");
}

TEST(ModelConfig, EndTokensOfBothFiles)
{
    EXPECT_THAT(read(with("eos_token_id", {7, 8}), R"({"eos_token_id":[8,9]})").eos_tokens, ElementsAre(7, 8, 9));
    EXPECT_THAT(read(with("eos_token_id", nullptr), R"({"eos_token_id":5})").eos_tokens, ElementsAre(5));
    EXPECT_THAT(read(good(), "{}").eos_tokens, ElementsAre(2));
    expect_bad(with("eos_token_id", 49152), "eos_token_id is 49152; a whole number from 0 to 49151 was wanted");
    expect_bad(with("eos_token_id", {1, "2"}), "eos_token_id is \"2\"");
    expect_bad(with("bos_token_id", -1), "bos_token_id is -1");
    EXPECT_THROW(read(good(), R"({"eos_token_id":99999})"), Error);
    EXPECT_THROW(read(good(), "[]"), Error);
}

TEST(ModelConfig, UnknownKindsAreNamed)
{
    expect_bad(with("architectures", {"GPT2LMHeadModel"}), "\"GPT2LMHeadModel\" is not known", ErrorKind::Unsupported);
    try {
        read(with("architectures", {"GPT2LMHeadModel"}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.hint(), ::testing::StartsWith("known are LlamaForCausalLM, MistralForCausalLM"));
    }
    Json by_type = without("architectures");
    by_type["model_type"] = "gpt2";
    expect_bad(by_type, "\"gpt2\"", ErrorKind::Unsupported);
    expect_bad(without("architectures"), "neither architectures nor model_type");
    expect_bad(with("architectures", Json::array()), "architectures is []");
    expect_bad(with("architectures", "LlamaForCausalLM"), "a list");
    expect_bad(with("hidden_act", "gelu"), "\"gelu\"", ErrorKind::Unsupported);
    expect_bad(with("quantization_config", {{"bits", 4}}), "quantised", ErrorKind::Unsupported);
    expect_bad(with("partial_rotary_factor", 0.5), "partial_rotary_factor", ErrorKind::Unsupported);
}

TEST(ModelConfig, ContradictionsAreNamed)
{
    expect_bad(with("num_key_value_heads", 2), "num_attention_heads 9 is not a multiple of num_key_value_heads 2");
    expect_bad(with("hidden_size", 577), "hidden_size 577 is not a multiple of num_attention_heads 9");
    expect_bad(with("head_dim", 63), "the head size 63 is odd");
    expect_bad(with("hidden_size", 27), "the head size 3 is odd");
    expect_bad(with("num_key_value_heads", 18), "not a multiple");
    for (const char* key :
         {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size"}) {
        expect_bad(without(key), "the key " + std::string(key) + " is missing");
        expect_bad(with(key, 0), std::string(key) + " is 0; a whole number from 1");
        expect_bad(with(key, -1), std::string(key) + " is -1");
        expect_bad(with(key, 64.0), std::string(key) + " is 64.0");
        expect_bad(with(key, "64"), std::string(key) + " is \"64\"");
        expect_bad(with(key, 1000000000), std::string(key) + " is 1000000000");
        expect_bad(with(key, 18446744073709551615ull), std::string(key) + " is 18446744073709551615");
        expect_bad(with(key, true), std::string(key) + " is true");
    }
    expect_bad(with("num_key_value_heads", 0), "num_key_value_heads is 0");
    expect_bad(with("rms_norm_eps", 0), "rms_norm_eps is 0");
    expect_bad(with("tie_word_embeddings", 1), "tie_word_embeddings is 1; true or false was wanted");
}

TEST(ModelConfig, FilesThatAreNoConfig)
{
    const auto kind_of = [](const std::string& text) {
        TemporaryFolder folder;
        folder.write("config.json", text);
        try {
            read_model_config(folder.path());
        } catch (const Error& error) {
            return error.message().find("config.json") == std::string::npos ? ErrorKind::Internal : error.kind();
        }
        return ErrorKind::Internal;
    };
    EXPECT_EQ(kind_of(""), ErrorKind::BadInput);
    EXPECT_EQ(kind_of("{"), ErrorKind::BadInput);
    EXPECT_EQ(kind_of("[]"), ErrorKind::BadInput);
    EXPECT_EQ(kind_of(good().dump() + "x"), ErrorKind::BadInput);
    EXPECT_EQ(kind_of(R"({"vocab_size":1,"vocab_size":2})"), ErrorKind::BadInput);
    EXPECT_EQ(kind_of("{\"a\":1e999}"), ErrorKind::BadInput);
    EXPECT_EQ(kind_of(std::string((4u << 20) + 1, ' ')), ErrorKind::BadInput);
    TemporaryFolder folder;
    try {
        read_model_config(folder.path());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    }
}

} // namespace
} // namespace kvw
