// SPDX-License-Identifier: GPL-3.0-or-later
// cuda_decode_bench [--out FILE] [--rounds N] [--steps N] [--layers N] [--contexts 1x1024,8x32768]
//
// Whole decode steps with the shapes of Qwen2.5-7B and random weights, each step one CUDA graph, under several formats of
// the cache in turn; and attention alone. Prints every figure beside what must move through the memory at least, and writes
// all of it as JSON. Exit code 1 without a device, or when something fails.
#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
#include "kernels/cuda/decode_graph.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear.h"
#include "kernels/cuda/operations.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>

namespace {

using namespace kvw::kernels;
using namespace kvw::kernels::cuda;

// Qwen2.5-7B
constexpr int kHidden = 3584, kIntermediate = 18944, kHeads = 28, kKvHeads = 4, kHeadDim = 128, kVocab = 152064;
constexpr std::size_t kRandomBytes = std::size_t{64} << 20;

void must(cudaError_t error, const char* what)
{
    if (error != cudaSuccess)
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}
void must(Status status, const char* what)
{
    if (status != Status::Ok)
        throw std::runtime_error(std::string(what) + " was refused (status " + std::to_string(static_cast<int>(status))
                                 + "): " + cudaGetErrorString(cudaGetLastError()));
}

/// Device memory.
class Memory
{
public:
    Memory() = default;
    explicit Memory(std::size_t bytes) { must(cudaMalloc(&data_, std::max<std::size_t>(bytes, 256)), "cudaMalloc"); }
    Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    Memory& operator=(Memory&& other) noexcept
    {
        std::swap(data_, other.data_);
        return *this;
    }
    ~Memory() { cudaFree(data_); }
    template<typename T>
    T* as() const
    {
        return static_cast<T*>(data_);
    }

private:
    void* data_ = nullptr;
};

/// Random bf16 numbers of +-0.02 on the device, and copies of them: a pattern of zeros would flatter clocks and power.
class Random
{
public:
    Random() : pool_(kRandomBytes)
    {
        std::mt19937 generator(1);
        std::vector<std::uint16_t> host(kRandomBytes / 2);
        for (std::uint16_t& number : host) {
            const float value = (static_cast<float>(generator() & 0xffff) / 32768.0f - 1.0f) * 0.02f;
            std::uint32_t bits = 0;
            std::memcpy(&bits, &value, sizeof bits);
            number = static_cast<std::uint16_t>(bits >> 16);
        }
        must(cudaMemcpy(pool_.as<void>(), host.data(), kRandomBytes, cudaMemcpyHostToDevice), "copy");
    }
    Memory make(std::size_t bytes) const
    {
        Memory memory(bytes);
        for (std::size_t at = 0; at < bytes; at += kRandomBytes)
            must(cudaMemcpy(memory.as<std::byte>() + at, pool_.as<void>(), std::min(kRandomBytes, bytes - at),
                            cudaMemcpyDeviceToDevice),
                 "copy");
        return memory;
    }

private:
    Memory pool_;
};

struct Timer
{
    cudaEvent_t begin = nullptr, end = nullptr;
    Timer()
    {
        must(cudaEventCreate(&begin), "event");
        must(cudaEventCreate(&end), "event");
    }
    ~Timer()
    {
        cudaEventDestroy(begin);
        cudaEventDestroy(end);
    }
    void start(cudaStream_t stream) const { must(cudaEventRecord(begin, stream), "event"); }
    double stop_us(cudaStream_t stream) const
    {
        must(cudaEventRecord(end, stream), "event");
        must(cudaEventSynchronize(end), "run");
        float ms = 0;
        must(cudaEventElapsedTime(&ms, begin, end), "event");
        return ms * 1e3;
    }
};

struct Spread
{
    double median = 0, low = 0, high = 0;
};
Spread spread(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values.front(), values.back()};
}

/// Bytes a second of a large copy, reading and writing counted, once the clocks are up.
double copy_bandwidth(cudaStream_t stream)
{
    constexpr std::size_t kBytes = std::size_t{2} << 30;
    constexpr int kWarmUp = 200, kRounds = 20;
    const Memory from(kBytes), to(kBytes);
    must(cudaMemset(from.as<void>(), 1, kBytes), "memset");
    const Timer timer;
    std::vector<double> rounds;
    for (int i = 0; i < kWarmUp + kRounds; ++i) {
        timer.start(stream);
        must(cudaMemcpyAsync(to.as<void>(), from.as<void>(), kBytes, cudaMemcpyDeviceToDevice, stream), "copy");
        const double us = timer.stop_us(stream);
        if (i >= kWarmUp)
            rounds.push_back(2.0 * static_cast<double>(kBytes) / us * 1e6);
    }
    return spread(rounds).median;
}

struct CacheFormat
{
    const char* name;
    Format keys, values;
    int value_width; ///< below kHeadDim: a low-rank basis folded into the weights
};
constexpr CacheFormat kFormats[] = {{"bf16", Format::Bf16, Format::Bf16, kHeadDim},
                                    {"k fp16, v int8", Format::Fp16, Format::Int8, kHeadDim},
                                    {"int8", Format::Int8, Format::Int8, kHeadDim},
                                    {"k int8, v int4", Format::Int8, Format::Int4, kHeadDim},
                                    {"int4", Format::Int4, Format::Int4, kHeadDim},
                                    {"k int4 by channel, v int4", Format::Int4Channel, Format::Int4, kHeadDim},
                                    {"k int8, v rank 64 int8, folded", Format::Int8, Format::Int8, 64}};

struct Place
{
    int sequences, context;
};

KvStore empty_store(const CacheFormat& format, const Place& place, int steps)
{
    KvStore store;
    store.key_format = format.keys;
    store.value_format = format.values;
    store.key_width = kHeadDim;
    store.value_width = format.value_width;
    store.sequences = place.sequences;
    store.kv_heads = kKvHeads;
    store.pages_per_sequence = (place.context + steps + kPageTokens) / kPageTokens;
    return store;
}

/// Bytes of keys, values and scales of `context` tokens of every sequence, one layer.
double cache_bytes(const KvStore& store, const Place& place)
{
    return static_cast<double>(tile_bytes(store)) / kTileTokens * place.context * place.sequences * store.kv_heads;
}

struct StoredLayer
{
    KvStore store;
    Memory tiles, exact;
};

StoredLayer make_layer(const CacheFormat& format, const Place& place, int steps, const Memory& numbers)
{
    StoredLayer layer;
    layer.store = empty_store(format, place, steps);
    const KvStoreBytes bytes =
        kv_store_bytes(layer.store, std::size_t(layer.store.sequences) * std::size_t(layer.store.pages_per_sequence));
    layer.tiles = Memory(bytes.tiles);
    must(cudaMemset(layer.tiles.as<void>(), 0, bytes.tiles), "memset");
    layer.store.tiles = layer.tiles.as<std::byte>();
    if (bytes.exact > 0) {
        layer.exact = Memory(bytes.exact);
        must(cudaMemset(layer.exact.as<void>(), 0, bytes.exact), "memset");
        layer.store.exact = layer.exact.as<std::byte>();
    }
    Fill args;
    args.store = layer.store;
    args.k = args.v = numbers.as<std::uint16_t>();
    args.count = place.context;
    must(fill(args, nullptr), "fill");
    must(cudaDeviceSynchronize(), "fill");
    return layer;
}

/// Weights of all layers, the same memory for every format.
struct Weights
{
    std::vector<Memory> qkv, o, gate_up, down;
    Memory logits, embedding, norm;

    Weights(const Random& random, int layers)
    {
        for (int i = 0; i < layers; ++i) {
            qkv.push_back(random.make(2 * packed_size((kHeads + 2 * kKvHeads) * kHeadDim, kHidden)));
            o.push_back(random.make(2 * packed_size(kHidden, kHeads * kHeadDim)));
            gate_up.push_back(random.make(2 * packed_size(2 * kIntermediate, kHidden)));
            down.push_back(random.make(2 * packed_size(kHidden, kIntermediate)));
        }
        logits = random.make(2 * packed_size(kVocab, kHidden));
        embedding = random.make(2 * std::size_t(kVocab) * kHidden);
        const std::vector<float> ones((kHeads + 2 * kKvHeads) * kHeadDim, 1.0f);
        norm = Memory(ones.size() * sizeof(float));
        must(cudaMemcpy(norm.as<void>(), ones.data(), ones.size() * sizeof(float), cudaMemcpyHostToDevice), "copy");
    }
    double bytes(int value_width) const
    {
        const double layer = double(packed_size(kHeads * kHeadDim + kKvHeads * (kHeadDim + value_width), kHidden))
            + double(packed_size(kHidden, kHeads * value_width)) + double(packed_size(2 * kIntermediate, kHidden))
            + double(packed_size(kHidden, kIntermediate));
        return 2 * (layer * double(qkv.size()) + double(packed_size(kVocab, kHidden)));
    }
};

/// One format at one place: its cache, and its step as a graph.
class Contender
{
public:
    Contender(const CacheFormat& format, const Place& place, int steps, const Weights& weights, const Memory& numbers,
              cudaStream_t stream)
        : format_(format),
          place_(place)
    {
        for (std::size_t i = 0; i < weights.qkv.size(); ++i)
            stored_.push_back(make_layer(format, place, steps, numbers));
        for (std::size_t i = 0; i < stored_.size(); ++i) {
            DecodeLayer layer;
            layer.qkv = weights.qkv[i].as<std::uint16_t>();
            layer.o = weights.o[i].as<std::uint16_t>();
            layer.gate_up = weights.gate_up[i].as<std::uint16_t>();
            layer.down = weights.down[i].as<std::uint16_t>();
            layer.attention_norm = layer.mlp_norm = layer.maybe_qkv_bias = weights.norm.as<float>();
            if (format.value_width < kHeadDim)
                layer.maybe_o_bias = weights.norm.as<float>();
            layer.store = stored_[i].store;
            layers_.push_back(layer);
        }
        step_.model = {kHidden,
                       kIntermediate,
                       kHeads,
                       kHeadDim,
                       kVocab,
                       1e-6f,
                       0.0883883f,
                       layers_.data(),
                       static_cast<int>(layers_.size()),
                       weights.logits.as<std::uint16_t>(),
                       weights.embedding.as<std::uint16_t>(),
                       weights.norm.as<float>(),
                       nullptr,
                       nullptr};
        step_.operations = &cuda_operations();
        step_.sequences = place.sequences;
        step_.splits = attend_splits(stored_[0].store, kHeads, place.context + steps, multiprocessors());
        buffers_ = Memory(place_buffers(step_, nullptr));
        const std::size_t bytes = place_buffers(step_, buffers_.as<std::byte>());
        must(cudaMemset(buffers_.as<void>(), 0, bytes), "memset");
        rewind();
        must(decode_start(step_, stream), "decode_start");
        must(cudaStreamSynchronize(stream), "decode_start");
        must(graph_.capture(step_, stream), "the graph of a step");
    }

    /// Microseconds of a step, over `steps` of them from the same length on.
    double run(int steps, cudaStream_t stream)
    {
        rewind();
        must(graph_.replay(stream), "a step"); // one to warm up
        const Timer timer;
        timer.start(stream);
        for (int i = 1; i < steps; ++i)
            must(graph_.replay(stream), "a step");
        return timer.stop_us(stream) / (steps - 1);
    }
    double bytes(const Weights& weights) const
    {
        return weights.bytes(format_.value_width) + cache_bytes(stored_[0].store, place_) * double(stored_.size());
    }
    double cache() const { return cache_bytes(stored_[0].store, place_) * double(stored_.size()); }
    const char* name() const { return format_.name; }
    int splits() const { return step_.splits; }

private:
    void rewind()
    {
        const std::vector<int> lengths(std::size_t(place_.sequences), place_.context - 1);
        must(cudaMemcpy(step_.buffers.lengths, lengths.data(), lengths.size() * sizeof(int), cudaMemcpyHostToDevice),
             "copy");
    }

    CacheFormat format_;
    Place place_;
    std::vector<StoredLayer> stored_;
    std::vector<DecodeLayer> layers_;
    DecodeStep step_;
    Memory buffers_;
    DecodeGraph graph_;
};

struct Options
{
    std::string out;
    int rounds = 7, steps = 24, layers = 28;
    std::vector<Place> places{{1, 1024}, {1, 8192}, {8, 8192}, {8, 32768}};
};

struct Row
{
    std::string name;
    Place place;
    Spread us;
    double bytes = 0, cache = 0;
    int splits = 0;
};

void print_rows(const char* title, const std::vector<Row>& rows, double bandwidth)
{
    std::printf(
        "\n%s\n| cache | sequences x context | us, median [least, most] | of copy bandwidth | over bf16 | GB | splits |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
        title);
    double baseline = 0;
    for (const Row& row : rows) {
        if (row.name == "bf16")
            baseline = row.us.median;
        std::printf("| %s | %d x %d | %.1f [%.1f, %.1f] | %.1f %% | %.3f | %.2f | %d |\n", row.name.c_str(),
                    row.place.sequences, row.place.context, row.us.median, row.us.low, row.us.high,
                    100 * row.bytes / row.us.median * 1e6 / bandwidth, baseline / row.us.median, row.bytes * 1e-9,
                    row.splits);
    }
    std::fflush(stdout);
}

std::vector<Row> measure_steps(const Options& options, const Random& random, cudaStream_t stream)
{
    const Weights weights(random, options.layers);
    std::vector<Row> rows;
    for (const Place& place : options.places) {
        const Memory numbers = random.make(2 * std::size_t(place.sequences) * place.context * kKvHeads * kHeadDim);
        std::vector<std::unique_ptr<Contender>> contenders;
        for (const CacheFormat& format : kFormats)
            contenders.push_back(std::make_unique<Contender>(format, place, options.steps, weights, numbers, stream));
        std::vector<std::vector<double>> times(contenders.size());
        for (int round = 0; round <= options.rounds; ++round)
            for (std::size_t i = 0; i < contenders.size(); ++i) {
                const double us = contenders[i]->run(options.steps, stream);
                if (round > 0) // the first warms up
                    times[i].push_back(us);
            }
        for (std::size_t i = 0; i < contenders.size(); ++i)
            rows.push_back({contenders[i]->name(), place, spread(times[i]), contenders[i]->bytes(weights),
                            contenders[i]->cache(), contenders[i]->splits()});
    }
    return rows;
}

/// Attention of one layer alone, at every place.
std::vector<Row> measure_attention(const Options& options, const Random& random, cudaStream_t stream)
{
    constexpr int kLaunches = 20;
    std::vector<Row> rows;
    const Memory q = random.make(2 * std::size_t(8) * kHeads * kHeadDim);
    for (const Place& place : options.places) {
        const Memory numbers = random.make(2 * std::size_t(place.sequences) * place.context * kKvHeads * kHeadDim);
        const std::vector<int> host(std::size_t(place.sequences), place.context - 1);
        const Memory lengths(host.size() * sizeof(int));
        must(cudaMemcpy(lengths.as<void>(), host.data(), host.size() * sizeof(int), cudaMemcpyHostToDevice), "copy");
        for (const CacheFormat& format : kFormats) {
            const StoredLayer layer = make_layer(format, place, 1, numbers);
            Attend args;
            args.store = layer.store;
            args.heads = kHeads;
            args.q = q.as<std::uint16_t>();
            args.lengths = lengths.as<int>();
            args.splits = attend_splits(layer.store, kHeads, place.context, multiprocessors());
            const std::size_t bytes = attend_scratch_bytes(layer.store, kHeads, args.splits);
            const Memory scratch(bytes), out(sizeof(float) * std::size_t(place.sequences) * kHeads * kHeadDim);
            must(cudaMemset(scratch.as<void>(), 0, bytes), "memset");
            args.scratch = scratch.as<float>();
            args.maybe_out = out.as<float>();
            const Timer timer;
            std::vector<double> times;
            for (int round = 0; round <= options.rounds; ++round) {
                timer.start(stream);
                for (int i = 0; i < kLaunches; ++i)
                    must(attend(args, stream), "attend");
                const double us = timer.stop_us(stream) / kLaunches;
                if (round > 0)
                    times.push_back(us);
            }
            const double moved = cache_bytes(layer.store, place);
            rows.push_back({format.name, place, spread(times), moved, moved, args.splits});
        }
    }
    return rows;
}

void write_rows(std::FILE* file, const char* name, const std::vector<Row>& rows, bool last)
{
    std::fprintf(file, " \"%s\": [\n", name);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::fprintf(
            file,
            "  {\"cache\": \"%s\", \"sequences\": %d, \"context\": %d, \"us_median\": %.3f, \"us_least\": %.3f, "
            "\"us_most\": %.3f, \"bytes\": %.0f, \"cache_bytes\": %.0f, \"splits\": %d}%s\n",
            rows[i].name.c_str(), rows[i].place.sequences, rows[i].place.context, rows[i].us.median, rows[i].us.low,
            rows[i].us.high, rows[i].bytes, rows[i].cache, rows[i].splits, i + 1 < rows.size() ? "," : "");
    std::fprintf(file, " ]%s\n", last ? "" : ",");
}

std::vector<Place> places(const std::string& text)
{
    std::vector<Place> out;
    for (std::size_t at = 0; at < text.size();) {
        Place place{};
        int used = 0;
        if (std::sscanf(text.c_str() + at, "%dx%d%n", &place.sequences, &place.context, &used) != 2
            || place.sequences < 1 || place.sequences > kLinearRows || place.context < 1)
            throw std::runtime_error("--contexts wants SEQUENCESxTOKENS with commas between (1 to 8 sequences): "
                                     + text);
        out.push_back(place);
        at += std::size_t(used) + 1;
    }
    return out;
}

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i], value = argv[i + 1];
        if (name == "--out")
            options.out = value;
        else if (name == "--rounds")
            options.rounds = std::max(1, std::atoi(value.c_str()));
        else if (name == "--steps")
            options.steps = std::max(2, std::atoi(value.c_str()));
        else if (name == "--layers")
            options.layers = std::max(1, std::atoi(value.c_str()));
        else if (name == "--contexts")
            options.places = places(value);
        else
            throw std::runtime_error(name + " is not an option");
    }
    if (argc % 2 == 0)
        throw std::runtime_error(std::string(argv[argc - 1]) + " wants a value");
    return options;
}

void run(const Options& options)
{
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0)
        throw std::runtime_error(std::string("no CUDA device can be used here: ")
                                 + (error == cudaSuccess ? "there is none" : cudaGetErrorString(error)));
    cudaDeviceProp device{};
    must(cudaGetDeviceProperties(&device, 0), "device");
    cudaStream_t stream = nullptr;
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
    const double bandwidth = copy_bandwidth(stream);
    std::printf("%s, copy %.0f GB/s\n", device.name, bandwidth * 1e-9);
    const Random random;
    const std::vector<Row> attention = measure_attention(options, random, stream);
    print_rows("Attention of one layer", attention, bandwidth);
    const std::vector<Row> steps = measure_steps(options, random, stream);
    print_rows("Whole steps", steps, bandwidth);
    if (options.out.empty())
        return;
    std::FILE* file = std::fopen(options.out.c_str(), "w");
    if (!file)
        throw std::runtime_error(options.out + " cannot be written");
    std::fprintf(file, "{\n \"device\": \"%s\",\n \"copy_bytes_per_s\": %.0f,\n \"layers\": %d,\n", device.name,
                 bandwidth, options.layers);
    write_rows(file, "attention", attention, false);
    write_rows(file, "steps", steps, true);
    std::fprintf(file, "}\n");
    if (std::fclose(file) != 0)
        throw std::runtime_error(options.out + " cannot be written");
}

} // namespace

int main(int argc, char** argv)
{
    try {
        run(parse(argc, argv));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
