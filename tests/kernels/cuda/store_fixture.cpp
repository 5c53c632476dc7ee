// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/store_fixture.h"

#include "kernels/cuda/reference/operations.h"
#include "kernels/cuda/reference/store.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <sstream>

namespace kvw::kernels::cuda::test {
namespace {

std::uint16_t to_16(float value, bool as_bf16) { return as_bf16 ? bf16(value) : to_fp16(value); }
float from_16(std::uint16_t bits, bool bf16) { return bf16 ? from_bf16(bits) : from_fp16(bits); }

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

Stored::Stored(const Case& c, std::uint64_t seed, Machine& where) : case_(c), machine_(where)
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
        page_table_ = Array<int>(host_page_table_, machine_);
        store_.maybe_page_table = page_table_.data();
    }
    ASSERT_EQ(check(store_), Status::Ok);
    const KvStoreBytes bytes =
        kv_store_bytes(store_, static_cast<std::size_t>(store_.sequences * store_.pages_per_sequence));
    tiles_ = Array<std::byte>(bytes.tiles, machine_);
    exact_ = Array<std::byte>(bytes.exact, machine_);
    store_.tiles = tiles_.data();
    store_.exact = exact_.data();
    lengths_ = Array<int>(static_cast<std::size_t>(store_.sequences), machine_);
    q_ = Array<std::uint16_t>(
        static_cast<std::size_t>(store_.sequences * case_.kv_heads * case_.group * padded_key_width(case_.head_dim)),
        machine_);
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
            return Array<std::uint16_t>(bits, machine_);
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
        ASSERT_EQ(machine_.operations().fill(args, nullptr), Status::Ok);
        machine_.wait();
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
    host_lengths_ = lengths;
    const Array<float> rows(qkv, machine_);
    Append args;
    args.store = store_;
    args.heads = heads;
    args.head_dim = d;
    args.qkv = rows.data();
    args.softmax_scale = static_cast<float>(1 / std::sqrt(static_cast<double>(d)));
    args.lengths = lengths_.data();
    args.q_out = q_.data();
    ASSERT_EQ(machine_.operations().append(args, nullptr), Status::Ok);
    machine_.wait();
}

Rows Stored::rows_of(const std::vector<float>& numbers) const
{
    Rows result(static_cast<std::size_t>(store_.sequences));
    auto at = numbers.begin();
    for (auto& sequence : result)
        for (int h = 0; h < case_.kv_heads * case_.group; ++h, at += case_.value_width)
            sequence.emplace_back(at, at + case_.value_width);
    return result;
}

Rows Stored::attend()
{
    const int heads = case_.kv_heads * case_.group;
    const Operations& operations = machine_.operations();
    Attend args;
    args.store = store_;
    args.heads = heads;
    args.q = q_.data();
    args.lengths = lengths_.data();
    args.splits = case_.splits ? case_.splits : operations.attend_splits(store_, heads, longest());
    const Array<float> scratch(operations.attend_scratch_bytes(store_, heads, args.splits) / sizeof(float) + 1,
                               machine_);
    args.scratch = scratch.data();
    const auto count = static_cast<std::size_t>(store_.sequences * heads * case_.value_width);
    const Array<float> out(std::vector<float>(count, std::numeric_limits<float>::quiet_NaN()), machine_);
    args.maybe_out = out.data();
    Array<std::uint16_t> blocks;
    const bool blocked = store_.sequences <= kLinearRows && case_.value_width % kValueWidthStep == 0;
    if (blocked) {
        blocks = Array<std::uint16_t>(blocks_size(heads * case_.value_width), machine_);
        args.maybe_out_blocks = blocks.data();
    }
    EXPECT_EQ(operations.attend(args, nullptr), Status::Ok);
    machine_.wait();
    const std::vector<float> output = out.to_host();
    // Counters are back at 0: a second call on the same scratch must give the same bits.
    EXPECT_EQ(operations.attend(args, nullptr), Status::Ok);
    machine_.wait();
    const std::vector<float> again = out.to_host();
    EXPECT_EQ(std::memcmp(again.data(), output.data(), again.size() * sizeof(float)), 0) << "two runs differ";
    last_blocks_.clear();
    if (blocked) {
        const std::vector<std::uint16_t> bits = blocks.to_host();
        std::vector<float> numbers;
        for (int s = 0; s < store_.sequences; ++s)
            for (int k = 0; k < heads * case_.value_width; ++k)
                numbers.push_back(from_bf16(bits[in_blocks(s, k)]));
        last_blocks_ = rows_of(numbers);
    }
    return rows_of(output);
}

Stored::HostCopy Stored::host_copy() const
{
    HostCopy copy{tiles_.to_host(), exact_.to_host(), store_};
    copy.store.tiles = copy.tiles.data();
    copy.store.exact = copy.exact.data();
    copy.store.maybe_page_table = case_.paged ? host_page_table_.data() : nullptr;
    return copy;
}

Rows Stored::attend_by_reference() const
{
    const HostCopy copy = host_copy();
    const std::vector<std::uint16_t> queries = q_.to_host();
    std::vector<float> out(
        static_cast<std::size_t>(store_.sequences * case_.kv_heads * case_.group * case_.value_width));
    Attend args;
    args.store = copy.store;
    args.heads = case_.kv_heads * case_.group;
    args.q = queries.data();
    args.lengths = host_lengths_.data();
    args.splits = 1;
    args.maybe_out = out.data();
    EXPECT_EQ(reference::attend(args, nullptr), Status::Ok);
    return rows_of(out);
}

Rows Stored::stored_queries() const
{
    const std::vector<std::uint16_t> bits = q_.to_host();
    const int heads = case_.kv_heads * case_.group, padded = padded_key_width(case_.head_dim);
    Rows result(static_cast<std::size_t>(store_.sequences));
    for (int s = 0; s < store_.sequences; ++s)
        for (int h = 0; h < heads; ++h) {
            result[static_cast<std::size_t>(s)].emplace_back();
            for (int c = 0; c < case_.head_dim; ++c)
                result[static_cast<std::size_t>(s)].back().push_back(from_16(
                    bits[static_cast<std::size_t>((s * heads + h) * padded + c)], case_.key_format == Format::Bf16));
        }
    return result;
}

bool Stored::is_coded(int sequence, int token) const
{
    return token >= store_.sinks && token < coded_end(store_, case_.lengths[static_cast<std::size_t>(sequence)]);
}

Vectors Stored::stored(bool keys) const
{
    const HostCopy copy = host_copy();
    Vectors result;
    for (int s = 0; s < store_.sequences; ++s) {
        result.emplace_back();
        const int length = case_.lengths[static_cast<std::size_t>(s)];
        for (int h = 0; h < case_.kv_heads; ++h) {
            const std::vector<float> numbers = reference::stored_vectors(copy.store, keys, s, h, length);
            const auto width = static_cast<std::ptrdiff_t>(keys ? case_.head_dim : case_.value_width);
            auto& tokens = result.back().emplace_back();
            for (auto at = numbers.begin(); at != numbers.end(); at += width)
                tokens.emplace_back(at, at + width);
        }
    }
    return result;
}

Vectors Stored::given(const std::vector<std::vector<float>>& numbers, int width) const
{
    Vectors result;
    for (const std::vector<float>& sequence : numbers) {
        result.emplace_back(static_cast<std::size_t>(case_.kv_heads));
        std::size_t row = 0;
        for (auto at = sequence.begin(); at != sequence.end(); at += width, ++row)
            result.back()[row % static_cast<std::size_t>(case_.kv_heads)].emplace_back(at, at + width);
    }
    return result;
}

std::vector<double> flat(const Vectors& vectors)
{
    std::vector<double> out;
    for (const auto& sequence : vectors)
        for (const auto& head : sequence)
            for (const auto& token : head)
                out.insert(out.end(), token.begin(), token.end());
    return out;
}

std::vector<Case> all_cases()
{
    std::vector<Case> all;
    for (const auto& [k, v] : kFormatPairs) {
        Case base;
        base.key_format = k;
        base.value_format = v;
        const bool coded = !is_16_bit(k) || !is_16_bit(v);
        for (const int d : {64, 80, 96, 128, 256}) { // head sizes
            Case c = base;
            c.head_dim = c.value_width = d;
            c.lengths = {1, 37, 300};
            c.appended = 1;
            all.push_back(c);
        }
        for (const int group : {1, 2, 7, 8, 9, 16}) { // query heads of a KV head
            Case c = base;
            c.head_dim = c.value_width = 128;
            c.group = group;
            c.lengths = {515};
            all.push_back(c);
        }
        for (const int rank : {2, 8, 20, 40, 56, 100, 120}) { // ranks that are no multiple of anything
            Case c = base;
            c.head_dim = rank;
            c.value_width = 128 - rank + 1;
            c.lengths = {161};
            all.push_back(c);
        }
        for (const int length : {1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 4096}) { // edges of tiles and pages
            Case c = base;
            c.lengths = {length};
            c.appended = std::min(length, 3);
            c.kv_heads = 1;
            all.push_back(c);
        }
        for (const int splits : {1, 2, 7, 64, 256}) { // empty splits among them
            Case c = base;
            c.lengths = {700, 5};
            c.splits = splits;
            all.push_back(c);
        }
        Case paged = base;
        paged.paged = true;
        paged.lengths = {200, 64, 1, 130};
        paged.appended = 1;
        all.push_back(paged);
        Case eight = base;
        eight.lengths = {90, 91, 92, 93, 94, 95, 96, 97};
        eight.appended = 40; // across a tile's edge
        all.push_back(eight);
        Case extreme = base; // scores of thousands
        extreme.outlier_keys = true;
        extreme.lengths = {333};
        all.push_back(extreme);
        Case tiny = base;
        tiny.value_scale = 1e-3f;
        all.push_back(tiny);
        Case long_one = base;
        long_one.kv_heads = 1;
        long_one.group = 2;
        long_one.lengths = {33000};
        all.push_back(long_one);
        if (!coded)
            continue;
        for (const int window : {0, 32, 64})
            for (const int sinks : {0, 32}) {
                Case c = base;
                c.window = window;
                c.sinks = sinks;
                c.lengths = {20, 32, 50, 140, 500};
                c.appended = 20;
                all.push_back(c);
                c.appended = 1;
                c.lengths = {129, 161, 1};
                c.paged = true;
                all.push_back(c);
            }
    }
    return all;
}

} // namespace kvw::kernels::cuda::test
