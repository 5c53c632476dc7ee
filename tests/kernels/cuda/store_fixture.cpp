// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/store_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <sstream>

#include <cuda_fp16.h>

namespace kvw::kernels::cuda::test {
namespace {

const char* name(Format format)
{
    switch (format) {
    case Format::Fp16:
        return "fp16";
    case Format::Bf16:
        return "bf16";
    case Format::Int8:
        return "int8";
    case Format::Int4:
        return "int4";
    case Format::Int4Channel:
        return "int4-channel";
    }
    return "?";
}

std::uint16_t to_fp16(float value) { return __half_as_ushort(__float2half_rn(value)); }
float from_fp16(std::uint16_t value) { return __half2float(__ushort_as_half(value)); }
std::uint16_t to_16(float value, bool as_bf16) { return as_bf16 ? bf16(value) : to_fp16(value); }
float from_16(std::uint16_t bits, bool bf16) { return bf16 ? from_bf16(bits) : from_fp16(bits); }

/// Scale and zero as they are stored: kv_store.h, computed in fp32 as the device does.
struct HostScale
{
    float scale = 0, zero = 0;
};
float as_scale(float value)
{
    const float stored = from_fp16(to_fp16(value));
    return stored < 6.103515625e-05f ? 0.0f : stored;
}
HostScale symmetric(float largest) { return {as_scale(largest / 127.0f), 0}; }
HostScale range(float low, float high) { return {as_scale((high - low) / 15.0f), from_fp16(to_fp16(low))}; }
double coded_int8(float x, HostScale s)
{
    const float code = s.scale > 0 ? std::nearbyintf(x / s.scale) : 0.0f;
    return (std::clamp(code + 128.0f, 0.0f, 255.0f) - 128.0) * s.scale;
}
double coded_int4(float x, HostScale s)
{
    const float code = s.scale > 0 ? std::nearbyintf((x - s.zero) / s.scale) : 0.0f;
    return std::clamp(code, 0.0f, 15.0f) * static_cast<double>(s.scale) + s.zero;
}

float half_at(const std::byte* at)
{
    std::uint16_t bits = 0;
    std::memcpy(&bits, at, 2);
    return from_fp16(bits);
}

/// Number e of a piece, as its format decodes it.
double decode(Format format, const std::byte* piece, int e, float scale, float zero)
{
    if (is_16_bit(format)) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, piece + 2 * e, 2);
        return from_16(bits, format == Format::Bf16);
    }
    if (format == Format::Int8)
        return (static_cast<int>(piece[e]) - 128) * static_cast<double>(scale);
    std::uint32_t word = 0;
    std::memcpy(&word, piece, 4);
    return static_cast<double>((word >> nibble_shift(e)) & 15u) * scale + zero;
}

} // namespace

std::string describe(const Case& c)
{
    std::ostringstream out;
    out << "k=" << name(c.key_format) << ":" << c.head_dim << " v=" << name(c.value_format) << ":" << c.value_width
        << " kv_heads=" << c.kv_heads << " group=" << c.group << " lengths=";
    for (const int length : c.lengths)
        out << length << ",";
    out << " appended=" << c.appended << " sinks=" << c.sinks << " window=" << c.window << " splits=" << c.splits
        << (c.paged ? " paged" : "") << (c.outlier_keys ? " outliers" : "");
    return out.str();
}

Stored::Stored(const Case& c, std::uint64_t seed) : case_(c)
{
    const bool bf16 = c.key_format == Format::Bf16;
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    const auto draw = [&](std::size_t count, float scale) {
        std::vector<float> numbers(count);
        for (float& x : numbers)
            x = from_16(to_16(scale * normal(random), bf16), bf16);
        return numbers;
    };
    for (const int length : c.lengths) {
        const auto tokens = static_cast<std::size_t>(length) * static_cast<std::size_t>(c.kv_heads);
        keys_.push_back(draw(tokens * static_cast<std::size_t>(c.head_dim), c.key_scale));
        if (c.outlier_keys)
            for (std::size_t t = 0; t < tokens; ++t) {
                float* key = keys_.back().data() + t * static_cast<std::size_t>(c.head_dim);
                key[1] = from_16(to_16(key[1] + 600, bf16), bf16);
                key[c.head_dim - 2] = from_16(to_16(key[c.head_dim - 2] - 650, bf16), bf16);
            }
        values_.push_back(draw(tokens * static_cast<std::size_t>(c.value_width), c.value_scale));
        queries_.push_back(draw(static_cast<std::size_t>(c.kv_heads * c.group * c.head_dim), 1));
    }
    allocate();
    fill_prompt();
    for (int step = 0; step < c.appended; ++step)
        append_step(step);
}

int Stored::longest() const { return *std::max_element(case_.lengths.begin(), case_.lengths.end()); }

void Stored::allocate()
{
    store_.key_format = case_.key_format;
    store_.value_format = case_.value_format;
    store_.key_width = case_.head_dim;
    store_.value_width = case_.value_width;
    store_.sequences = static_cast<int>(case_.lengths.size());
    store_.kv_heads = case_.kv_heads;
    store_.pages_per_sequence = (longest() + kPageTokens - 1) / kPageTokens;
    store_.sinks = case_.sinks;
    store_.window = case_.window;
    if (case_.paged) {
        host_page_table_.resize(static_cast<std::size_t>(store_.sequences * store_.pages_per_sequence));
        std::iota(host_page_table_.begin(), host_page_table_.end(), 0);
        std::mt19937 shuffle(7);
        std::shuffle(host_page_table_.begin(), host_page_table_.end(), shuffle);
        page_table_ = Array<int>(host_page_table_);
        store_.maybe_page_table = page_table_.data();
    }
    ASSERT_EQ(check(store_), Status::Ok);
    const KvStoreBytes bytes =
        kv_store_bytes(store_, static_cast<std::size_t>(store_.sequences * store_.pages_per_sequence));
    tiles_ = Array<std::byte>(bytes.tiles);
    exact_ = Array<std::byte>(bytes.exact);
    store_.tiles = tiles_.data();
    store_.exact = exact_.data();
    lengths_ = Array<int>(static_cast<std::size_t>(store_.sequences));
    q_ = Array<std::uint16_t>(
        static_cast<std::size_t>(store_.sequences * case_.kv_heads * case_.group * padded_key_width(case_.head_dim)));
}

void Stored::fill_prompt()
{
    const bool bf16 = case_.key_format == Format::Bf16;
    for (int s = 0; s < store_.sequences; ++s) {
        const int count = case_.lengths[static_cast<std::size_t>(s)] - case_.appended;
        if (count == 0)
            continue;
        ASSERT_GT(count, 0);
        const auto bits_of = [&](const std::vector<float>& numbers, int width) {
            std::vector<std::uint16_t> bits(static_cast<std::size_t>(count * case_.kv_heads * width));
            for (std::size_t i = 0; i < bits.size(); ++i)
                bits[i] = to_16(numbers[i], bf16);
            return Array<std::uint16_t>(bits);
        };
        const auto k = bits_of(keys_[static_cast<std::size_t>(s)], case_.head_dim);
        const auto v = bits_of(values_[static_cast<std::size_t>(s)], case_.value_width);
        // This sequence as a store of its own.
        KvStore one = store_;
        one.sequences = 1;
        const auto shift = static_cast<std::size_t>(s);
        const KvStoreBytes bytes = kv_store_bytes(one, static_cast<std::size_t>(one.pages_per_sequence));
        if (case_.paged)
            one.maybe_page_table = page_table_.data() + s * store_.pages_per_sequence;
        else
            one.tiles += shift * bytes.tiles;
        one.exact += shift * bytes.exact;
        Fill args;
        args.store = one;
        args.k = k.data();
        args.v = v.data();
        args.count = count;
        ASSERT_EQ(fill(args, nullptr), Status::Ok);
        must(cudaDeviceSynchronize(), "fill");
    }
}

void Stored::append_step(int step)
{
    const int heads = case_.kv_heads * case_.group, d = case_.head_dim, width = case_.value_width;
    std::vector<int> lengths;
    std::vector<float> qkv;
    for (std::size_t s = 0; s < case_.lengths.size(); ++s) {
        const int token = case_.lengths[s] - case_.appended + step;
        lengths.push_back(token);
        qkv.insert(qkv.end(), queries_[s].begin(), queries_[s].begin() + heads * d);
        const auto key = keys_[s].begin() + static_cast<std::ptrdiff_t>(token) * case_.kv_heads * d;
        qkv.insert(qkv.end(), key, key + case_.kv_heads * d);
        const auto value = values_[s].begin() + static_cast<std::ptrdiff_t>(token) * case_.kv_heads * width;
        qkv.insert(qkv.end(), value, value + case_.kv_heads * width);
    }
    lengths_.copy_from(lengths);
    const Array<float> rows(qkv);
    Append args;
    args.store = store_;
    args.heads = heads;
    args.head_dim = d;
    args.qkv = rows.data();
    args.softmax_scale = static_cast<float>(1 / std::sqrt(static_cast<double>(d)));
    args.lengths = lengths_.data();
    args.q_out = q_.data();
    ASSERT_EQ(append(args, nullptr), Status::Ok);
    must(cudaDeviceSynchronize(), "append");
}

std::vector<std::vector<std::vector<double>>> Stored::attend()
{
    const int heads = case_.kv_heads * case_.group;
    Attend args;
    args.store = store_;
    args.heads = heads;
    args.q = q_.data();
    args.lengths = lengths_.data();
    args.splits = case_.splits ? case_.splits : attend_splits(store_, heads, longest(), 132);
    const Array<float> scratch(attend_scratch_bytes(store_, heads, args.splits) / sizeof(float));
    args.scratch = scratch.data();
    const auto count = static_cast<std::size_t>(store_.sequences * heads * case_.value_width);
    Array<float> out(std::vector<float>(count, std::numeric_limits<float>::quiet_NaN()));
    args.maybe_out = out.data();
    Array<std::uint16_t> blocks;
    const bool blocked = store_.sequences <= 8 && heads * case_.value_width % 32 == 0;
    if (blocked) {
        blocks = Array<std::uint16_t>(static_cast<std::size_t>(heads * case_.value_width * 8));
        args.maybe_out_blocks = blocks.data();
    }
    EXPECT_EQ(cuda::attend(args, nullptr), Status::Ok);
    must(cudaDeviceSynchronize(), "attend");
    last_output_ = out.to_host();
    // Counters are back at 0: a second call on the same scratch must give the same bits.
    EXPECT_EQ(cuda::attend(args, nullptr), Status::Ok);
    must(cudaDeviceSynchronize(), "attend");
    const std::vector<float> again = out.to_host();
    EXPECT_EQ(std::memcmp(again.data(), last_output_.data(), again.size() * sizeof(float)), 0) << "two runs differ";

    const auto nested = [&](auto at) {
        std::vector<std::vector<std::vector<double>>> result(static_cast<std::size_t>(store_.sequences));
        for (int s = 0; s < store_.sequences; ++s)
            for (int h = 0; h < heads; ++h) {
                result[static_cast<std::size_t>(s)].emplace_back();
                for (int c = 0; c < case_.value_width; ++c)
                    result[static_cast<std::size_t>(s)].back().push_back(at(s, h, c));
            }
        return result;
    };
    last_blocks_.clear();
    if (blocked) {
        const std::vector<std::uint16_t> bits = blocks.to_host();
        last_blocks_ = nested([&](int s, int h, int c) {
            const int k = h * case_.value_width + c;
            return static_cast<double>(from_bf16(bits[static_cast<std::size_t>((k / 32 * 8 + s) * 32 + k % 32)]));
        });
    }
    return nested([&](int s, int h, int c) {
        return static_cast<double>(last_output_[static_cast<std::size_t>((s * heads + h) * case_.value_width + c)]);
    });
}

std::vector<std::vector<std::vector<double>>> Stored::stored_queries() const
{
    const std::vector<std::uint16_t> bits = q_.to_host();
    const int heads = case_.kv_heads * case_.group, padded = padded_key_width(case_.head_dim);
    std::vector<std::vector<std::vector<double>>> result(static_cast<std::size_t>(store_.sequences));
    for (int s = 0; s < store_.sequences; ++s)
        for (int h = 0; h < heads; ++h) {
            result[static_cast<std::size_t>(s)].emplace_back();
            for (int c = 0; c < case_.head_dim; ++c)
                result[static_cast<std::size_t>(s)].back().push_back(from_16(
                    bits[static_cast<std::size_t>((s * heads + h) * padded + c)], case_.key_format == Format::Bf16));
        }
    return result;
}

Stored::Vectors Stored::expected_keys() const { return as_coded(keys_, case_.head_dim, true); }
Stored::Vectors Stored::expected_values() const { return as_coded(values_, case_.value_width, false); }
Stored::Vectors Stored::stored_keys() const { return from_device(true); }
Stored::Vectors Stored::stored_values() const { return from_device(false); }

Stored::Vectors Stored::as_coded(const std::vector<std::vector<float>>& numbers, int width, bool keys) const
{
    const Format format = keys ? case_.key_format : case_.value_format;
    Vectors result;
    for (std::size_t s = 0; s < numbers.size(); ++s) {
        result.emplace_back(static_cast<std::size_t>(case_.kv_heads));
        const int end = coded_end(store_, case_.lengths[s]);
        for (int h = 0; h < case_.kv_heads; ++h)
            for (int t = 0; t < case_.lengths[s]; ++t) {
                const auto at = [&](int token, int c) {
                    return numbers[s][static_cast<std::size_t>((token * case_.kv_heads + h) * width + c)];
                };
                std::vector<double> vector;
                const bool coded = t >= store_.sinks && t < end;
                HostScale token_scale;
                if (coded && (format == Format::Int8 || format == Format::Int4)) {
                    float low = at(t, 0), high = low;
                    for (int c = 0; c < width; ++c) {
                        low = std::min(low, at(t, c));
                        high = std::max(high, at(t, c));
                    }
                    token_scale = format == Format::Int8 ? symmetric(std::max(high, -low)) : range(low, high);
                }
                for (int c = 0; c < width; ++c) {
                    const float x = at(t, c);
                    if (!coded || is_16_bit(format)) {
                        vector.push_back(x);
                    } else if (format == Format::Int8) {
                        vector.push_back(coded_int8(x, token_scale));
                    } else if (format == Format::Int4) {
                        vector.push_back(coded_int4(x, token_scale));
                    } else {
                        const int first = t / kTileTokens * kTileTokens;
                        float low = at(first, c), high = low;
                        for (int u = first; u < first + kTileTokens; ++u) {
                            low = std::min(low, at(u, c));
                            high = std::max(high, at(u, c));
                        }
                        vector.push_back(coded_int4(x, range(low, high)));
                    }
                }
                result[s][static_cast<std::size_t>(h)].push_back(std::move(vector));
            }
    }
    return result;
}

Stored::Vectors Stored::from_device(bool keys) const
{
    const Format format = keys ? case_.key_format : case_.value_format;
    const int width = keys ? case_.head_dim : case_.value_width;
    const std::vector<std::byte> pool = tiles_.to_host(), exact = exact_.to_host();
    const TileParts parts = tile_parts(store_);
    const int padded = keys ? padded_key_width(width) : padded_value_width(format, width);
    Vectors result;
    for (int s = 0; s < store_.sequences; ++s) {
        result.emplace_back(static_cast<std::size_t>(case_.kv_heads));
        const int length = case_.lengths[static_cast<std::size_t>(s)], end = coded_end(store_, length);
        for (int h = 0; h < case_.kv_heads; ++h)
            for (int token = 0; token < length; ++token) {
                const int tile = token / kTileTokens, t = token % kTileTokens;
                const bool coded = token >= store_.sinks && token < end;
                const Format here = coded ? format : Format::Fp16;
                const std::byte *at = nullptr, *scale_at = nullptr;
                if (coded) {
                    const int index = s * store_.pages_per_sequence + tile / 2;
                    const int page = case_.paged ? host_page_table_[static_cast<std::size_t>(index)] : index;
                    const auto unit = static_cast<std::size_t>((page * case_.kv_heads + h) * 2 + tile % 2);
                    const std::byte* base = pool.data() + unit * static_cast<std::size_t>(parts.end);
                    at = base + (keys ? 0 : parts.values);
                    scale_at = base + (keys ? parts.key_scales : parts.value_scales);
                } else {
                    const int unit = (s * case_.kv_heads + h) * exact_tiles(store_) + exact_slot(store_, tile);
                    at = exact.data() + unit * exact_tile_bytes(store_)
                        + (keys ? 0 : key_tile_bytes(Format::Fp16, store_.key_width));
                }
                std::vector<double> vector;
                for (int c = 0; c < width; ++c) {
                    const int index = here == Format::Int4Channel ? c : t;
                    const int zero_at = here == Format::Int4Channel ? padded + c : kTileTokens + t;
                    const float scale = is_16_bit(here) ? 0 : half_at(scale_at + 2 * index);
                    const float zero =
                        here == Format::Int4 || here == Format::Int4Channel ? half_at(scale_at + 2 * zero_at) : 0;
                    vector.push_back(keys ? decode(here, at + key_piece_offset(here, t, c / 8), c % 8, scale, zero)
                                          : decode(here, at + value_piece_offset(here, t, c), t % 8, scale, zero));
                }
                result.back()[static_cast<std::size_t>(h)].push_back(std::move(vector));
            }
    }
    return result;
}

std::vector<double> attention_oracle(const std::vector<double>& query, const std::vector<std::vector<double>>& keys,
                                     const std::vector<std::vector<double>>& values)
{
    std::vector<double> scores;
    for (const std::vector<double>& key : keys)
        scores.push_back(std::inner_product(key.begin(), key.end(), query.begin(), 0.0));
    const double largest = *std::max_element(scores.begin(), scores.end());
    std::vector<double> out(values.front().size());
    double sum = 0;
    for (std::size_t t = 0; t < keys.size(); ++t) {
        const double p = std::exp2(scores[t] - largest);
        sum += p;
        for (std::size_t c = 0; c < out.size(); ++c)
            out[c] += p * values[t][c];
    }
    for (double& x : out)
        x /= sum;
    return out;
}

} // namespace kvw::kernels::cuda::test
