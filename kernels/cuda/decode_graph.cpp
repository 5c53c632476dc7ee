// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/decode_graph.h"

namespace kvw::kernels::cuda {

DecodeGraph::~DecodeGraph()
{
    if (graph_)
        cudaGraphExecDestroy(graph_);
}

Status DecodeGraph::capture(const DecodeStep& step, cudaStream_t stream) noexcept
{
    if (cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) != cudaSuccess)
        return Status::LaunchFailed;
    const Status enqueued = decode_step(step, stream);
    cudaGraph_t graph = nullptr;
    if (cudaStreamEndCapture(stream, &graph) != cudaSuccess || !graph)
        return enqueued == Status::Ok ? Status::LaunchFailed : enqueued;
    cudaGraphExec_t executable = nullptr;
    const bool usable = enqueued == Status::Ok && cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess;
    cudaGraphDestroy(graph);
    if (!usable)
        return enqueued == Status::Ok ? Status::LaunchFailed : enqueued;
    if (graph_)
        cudaGraphExecDestroy(graph_);
    graph_ = executable;
    return Status::Ok;
}

Status DecodeGraph::replay(cudaStream_t stream) const noexcept
{
    return graph_ && cudaGraphLaunch(graph_, stream) == cudaSuccess ? Status::Ok : Status::LaunchFailed;
}

} // namespace kvw::kernels::cuda
