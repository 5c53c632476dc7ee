// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/block_store.h"
#include "core/cache/fit.h"
#include "core/lm/past.h"
#include "core/records/ledger.h"
#include "kernels/attend_prefill.h"

#include <memory>
#include <vector>

namespace kvw {

/// When a token is coded (docs/measurement.md, "Protocol").
enum class CodeWhen {
    Immediately, ///< before its own query attends: protocol `all`. One append from position 0 per clear().
    Later ///< before the next append, once it is older than the window: what a deployed cache does (`past:C`, `step`)
};
/// How the coded tokens are read.
enum class ReadAs {
    /// Query projected once, accumulation in rank dimensions, value basis lifted once (docs/codecs.md, "Attention over
    /// coded tokens").
    Compressed,
    Expanded ///< every token decoded and lifted, then ordinary attention: the oracle
};

struct CacheOptions
{
    int sequences = 1;
    CodeWhen code_when = CodeWhen::Later;
    ReadAs read_as = ReadAs::Compressed;
};

/// The KV cache under test. Of every layer and side: the first `sinks` tokens raw, coded tokens, and the tokens not
/// coded yet, raw. Raw means the type the model computes in.
///
/// With CodeWhen::Later a token is coded once `window` tokens, the query's own included, are newer (with
/// ScalePer::Channel once a whole block of such tokens is there). With CodeWhen::Immediately everything but the sinks
/// is coded at once; a query reads tokens that are less than `window` positions old raw.
class CodedCache final : public Past
{
public:
    CodedCache(const AttentionShapes& shape, std::shared_ptr<const FittedConfiguration> fitted,
               const CacheOptions& options);
    ~CodedCache() override;

    void append(int layer, const at::Tensor& k, const at::Tensor& v) override;
    at::Tensor attend(int layer, const at::Tensor& q) override;
    std::int64_t length() const override;

    /// Forgets all tokens; blocks are kept for reuse.
    void clear();
    /// A deep copy: what a measurement that decodes from the same filled cache again and again starts from.
    std::unique_ptr<CodedCache> clone() const;
    /// Codes what the policy lets be coded now, so that ledger() describes a cache at rest.
    void settle();

    /// Counted from the storage that is held (docs/measurement.md, "Bytes"), all sequences together.
    Ledger ledger() const;
    /// Share of the stored vectors of coded sides that are raw now (sinks, window, tokens that wait for their block);
    /// 1 where nothing is coded or nothing is stored.
    double raw_token_share() const;
    /// Bytes of every block, spare ones and scratch included: what the allocator gave.
    std::size_t bytes_allocated() const;
    /// Pairs of a query position and a coded token that it read, counted where they are read, keys and values apart,
    /// summed over layers and sequences.
    std::int64_t coded_keys_read() const { return coded_keys_read_; }
    std::int64_t coded_values_read() const { return coded_values_read_; }
    /// Bytes of keys and values that one decode step reads at this length.
    double bytes_per_step() const;
    const FittedConfiguration& fitted() const { return *fitted_; }

private:
    struct Side;
    struct Layer;

    Side make_side(const SideCodec& codec, const LayerCodec& policy) const;
    void append_side(Side& side, const LayerCodec& policy, const at::Tensor& x);
    void code_from_recent(Side& side, int window);
    void store_coded(Side& side, const at::Tensor& latents);
    void settle_side(Side& side, int window);
    at::Tensor attend_step(Layer& layer, const at::Tensor& q);
    void project_step(const SideCodec& codec, kernels::AttendDecode& args);
    void add_step(const SideCodec& codec, float* out);
    at::Tensor attend_many(const Layer& layer, const at::Tensor& q) const;
    at::Tensor attend_banded(Layer& layer, const at::Tensor& q);
    at::Tensor expand(const Side& side) const;
    at::Tensor expand_coded(const Side& side) const;
    at::Tensor add_rows(const Side& side, std::vector<kernels::PrefillRows>& out) const;
    std::int64_t coded_reads(const Layer& layer, const Side& side, std::int64_t queries) const;

    AttentionShapes shape_;
    std::shared_ptr<const FittedConfiguration> fitted_;
    CacheOptions options_;
    std::shared_ptr<Arena> arena_; ///< of all blocks
    std::vector<Layer> layers_;
    std::vector<float> scratch_;
    std::vector<float> raw_, latents_, centred_;         ///< of tokens that are being coded
    std::vector<float> queries_, offsets_, sums_, mass_; ///< of a decode step: [lanes, group, rank] or [lanes, group]
    std::int64_t coded_keys_read_ = 0, coded_values_read_ = 0;
};

} // namespace kvw
