// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "core/base/units.h"

#include <fmt/format.h>

namespace kvw {
namespace {

/// Bytes of a bf16 number, in which the cache of an uncompressed model usually lies.
constexpr double kBf16Bytes = 2;

nlohmann::ordered_json json_of(const ModelFacts& facts)
{
    const ModelConfig& config = facts.config;
    nlohmann::ordered_json out{{"architecture", config.architecture},
                               {"parameters", config.parameters()},
                               {"layers", config.layers},
                               {"heads", config.heads},
                               {"kv_heads", config.kv_heads},
                               {"head_dim", config.head_dim},
                               {"hidden_size", config.hidden_size},
                               {"intermediate_size", config.intermediate_size},
                               {"vocab_size", config.vocab_size},
                               {"tokenizer_size", facts.tokenizer_size},
                               {"max_positions", config.max_positions},
                               {"rope_theta", config.layer_specs.front().rotary.theta},
                               {"tied_embeddings", config.tied_embeddings},
                               {"stored_type", config.torch_type},
                               {"weight_bytes", facts.weight_bytes},
                               {"kv_bytes_per_token_bf16", config.kv_bytes_per_token(kBf16Bytes)}};
    for (const std::filesystem::path& file : facts.weight_files)
        out["weight_files"].push_back(file.filename().string());
    return out;
}

void print_facts(const ModelFacts& facts)
{
    const ModelConfig& config = facts.config;
    const double per_token = config.kv_bytes_per_token(kBf16Bytes);
    fmt::print("architecture    {}\n", config.architecture);
    fmt::print("parameters      {} ({} in {} file{})\n", human_count(static_cast<long long>(config.parameters())),
               human_bytes(static_cast<double>(facts.weight_bytes)), facts.weight_files.size(),
               facts.weight_files.size() == 1 ? "" : "s");
    fmt::print("layers          {}\n", config.layers);
    fmt::print("heads           {} query, {} key/value, size {}\n", config.heads, config.kv_heads, config.head_dim);
    fmt::print("hidden size     {}, feed-forward {}\n", config.hidden_size, config.intermediate_size);
    fmt::print("vocabulary      {} (tokenizer {})\n", human_count(config.vocab_size),
               human_count(facts.tokenizer_size));
    fmt::print("positions       {}\n", human_count(config.max_positions));
    fmt::print("KV cache, bf16  {} a token, {} at {} tokens\n", human_bytes(per_token),
               human_bytes(per_token * static_cast<double>(config.max_positions)), human_count(config.max_positions));
    fmt::print("memory needed   about {} in bf16, {} in fp32, without the cache\n",
               human_bytes(config.parameters() * 2), human_bytes(config.parameters() * 4));
}

} // namespace

void add_info(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand("info", "what a model folder holds: family, layers, heads, sizes, memory");
    auto folder = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("MODEL", *folder, "a Hugging Face model folder")->required();
    command->add_flag("--json", *json, "print as JSON");
    command->callback([=, &action] {
        action = [=] {
            const ModelFacts facts = inspect_model(*folder);
            if (*json)
                print_json(json_of(facts));
            else
                print_facts(facts);
            return 0;
        };
    });
}

} // namespace kvw
