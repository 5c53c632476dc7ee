// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

#include "core/base/error.h"
#include "core/model/json_file.h"
#include "core/model/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kvw {

extern const Family kLlama, kMistral, kQwen2;

namespace {

constexpr std::array kFamilies{&kLlama, &kMistral, &kQwen2};

} // namespace

std::span<const Family* const> families() noexcept { return kFamilies; }

const Family* find_family(std::string_view architecture) noexcept
{
    const auto found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                    [&](const Family* family) { return family->architecture == architecture; });
    return found == kFamilies.end() ? nullptr : *found;
}

const Family& family_of(const ModelConfig& config)
{
    const Family* family = find_family(config.architecture);
    if (!family)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("the architecture {} is not known to this program", config.architecture));
    return *family;
}

LayerSpec plain_layer(const JsonFields& fields, const ModelConfig& config)
{
    LayerSpec layer;
    layer.rotary = read_rotary(fields, config);
    layer.softmax_scale = 1 / std::sqrt(static_cast<double>(config.head_dim));
    return layer;
}

std::optional<std::int64_t> read_sliding_window(const JsonFields& fields, std::optional<std::int64_t> otherwise)
{
    return fields.holds("sliding_window") ? fields.maybe_whole("sliding_window", 1, kMaxPositions) : otherwise;
}

} // namespace kvw
