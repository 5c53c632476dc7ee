// SPDX-License-Identifier: GPL-3.0-or-later
// Whole decode steps of a small random model against the same in fp64.
#include "tests/kernels/cuda/device.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace kvw::kernels::cuda {
namespace {

using test::Array;
using test::bf16;
using test::from_bf16;
using test::machine;
using test::operations;

constexpr int kHidden = 96, kIntermediate = 104, kHeads = 6, kKvHeads = 2, kHeadDim = 64, kVocab = 203, kLayers = 3;
constexpr int kSequences = 3, kSteps = 75; // across the edges of tiles and of a page
constexpr double kEps = 1e-5;
const float kSoftmaxScale = 1 / std::sqrt(static_cast<float>(kHeadDim));

using Numbers = std::vector<double>;

/// A matrix of bf16 numbers on the host.
struct Matrix
{
    int rows, columns;
    std::vector<std::uint16_t> numbers;

    Matrix(int r, int c, std::mt19937& random) : rows(r), columns(c), numbers(std::size_t(r) * std::size_t(c))
    {
        std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(c)));
        for (std::uint16_t& each : numbers)
            each = bf16(normal(random));
    }
    Numbers operator*(const Numbers& x) const
    {
        Numbers out(std::size_t(rows), 0.0);
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j)
                out[std::size_t(i)] += double(from_bf16(numbers[std::size_t(i) * columns + j])) * x[std::size_t(j)];
        return out;
    }
};

std::vector<float> vector_of(int count, float middle, float spread, std::mt19937& random)
{
    std::normal_distribution<float> normal(middle, spread);
    std::vector<float> out(std::size_t(count), 0.0f);
    std::generate(out.begin(), out.end(), [&] { return normal(random); });
    return out;
}

struct HostLayer
{
    Matrix qkv, o, gate, up, down;
    std::vector<float> attention_norm, mlp_norm, qkv_bias, o_bias;

    HostLayer(int value_width, std::mt19937& random)
        : qkv(kHeads * kHeadDim + kKvHeads * (kHeadDim + value_width), kHidden, random),
          o(kHidden, kHeads * value_width, random),
          gate(kIntermediate, kHidden, random),
          up(kIntermediate, kHidden, random),
          down(kHidden, kIntermediate, random),
          attention_norm(vector_of(kHidden, 1, 0.1f, random)),
          mlp_norm(vector_of(kHidden, 1, 0.1f, random)),
          qkv_bias(vector_of(qkv.rows, 0, 0.2f, random)),
          o_bias(vector_of(kHidden, 0, 0.2f, random))
    {}
};

struct HostModel
{
    int value_width;
    std::mt19937 random{7};
    std::vector<HostLayer> layers;
    Matrix head, embedding;
    std::vector<float> final_norm, cosine, sine;

    explicit HostModel(int width)
        : value_width(width),
          layers(make_layers()),
          head(kVocab, kHidden, random),
          embedding(kVocab, kHidden, random),
          final_norm(vector_of(kHidden, 1, 0.1f, random))
    {
        for (std::uint16_t& each : embedding.numbers) // of the size of what is added to it
            each = bf16(from_bf16(each) * 8);
        for (int position = 0; position < kSteps; ++position)
            for (int i = 0; i < kHeadDim / 2; ++i) {
                const double angle = position * std::pow(10000.0, -2.0 * i / kHeadDim);
                cosine.push_back(static_cast<float>(std::cos(angle)));
                sine.push_back(static_cast<float>(std::sin(angle)));
            }
    }
    std::vector<HostLayer> make_layers()
    {
        std::vector<HostLayer> out;
        for (int i = 0; i < kLayers; ++i)
            out.emplace_back(value_width, random);
        return out;
    }
};

/// One sequence of the model in fp64; keys and values are not rounded.
class Exact
{
public:
    explicit Exact(const HostModel& model) : model_(model), keys_(kLayers * kKvHeads), values_(kLayers * kKvHeads) {}

    Numbers logits(int token)
    {
        Numbers x(kHidden);
        for (int i = 0; i < kHidden; ++i)
            x[std::size_t(i)] = double(from_bf16(model_.embedding.numbers[std::size_t(token) * kHidden + i]));
        for (int i = 0; i < kLayers; ++i) {
            const HostLayer& layer = model_.layers[std::size_t(i)];
            add(x, layer.o * attention(plus(layer.qkv * normed(x, layer.attention_norm), layer.qkv_bias), i));
            x = plus(std::move(x), layer.o_bias);
            const Numbers n = normed(x, layer.mlp_norm);
            Numbers gate = layer.gate * n;
            const Numbers up = layer.up * n;
            for (std::size_t j = 0; j < gate.size(); ++j)
                gate[j] = gate[j] / (1 + std::exp(-gate[j])) * up[j];
            add(x, layer.down * gate);
        }
        ++position_;
        return model_.head * normed(x, model_.final_norm);
    }

private:
    static void add(Numbers& x, const Numbers& y)
    {
        std::transform(x.begin(), x.end(), y.begin(), x.begin(), std::plus<>());
    }
    static Numbers plus(Numbers x, const std::vector<float>& bias)
    {
        std::transform(x.begin(), x.end(), bias.begin(), x.begin(), [](double a, float b) { return a + double(b); });
        return x;
    }
    static Numbers normed(const Numbers& x, const std::vector<float>& gamma)
    {
        const double mean = std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / double(x.size());
        Numbers out(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            out[i] = x[i] / std::sqrt(mean + kEps) * double(gamma[i]);
        return out;
    }
    Numbers rotated(const double* x) const
    {
        Numbers out(kHeadDim);
        for (int i = 0; i < kHeadDim / 2; ++i) {
            const std::size_t at = std::size_t(position_) * (kHeadDim / 2) + std::size_t(i);
            const double c = double(model_.cosine[at]), s = double(model_.sine[at]);
            out[std::size_t(i)] = x[i] * c - x[i + kHeadDim / 2] * s;
            out[std::size_t(i) + kHeadDim / 2] = x[i + kHeadDim / 2] * c + x[i] * s;
        }
        return out;
    }
    Numbers attention(const Numbers& qkv, int layer)
    {
        const int width = model_.value_width;
        const double *k = qkv.data() + kHeads * kHeadDim, *v = k + kKvHeads * kHeadDim;
        for (int g = 0; g < kKvHeads; ++g) {
            keys_[std::size_t(layer * kKvHeads + g)].push_back(rotated(k + g * kHeadDim));
            values_[std::size_t(layer * kKvHeads + g)].emplace_back(v + g * width, v + (g + 1) * width);
        }
        Numbers out;
        for (int h = 0; h < kHeads; ++h) {
            const Numbers q = rotated(qkv.data() + h * kHeadDim);
            const std::size_t g = std::size_t(layer * kKvHeads + h / (kHeads / kKvHeads));
            Numbers sum(std::size_t(width), 0.0);
            double mass = 0;
            for (std::size_t t = 0; t < keys_[g].size(); ++t) {
                const double p =
                    std::exp(std::inner_product(q.begin(), q.end(), keys_[g][t].begin(), 0.0) * double(kSoftmaxScale));
                mass += p;
                for (std::size_t c = 0; c < sum.size(); ++c)
                    sum[c] += p * values_[g][t][c];
            }
            for (const double each : sum)
                out.push_back(each / mass);
        }
        return out;
    }

    const HostModel& model_;
    std::vector<std::vector<Numbers>> keys_, values_; ///< [layer, kv head][token]
    int position_ = 0;
};

/// The model on the device with an empty cache.
class Device
{
public:
    Device(const HostModel& model, Format keys, Format values) : layers_(kLayers)
    {
        for (int i = 0; i < kLayers; ++i) {
            const HostLayer& from = model.layers[std::size_t(i)];
            DecodeLayer& to = layers_[std::size_t(i)];
            to.store = store(keys, values, model.value_width);
            to.qkv = packed(from.qkv);
            to.o = packed(from.o);
            to.gate_up = words(packed_size(2 * kIntermediate, kHidden));
            pack_into(from.gate, RowOrder::Gate, const_cast<std::uint16_t*>(to.gate_up));
            pack_into(from.up, RowOrder::Up, const_cast<std::uint16_t*>(to.gate_up));
            to.down = packed(from.down);
            to.attention_norm = floats(from.attention_norm);
            to.mlp_norm = floats(from.mlp_norm);
            to.maybe_qkv_bias = floats(from.qkv_bias);
            to.maybe_o_bias = floats(from.o_bias);
        }
        DecodeModel& out = step.model;
        out.hidden = kHidden;
        out.intermediate = kIntermediate;
        out.heads = kHeads;
        out.head_dim = kHeadDim;
        out.vocab = kVocab;
        out.norm_eps = static_cast<float>(kEps);
        out.softmax_scale = kSoftmaxScale;
        out.layers = layers_.data();
        out.layer_count = kLayers;
        out.logits = packed(model.head);
        words_.emplace_back(model.embedding.numbers);
        out.embedding = words_.back().data();
        out.final_norm = floats(model.final_norm);
        out.maybe_cosine = floats(model.cosine);
        out.maybe_sine = floats(model.sine);
        step.sequences = kSequences;
        step.operations = &operations();
        step.splits = operations().attend_splits(layers_.front().store, kHeads, kSteps);
        buffers_ = Array<std::byte>(place_buffers(step, nullptr));
        place_buffers(step, buffers_.data());
    }

    void put(const std::vector<int>& tokens)
    {
        machine().to_device(step.buffers.tokens, tokens.data(), tokens.size() * sizeof(int));
    }
    template<typename T>
    static std::vector<T> read(const T* from, std::size_t count)
    {
        std::vector<T> out(count);
        machine().to_host(out.data(), from, count * sizeof(T));
        return out;
    }
    std::vector<float> logits() const { return read(step.buffers.logits, std::size_t(kSequences) * kVocab); }
    std::vector<int> tokens() const { return read(step.buffers.tokens, kSequences); }
    std::vector<int> lengths() const { return read(step.buffers.lengths, kSequences); }

    DecodeStep step;

private:
    KvStore store(Format keys, Format values, int value_width)
    {
        KvStore out;
        out.key_format = keys;
        out.value_format = values;
        out.key_width = kHeadDim;
        out.value_width = value_width;
        out.sequences = kSequences;
        out.kv_heads = kKvHeads;
        out.pages_per_sequence = (kSteps + kPageTokens - 1) / kPageTokens;
        const KvStoreBytes bytes = kv_store_bytes(out, std::size_t(kSequences) * std::size_t(out.pages_per_sequence));
        out.tiles = bytes_.emplace_back(bytes.tiles).data();
        out.exact = bytes.exact > 0 ? bytes_.emplace_back(bytes.exact).data() : nullptr;
        return out;
    }
    std::uint16_t* words(std::size_t count) { return words_.emplace_back(count).data(); }
    const float* floats(const std::vector<float>& values) { return floats_.emplace_back(values).data(); }
    std::uint16_t* packed(const Matrix& matrix)
    {
        std::uint16_t* out = words(packed_size(matrix.rows, matrix.columns));
        pack_into(matrix, RowOrder::Plain, out);
        return out;
    }
    static void pack_into(const Matrix& matrix, RowOrder order, std::uint16_t* out)
    {
        const Array<std::uint16_t> plain(matrix.numbers);
        Pack args;
        args.plain = plain.data();
        args.rows = matrix.rows;
        args.k = matrix.columns;
        args.order = order;
        args.packed = out;
        ASSERT_EQ(operations().pack(args, nullptr), Status::Ok);
        machine().wait();
    }

    std::vector<DecodeLayer> layers_;
    std::vector<Array<std::uint16_t>> words_;
    std::vector<Array<float>> floats_;
    std::vector<Array<std::byte>> bytes_;
    Array<std::byte> buffers_;
};

struct CacheCase
{
    const char* name;
    Format keys, values;
    int value_width;
    double share; ///< of the largest logit that one may be off: activations are bf16, codes are coarser
};

class DecodeStepTest : public test::OnDevice, public testing::WithParamInterface<CacheCase>
{};

TEST_P(DecodeStepTest, AreThoseOfTheModel)
{
    const CacheCase& c = GetParam();
    const HostModel model(c.value_width);
    Device device(model, c.keys, c.values);
    std::vector<Exact> exact(kSequences, Exact(model));
    std::vector<int> tokens{3, 150, 77};
    device.put(tokens);
    const std::unique_ptr<DecodeSteps> steps(operations().open_steps(device.step));
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->start(), Status::Ok);
    for (int step = 0; step < kSteps; ++step) {
        ASSERT_EQ(steps->step(), Status::Ok);
        ASSERT_EQ(steps->wait(), Status::Ok);
        const std::vector<float> got = device.logits();
        for (int s = 0; s < kSequences; ++s) {
            const Numbers wanted = exact[std::size_t(s)].logits(tokens[std::size_t(s)]);
            const float* here = got.data() + s * kVocab;
            double largest = 0, off = 0;
            for (int i = 0; i < kVocab; ++i) {
                ASSERT_TRUE(std::isfinite(here[i]));
                largest = std::max(largest, std::fabs(wanted[std::size_t(i)]));
                off = std::max(off, std::fabs(wanted[std::size_t(i)] - double(here[i])));
            }
            ASSERT_LE(off, c.share * largest) << "step " << step << " sequence " << s;
            tokens[std::size_t(s)] = static_cast<int>(std::max_element(here, here + kVocab) - here);
        }
        ASSERT_EQ(device.tokens(), tokens) << "step " << step; // the arg-max of its own logits
        ASSERT_EQ(device.lengths(), std::vector<int>(kSequences, step + 1));
    }
}

TEST_P(DecodeStepTest, GiveTheSameBitsOneByOne)
{
    const CacheCase& c = GetParam();
    const HostModel model(c.value_width);
    Device captured(model, c.keys, c.values), direct(model, c.keys, c.values);
    captured.put({3, 150, 77});
    direct.put({3, 150, 77});
    const std::unique_ptr<DecodeSteps> steps(operations().open_steps(captured.step));
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->start(), Status::Ok);
    ASSERT_EQ(decode_start(direct.step, nullptr), Status::Ok);
    for (int step = 0; step < 40; ++step) {
        ASSERT_EQ(steps->step(), Status::Ok);
        ASSERT_EQ(decode_step(direct.step, nullptr), Status::Ok);
    }
    ASSERT_EQ(steps->wait(), Status::Ok);
    machine().wait();
    EXPECT_EQ(captured.logits(), direct.logits());
    EXPECT_EQ(captured.tokens(), direct.tokens());
}

INSTANTIATE_TEST_SUITE_P(Formats, DecodeStepTest,
                         testing::Values(CacheCase{"Bf16", Format::Bf16, Format::Bf16, kHeadDim, 0.03},
                                         CacheCase{"Bf16Folded", Format::Bf16, Format::Bf16, 24, 0.03},
                                         CacheCase{"Int8", Format::Int8, Format::Int8, kHeadDim, 0.04},
                                         CacheCase{"Int8Folded", Format::Int8, Format::Int8, 40, 0.04},
                                         CacheCase{"Int4", Format::Int4, Format::Int4, kHeadDim, 0.3},
                                         CacheCase{"Int4Channel", Format::Int4Channel, Format::Int4, kHeadDim, 0.3}),
                         [](const auto& instance) { return std::string(instance.param.name); });

} // namespace
} // namespace kvw::kernels::cuda
