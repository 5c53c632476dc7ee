// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/layout.h"
#include "tests/kernels/cuda/device.h"

#include <cstdint>
#include <random>
#include <vector>

namespace kvw::kernels::cuda::test {

/// A case of the attention tests. Lengths are tokens after the last append.
struct Case
{
    Format key_format = Format::Fp16, value_format = Format::Fp16;
    int head_dim = 64, value_width = 64;
    int kv_heads = 2, group = 3;
    std::vector<int> lengths{100};
    int appended = 3; ///< of the tokens, these come by append(), the others by fill()
    int sinks = 0, window = 0;
    int splits = 0; ///< 0: attend_splits()
    bool paged = false;
    float key_scale = 1, value_scale = 1;
    bool outlier_keys = false; ///< a large constant in two channels, as a bias makes it
};
std::string describe(const Case& c);

/// Of every pair of formats: head sizes, groups, ranks, lengths at the edges of tiles and pages, splits, pages, sinks, windows.
std::vector<Case> all_cases();

/// [sequence][kv head][token][width]
using Vectors = std::vector<std::vector<std::vector<std::vector<double>>>>;
/// [sequence][head][width]
using Rows = std::vector<std::vector<std::vector<double>>>;
std::vector<double> flat(const Vectors& vectors);

/// The keys, values and queries of a case, and a store of a machine filled with them.
class Stored
{
public:
    Stored(const Case& c, std::uint64_t seed, Machine& where);

    /// The tokens as they lie in the store.
    Vectors stored_keys() const { return stored(true); }
    Vectors stored_values() const { return stored(false); }
    /// And as they were given.
    Vectors given_keys() const { return given(keys_, case_.head_dim); }
    Vectors given_values() const { return given(values_, case_.value_width); }
    /// Whether a token is coded, by the rule in kv_store.h.
    bool is_coded(int sequence, int token) const;
    /// The queries as append() left them, in units of log2.
    Rows stored_queries() const;

    /// Attention by the machine.
    Rows attend();
    /// The same out of the blocked bf16 form; only up to 8 sequences.
    Rows last_blocks() const { return last_blocks_; }
    /// Attention by the reference over this store's bytes and queries.
    Rows attend_by_reference() const;

private:
    int longest() const;
    void allocate();
    void fill_prompt();
    void append_step(int step);
    Vectors stored(bool keys) const;
    Vectors given(const std::vector<std::vector<float>>& numbers, int width) const;
    Rows rows_of(const std::vector<float>& numbers) const;

    /// The store's memory on the host, with a KvStore that points to it.
    struct HostCopy
    {
        std::vector<std::byte> tiles, exact;
        KvStore store;
    };
    HostCopy host_copy() const;

    Case case_;
    Machine& machine_;
    KvStore store_;
    std::vector<std::vector<float>> keys_, values_; ///< per sequence [token, kv head, width], 16-bit numbers
    std::vector<std::vector<float>> queries_;       ///< per sequence [head, head_dim]
    Array<int> page_table_, lengths_;
    std::vector<int> host_page_table_, host_lengths_;
    Array<std::byte> tiles_, exact_;
    Array<std::uint16_t> q_;
    Rows last_blocks_;
};

} // namespace kvw::kernels::cuda::test
