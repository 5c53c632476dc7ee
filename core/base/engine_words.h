// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/enum_words.h"

#include <array>

namespace kvw {

/// Where a model runs.
enum class DeviceKind { Cpu, Cuda };

template<>
struct EnumWords<DeviceKind>
{
    static constexpr std::string_view what = "device";
    static constexpr std::array<EnumWord<DeviceKind>, 2> words{{
        {DeviceKind::Cpu, "cpu", ""},
        {DeviceKind::Cuda, "cuda", ""},
    }};
};

/// What a model is asked to compute in.
enum class WantedType { Auto, Bf16, Fp32 };

template<>
struct EnumWords<WantedType>
{
    static constexpr std::string_view what = "type to compute in";
    static constexpr std::array<EnumWord<WantedType>, 3> words{{
        {WantedType::Auto, "auto", "whichever is faster on this machine"},
        {WantedType::Bf16, "bf16", ""},
        {WantedType::Fp32, "fp32", ""},
    }};
};

enum class KernelChoice { Fast, Reference };

template<>
struct EnumWords<KernelChoice>
{
    static constexpr std::string_view what = "choice of kernels";
    static constexpr std::array<EnumWord<KernelChoice>, 2> words{{
        {KernelChoice::Fast, "fast", ""},
        {KernelChoice::Reference, "reference", "portable kernels and every coded token expanded"},
    }};
};

/// How many queries at once read coded tokens.
enum class Attend { Expand, Compressed };

template<>
struct EnumWords<Attend>
{
    static constexpr std::string_view what = "way to read coded tokens";
    static constexpr std::array<EnumWord<Attend>, 2> words{{
        {Attend::Expand, "expand", "every token decoded first"},
        {Attend::Compressed, "compressed", "in rank dimensions"},
    }};
};

} // namespace kvw
