// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace kvw {

/// Memory that is read from end to end again and again: pieces of a few large slabs, for which the kernel is asked for huge
/// pages. With ordinary ones every page of a megabyte-long walk costs a table walk, and prefetches stop at each of them.
/// Pieces that are given back serve later requests of the same size; slabs live as long as the arena. Not thread-safe.
class Arena
{
public:
    /// Slabs begin small and grow with what is held: with pieces of one size an arena holds at most an eighth more than them,
    /// but for a first 64 KiB.
    Arena() = default;
    /// All slabs of this size, for an arena whose size is known to be several of them.
    explicit Arena(std::size_t slab_bytes) : slab_bytes_(slab_bytes) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    static constexpr std::size_t kAlignment = 64;

    /// At least `bytes`, aligned to kAlignment, contents unspecified. Throws Error{OutOfMemory}.
    void* take(std::size_t bytes);
    /// A piece of take(bytes), of this arena.
    void give_back(void* piece, std::size_t bytes) noexcept;

    std::size_t bytes_held() const noexcept { return held_; }   ///< of all slabs
    std::size_t bytes_taken() const noexcept { return taken_; } ///< of pieces out now

private:
    struct Free
    {
        void operator()(void* memory) const noexcept;
    };

    void add_slab(std::size_t least);

    std::size_t slab_bytes_ = 0; ///< 0: growing
    std::vector<std::unique_ptr<std::byte, Free>> slabs_;
    std::byte* next_ = nullptr; ///< free rest of the last slab
    std::size_t left_ = 0, held_ = 0, taken_ = 0;
    std::map<std::size_t, std::vector<void*>> returned_; ///< by size
};

} // namespace kvw
