// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels that are compiled once for each of several levels of instructions, and the choice between them.
//
// kernels/cpu/<name>_body.cpp is compiled once a level (cmake/KvwKernelVariants.cmake), and KVW_LEVEL names that level. All
// that is in it is local to it, and it includes no standard header with inline code: the linker might keep a shared copy that
// was compiled for one processor. It gives its work away in one of two ways.
//
// As an operation that is whole:
//     kernels/scale.h                Status scale(const Scale& args) noexcept;
//                                    Status scale(const Scale& args, CpuLevel level) noexcept; // for tests
//     kernels/cpu/scale_body.cpp     KVW_KERNEL(scale, Scale) { ... return Status::Ok; }
//
// As functions in a struct, where one file for all levels checks the shapes and cuts the work:
//     kernels/cpu/rows_variants.h    KVW_VARIANTS(RowsVariant, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);
//     kernels/cpu/rows_body.cpp      KVW_VARIANT(RowsVariant){encode_all, decode_all};
//     kernels/cpu/rows.cpp           dispatch<RowsVariant>().decode(rows, out, stride);
#pragma once

#include "kernels/cpu/cpu_features.h"
#include "kernels/status.h"

#include <array>
#include <optional>
#include <utility>

namespace kvw::kernels {

/// The levels that a Variant is compiled for, ascending, and what it is at each of them. Specialised by KVW_VARIANTS.
template<class Variant>
struct Variants;

#define KVW_DECLARE_AT(Variant, Level)                                                                                 \
    template<>                                                                                                         \
    const Variant Variants<Variant>::at<CpuLevel::Level>;

/// Declares what KVW_VARIANT defines. The levels are those for which CMake compiles the body: where one has more than the
/// other, it does not compile or does not link.
#define KVW_VARIANTS(Variant, ...)                                                                                     \
    template<>                                                                                                         \
    struct Variants<Variant>                                                                                           \
    {                                                                                                                  \
        static constexpr std::array kLevels{__VA_ARGS__};                                                              \
        template<CpuLevel Level>                                                                                       \
        static const Variant at;                                                                                       \
    };                                                                                                                 \
    KVW_FOR_CPU_LEVELS(KVW_DECLARE_AT, Variant)                                                                        \
    static_assert(are_ascending(Variants<Variant>::kLevels))

template<std::size_t Count>
constexpr bool are_ascending(const std::array<CpuLevel, Count>& levels)
{
    for (std::size_t i = 1; i < Count; ++i)
        if (levels[i - 1] >= levels[i])
            return false;
    return true;
}

template<class Variant>
constexpr bool is_compiled_for(CpuLevel level)
{
    for (const CpuLevel each : Variants<Variant>::kLevels)
        if (each == level)
            return true;
    return false;
}

/// The best of a Variant's levels that `level` includes; none where it has none for this kind of processor, or only higher
/// ones.
template<class Variant>
constexpr std::optional<CpuLevel> best_level(CpuLevel level) noexcept
{
    std::optional<CpuLevel> best;
    for (const CpuLevel each : Variants<Variant>::kLevels)
        if (includes(level, each) && (kCpuLevelsAreCompiled || each == CpuLevel::Baseline))
            best = each;
    return best;
}

/// What a Variant is at best_level(level); null where there is none. Nothing is run to find it, so the processor need not have
/// the level.
template<class Variant>
const Variant* maybe_variant_at(CpuLevel level) noexcept
{
    constexpr auto& levels = Variants<Variant>::kLevels;
    const std::optional<CpuLevel> best = best_level<Variant>(level);
    const Variant* found = nullptr;
    const auto take = [&]<CpuLevel Each>() {
        if constexpr (kCpuLevelsAreCompiled || Each == CpuLevel::Baseline)
            if (best == Each)
                found = &Variants<Variant>::template at<Each>;
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (take.template operator()<levels[I]>(), ...); }
    (std::make_index_sequence<levels.size()>{});
    return found;
}

/// The same for what every processor has.
template<class Variant>
const Variant& variant_at(CpuLevel level) noexcept
{
    static_assert(Variants<Variant>::kLevels[0] == CpuLevel::Baseline,
                  "not every processor has it: maybe_variant_at()");
    return *maybe_variant_at<Variant>(level);
}

/// What a Variant is at the level in force.
template<class Variant>
const Variant& dispatch() noexcept
{
    static const Variant& chosen = variant_at<Variant>(cpu_level());
    return chosen;
}

/// The levels that whole operations are compiled for.
inline constexpr std::array kOperationLevels{CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4};

/// A whole operation over one struct of arguments.
template<class Args>
struct Operation
{
    Status (*run)(const Args& args) noexcept;
};

} // namespace kvw::kernels

#if defined(KVW_LEVEL) // in a body

#define KVW_JOINED(a, b) a##b
#define KVW_JOIN(a, b) KVW_JOINED(a, b)

/// What a Variant is at this file's level: its members in braces follow.
#define KVW_VARIANT(Variant)                                                                                           \
    static_assert(is_compiled_for<Variant>(CpuLevel::KVW_LEVEL), "its KVW_VARIANTS does not name this file's level");  \
    template<>                                                                                                         \
    constinit const Variant Variants<Variant>::at<CpuLevel::KVW_LEVEL>

/// An operation at this file's level: the body of a function of `const Args& args` that returns a Status follows.
#define KVW_KERNEL(name, Args)                                                                                         \
    KVW_VARIANTS(Operation<Args>, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);                                     \
    static_assert(Variants<Operation<Args>>::kLevels == kOperationLevels);                                             \
    static Status name##_at_this_level(const Args& args) noexcept;                                                     \
    KVW_VARIANT(Operation<Args>){name##_at_this_level};                                                                \
    KVW_JOIN(KVW_CALLS_AT_, KVW_LEVEL)(name, Args) static Status name##_at_this_level(const Args& args) noexcept

/// What callers see of an operation, once for all levels.
#define KVW_CALLS_AT_Baseline(name, Args)                                                                              \
    Status name(const Args& args) noexcept { return dispatch<Operation<Args>>().run(args); }                           \
    Status name(const Args& args, CpuLevel level) noexcept { return variant_at<Operation<Args>>(level).run(args); }
#define KVW_CALLS_AT_V3(name, Args)
#define KVW_CALLS_AT_V4(name, Args)

#endif
