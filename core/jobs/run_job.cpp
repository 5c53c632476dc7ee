// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/job.h"

#include <fmt/format.h>

namespace kvw {
namespace {

template<typename Specification>
Specification read(RunKind kind, const std::string& text)
{
    try {
        return nlohmann::json::parse(text).get<Specification>();
    } catch (const nlohmann::json::exception& error) {
        throw Error(ErrorKind::BadInput,
                    fmt::format("this is not a specification of a {} job: {}", name(kind), error.what()),
                    "make the job again");
    }
}

} // namespace

RowId run_job(RunKind kind, const std::string& specification_json, const JobContext& context)
{
    switch (kind) {
    case RunKind::Calibrate:
        return run_calibrate(read<CalibrateSpecification>(kind, specification_json), context).run;
    case RunKind::Ppl:
    case RunKind::Sweep:
        return run_quality(kind, read<QualitySpecification>(kind, specification_json), context).run;
    case RunKind::Bench:
        return run_throughput(read<ThroughputSpecification>(kind, specification_json), context).run;
    case RunKind::Generate:
        return run_generation(read<GenerationSpecification>(kind, specification_json), context).run;
    case RunKind::Import:
        return run_import(read<ImportSpecification>(kind, specification_json), context);
    }
    throw Error(ErrorKind::Internal, "a kind of job without a function");
}

} // namespace kvw
