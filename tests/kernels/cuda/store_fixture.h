// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
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

/// The keys, values and queries of a case, and a store filled with them.
class Stored
{
public:
    Stored(const Case& c, std::uint64_t seed);

    /// The tokens as the host codes them: [sequence][kv head][token][width].
    using Vectors = std::vector<std::vector<std::vector<std::vector<double>>>>;
    Vectors expected_keys() const;
    Vectors expected_values() const;
    /// And as they lie on the device.
    Vectors stored_keys() const;
    Vectors stored_values() const;
    /// The queries as append() left them: [sequence][head][width], in units of log2.
    std::vector<std::vector<std::vector<double>>> stored_queries() const;

    /// Attention on the device: [sequence][head][value_width].
    std::vector<std::vector<std::vector<double>>> attend();
    /// Of the last attend(): every bit of it.
    std::vector<float> last_output() const { return last_output_; }
    /// The same out of the blocked bf16 form; only up to 8 sequences.
    std::vector<std::vector<std::vector<double>>> last_blocks() const { return last_blocks_; }

private:
    int longest() const;
    void allocate();
    void fill_prompt();
    void append_step(int step);
    Vectors as_coded(const std::vector<std::vector<float>>& numbers, int width, bool keys) const;
    Vectors from_device(bool keys) const;

    Case case_;
    KvStore store_;
    std::vector<std::vector<float>> keys_, values_; ///< per sequence [token, kv head, width], 16-bit numbers
    std::vector<std::vector<float>> queries_;       ///< per sequence [head, head_dim]
    Array<int> page_table_, lengths_;
    std::vector<int> host_page_table_;
    Array<std::byte> tiles_, exact_;
    Array<std::uint16_t> q_;
    std::vector<float> last_output_;
    std::vector<std::vector<std::vector<double>>> last_blocks_;
};

/// softmax in base 2 of q.k, times v, in fp64.
std::vector<double> attention_oracle(const std::vector<double>& query, const std::vector<std::vector<double>>& keys,
                                     const std::vector<std::vector<double>>& values);

} // namespace kvw::kernels::cuda::test
