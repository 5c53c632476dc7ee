// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

enum class TransformKind { Identity, Zero, Noise, Random, Pca, Kq, Out, Rotate, Hadamard };
enum class QuantiserKind { ModelType, Fp32, Fp16, Bf16, Integer };
/// What shares one scale and zero point: the channels of one token and head; `size` consecutive tokens of one channel;
/// `size` neighbouring channels of one token and head.
enum class ScaleAxis { Token, Channel, Group };

struct TransformSpec
{
    TransformKind kind = TransformKind::Identity;
    int rank = 0;           ///< Random, Pca, Kq, Out: 1..head_dim; 0 elsewhere
    std::uint64_t seed = 0; ///< Noise, Random, Rotate, Hadamard
    bool pooled = false;    ///< Pca: one basis for all KV heads of a layer
    bool uncentred = false; ///< Pca: basis of the raw second moment, no mean taken off
    bool weighted = false;  ///< Pca, Kq, Out: attention-weighted moments
    bool fold = false;      ///< values under Pca, Out, Random: the basis is multiplied into the weights
    bool operator==(const TransformSpec&) const = default;
};

struct QuantiserSpec
{
    QuantiserKind kind = QuantiserKind::ModelType;
    int bits = 0; ///< Integer: as the words of its family have them
    ScaleAxis axis = ScaleAxis::Token;
    int size = 0; ///< Channel: tokens, Group: channels; 0 for Token
    bool symmetric = false;
    bool operator==(const QuantiserSpec&) const = default;
};

struct CodecSpec
{
    TransformSpec transform;
    QuantiserSpec quantiser;
    bool operator==(const CodecSpec&) const = default;
    /// Stores vectors as the model made them: no transform and no quantiser (model type).
    bool is_identity() const noexcept;
};

struct LayerRange
{
    int first = 0, last = 0; ///< inclusive
    bool operator==(const LayerRange&) const = default;
};

struct LayerOverride
{
    std::vector<LayerRange> layers; ///< sorted, disjoint, merged where they touch
    std::optional<CodecSpec> k, v;
    std::optional<int> sinks, window;
    bool operator==(const LayerOverride&) const = default;
};

/// What one layer's cache does, after the overrides that name the layer were applied in their order.
struct LayerConfiguration
{
    CodecSpec k, v;
    int sinks = 0;  ///< first positions stored raw
    int window = 0; ///< most recent positions stored raw
    bool operator==(const LayerConfiguration&) const = default;
};

/// A configuration of the cache; its text is the grammar of docs/configuration.md (docs/codecs.md, "The space of
/// codecs").
struct Configuration
{
    CodecSpec k, v;
    int sinks = 0;
    int window = 0;
    std::vector<LayerOverride> overrides;

    LayerConfiguration layer(int index) const;
    bool is_identity() const noexcept; ///< nothing anywhere is coded
    bool needs_moments() const;        ///< some transform is fitted from a calibration (FittedFrom in words.h)
    bool needs_weighted_moments() const;
    bool operator==(const Configuration&) const = default;
};

/// Throws Error{InvalidArgument} "k=pca:64+int9: column 10: "int9" is not a quantiser" with the nearest word as the
/// hint. Columns count from 1 in Unicode code points. The empty text and "k=bf16 v=bf16" are different configurations:
/// the first stores the model's type.
Configuration parse_configuration(std::string_view text);
/// The normal form: parse_configuration(format(c)) == c. The identity's is "identity" (accepted by the parser too).
std::string format(const Configuration& configuration);
std::string format(const CodecSpec& codec);
/// SHA-256 of the normal form, hexadecimal.
std::string hash(const Configuration& configuration);
/// Checks the numbers that need a model: ranks against head_dim, groups dividing the stored width, layers in range,
/// hadamard's power of two. Throws Error{InvalidArgument} naming the layer, the number found and the limit.
void check(const Configuration& configuration, int layers, int head_dim);

} // namespace kvw
