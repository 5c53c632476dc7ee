// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/device.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace kvw::kernels::cuda::test {
namespace {

class Host final : public Machine
{
public:
    const Operations& operations() const override { return reference_operations(); }
    std::string why_absent() const override { return {}; }
    void* allocate(std::size_t bytes) override
    {
        void* memory = std::calloc(bytes, 1);
        if (!memory)
            throw std::bad_alloc();
        return memory;
    }
    void release(void* memory) noexcept override { std::free(memory); }
    void to_device(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
    void to_host(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
    void wait() override {}
};

} // namespace

Machine& host()
{
    static Host here;
    return here;
}

} // namespace kvw::kernels::cuda::test
