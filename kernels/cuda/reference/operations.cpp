// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/operations.h"

#include "kernels/cuda/reference/operations.h"

#include <new>

namespace kvw::kernels::cuda {
namespace {

class PlainSteps final : public DecodeSteps
{
public:
    explicit PlainSteps(const DecodeStep& step) : step_(step) {}
    Status start() noexcept override { return decode_start(step_, nullptr); }
    Status step() noexcept override { return decode_step(step_, nullptr); }
    Status wait() noexcept override { return Status::Ok; }

private:
    DecodeStep step_;
};

int one_split(const KvStore&, int, int) noexcept { return 1; }
std::size_t no_scratch(const KvStore&, int, int) noexcept { return 0; }
DecodeSteps* open_steps(const DecodeStep& step) noexcept { return new (std::nothrow) PlainSteps(step); }
Status wait() noexcept { return Status::Ok; }
const char* last_error() noexcept { return "no error"; }

} // namespace

const Operations& reference_operations() noexcept
{
    static constexpr Operations operations{
        "reference",     reference::append, reference::fill, reference::attend, one_split, no_scratch,
        reference::pack, reference::linear, reference::pick, open_steps,        wait,      last_error};
    return operations;
}

} // namespace kvw::kernels::cuda
