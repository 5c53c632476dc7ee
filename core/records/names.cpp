// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/names.h"

namespace kvw {
namespace {

template<typename Enumeration, std::size_t N>
std::optional<Enumeration> find(const std::array<Enumeration, N>& all, std::string_view word) noexcept
{
    for (const Enumeration value : all)
        if (name(value) == word)
            return value;
    return std::nullopt;
}

} // namespace

std::string_view name(RunKind kind) noexcept
{
    switch (kind) {
    case RunKind::Calibrate:
        return "calibrate";
    case RunKind::Ppl:
        return "ppl";
    case RunKind::Sweep:
        return "sweep";
    case RunKind::Bench:
        return "bench";
    case RunKind::Generate:
        return "generate";
    case RunKind::Import:
        return "import";
    }
    return "?";
}

std::string_view name(RunStatus status) noexcept
{
    switch (status) {
    case RunStatus::Running:
        return "running";
    case RunStatus::Measured:
        return "measured";
    case RunStatus::NotMeasured:
        return "not_measured";
    case RunStatus::Failed:
        return "failed";
    case RunStatus::Cancelled:
        return "cancelled";
    case RunStatus::Interrupted:
        return "interrupted";
    case RunStatus::Unsupported:
        return "unsupported";
    case RunStatus::Estimated:
        return "estimated";
    }
    return "?";
}

std::string_view name(Phase phase) noexcept
{
    switch (phase) {
    case Phase::Prefill:
        return "prefill";
    case Phase::Decode:
        return "decode";
    }
    return "?";
}

std::string_view name(FinishReason reason) noexcept
{
    switch (reason) {
    case FinishReason::Length:
        return "length";
    case FinishReason::Stop:
        return "stop";
    }
    return "?";
}

std::string_view name(JobStatus status) noexcept
{
    switch (status) {
    case JobStatus::Queued:
        return "queued";
    case JobStatus::Running:
        return "running";
    case JobStatus::Succeeded:
        return "succeeded";
    case JobStatus::Failed:
        return "failed";
    case JobStatus::Cancelled:
        return "cancelled";
    case JobStatus::Interrupted:
        return "interrupted";
    }
    return "?";
}

template<>
std::optional<RunKind> parse_name(std::string_view word) noexcept
{
    return find(kRunKinds, word);
}
template<>
std::optional<RunStatus> parse_name(std::string_view word) noexcept
{
    return find(kRunStatuses, word);
}
template<>
std::optional<Phase> parse_name(std::string_view word) noexcept
{
    return find(kPhases, word);
}
template<>
std::optional<FinishReason> parse_name(std::string_view word) noexcept
{
    return find(kFinishReasons, word);
}
template<>
std::optional<JobStatus> parse_name(std::string_view word) noexcept
{
    return find(kJobStatuses, word);
}
template<>
std::optional<Quantity> parse_name(std::string_view word) noexcept
{
    return find(kQuantities, word);
}
template<>
std::optional<Positions> parse_name(std::string_view word) noexcept
{
    return find(kPositions, word);
}
template<>
std::optional<Weighting> parse_name(std::string_view word) noexcept
{
    return find(kWeightings, word);
}

} // namespace kvw
