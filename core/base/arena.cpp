// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/arena.h"

#include "core/base/error.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

namespace kvw {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20, kPage = 4096;
constexpr std::size_t kSmallestSlab = std::size_t{32} << 10, kLargestGrownSlab = std::size_t{16} << 20;

std::size_t aligned(std::size_t bytes)
{
    return (std::max<std::size_t>(bytes, 1) + Arena::kAlignment - 1) / Arena::kAlignment * Arena::kAlignment;
}

/// A hint: where the kernel does not follow it, only speed is lost; what else lies on the first and last page gains or
/// loses nothing.
void ask_for_huge_pages(void* memory, std::size_t bytes) noexcept
{
#if defined(MADV_HUGEPAGE)
    if (bytes < kHugePage)
        return;
    const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(memory) / kPage * kPage;
    madvise(reinterpret_cast<void*>(begin), reinterpret_cast<std::uintptr_t>(memory) + bytes - begin, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

} // namespace

void Arena::Free::operator()(void* memory) const noexcept { std::free(memory); }

void Arena::add_slab(std::size_t least)
{
    const std::size_t grown = std::clamp(held_ / 8, kSmallestSlab, kLargestGrownSlab);
    const std::size_t bytes =
        slab_bytes_ > 0 ? std::max(aligned(slab_bytes_), least) : std::max<std::size_t>(grown / least, 1) * least;
    std::unique_ptr<std::byte, Free> slab(static_cast<std::byte*>(std::aligned_alloc(kAlignment, bytes)));
    if (!slab)
        throw Error(ErrorKind::OutOfMemory,
                    fmt::format("a block of {} bytes was asked for beside {} bytes held", bytes, held_),
                    "use a smaller model, a shorter context or fewer sequences");
    ask_for_huge_pages(slab.get(), bytes);
    next_ = slab.get();
    left_ = bytes;
    held_ += bytes;
    slabs_.push_back(std::move(slab));
}

void* Arena::take(std::size_t bytes)
{
    const std::size_t size = aligned(bytes);
    taken_ += size;
    if (const auto found = returned_.find(size); found != returned_.end() && !found->second.empty()) {
        void* piece = found->second.back();
        found->second.pop_back();
        return piece;
    }
    if (size > left_) {
        try {
            add_slab(size);
        } catch (...) {
            taken_ -= size;
            throw;
        }
    }
    void* piece = next_;
    next_ += size;
    left_ -= size;
    return piece;
}

void Arena::give_back(void* piece, std::size_t bytes) noexcept
{
    const std::size_t size = aligned(bytes);
    taken_ -= size;
    try {
        returned_[size].push_back(piece);
    } catch (...) { // no memory for the note: the piece stays unused until the slabs go
    }
}

} // namespace kvw
