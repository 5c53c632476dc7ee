// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <array>
#include <optional>
#include <string_view>

namespace kvw {

/// What a run was made for. Import: moments read from another program's file.
enum class RunKind { Calibrate, Ppl, Sweep, Bench, Generate, Import };
/// Running: begun and not finished. Measured: its numbers count. NotMeasured: ended well without a number to show.
/// Interrupted: its process is gone. Unsupported: this build or machine cannot. Estimated: computed, not measured.
enum class RunStatus { Running, Measured, NotMeasured, Failed, Cancelled, Interrupted, Unsupported, Estimated };
enum class Phase { Prefill, Decode };
enum class FinishReason { Length, Stop };
enum class JobStatus { Queued, Running, Succeeded, Failed, Cancelled, Interrupted };

inline constexpr std::array kRunKinds{RunKind::Calibrate, RunKind::Ppl,      RunKind::Sweep,
                                      RunKind::Bench,     RunKind::Generate, RunKind::Import};
inline constexpr std::array kRunStatuses{RunStatus::Running,     RunStatus::Measured,  RunStatus::NotMeasured,
                                         RunStatus::Failed,      RunStatus::Cancelled, RunStatus::Interrupted,
                                         RunStatus::Unsupported, RunStatus::Estimated};
inline constexpr std::array kPhases{Phase::Prefill, Phase::Decode};
inline constexpr std::array kFinishReasons{FinishReason::Length, FinishReason::Stop};
inline constexpr std::array kJobStatuses{JobStatus::Queued, JobStatus::Running,   JobStatus::Succeeded,
                                         JobStatus::Failed, JobStatus::Cancelled, JobStatus::Interrupted};

/// The words of the store, of JSON and of exports: lower case with underscores ("not_measured").
std::string_view name(RunKind kind) noexcept;
std::string_view name(RunStatus status) noexcept;
std::string_view name(Phase phase) noexcept;
std::string_view name(FinishReason reason) noexcept;
std::string_view name(JobStatus status) noexcept;

/// Back from the word; nothing for any other word. parse_name<RunKind>("ppl").
template<typename Enumeration>
std::optional<Enumeration> parse_name(std::string_view word) noexcept;
template<>
std::optional<RunKind> parse_name(std::string_view word) noexcept;
template<>
std::optional<RunStatus> parse_name(std::string_view word) noexcept;
template<>
std::optional<Phase> parse_name(std::string_view word) noexcept;
template<>
std::optional<FinishReason> parse_name(std::string_view word) noexcept;
template<>
std::optional<JobStatus> parse_name(std::string_view word) noexcept;
template<>
std::optional<Quantity> parse_name(std::string_view word) noexcept;
template<>
std::optional<Positions> parse_name(std::string_view word) noexcept;
template<>
std::optional<Weighting> parse_name(std::string_view word) noexcept;

} // namespace kvw
