// SPDX-License-Identifier: GPL-3.0-or-later
// The threads behind every CPU kernel. Work is cut into pieces that any thread may take; the calling thread takes pieces
// too and goes on as soon as all of them are done. It does not wait for threads that have taken none: on a shared machine
// a thread that has lost its core then holds up nobody, where a barrier would wait for it. Threads that wait spin for a
// bounded time, which decoding needs with its hundreds of short calls a token, and then sleep.
#pragma once

#include <cstdint>

namespace kvw::kernels {

/// How many pieces a thread takes at a time.
enum class Taking {
    One,   ///< pieces of some length
    Guided ///< a share of what is left: many short pieces, in long runs at first
};

/// Pieces first..end of the work; `slot` is the number of the thread, below the team's size.
using PieceFunction = void (*)(void* context, std::int64_t first, std::int64_t end, int slot);

/// Runs all pieces on up to `team` threads. Within a piece, or while another thread's call is at work, on the calling
/// thread alone. `run` must not throw.
void run_pieces(std::int64_t pieces, int team, Taking taking, PieceFunction run, void* context) noexcept;

/// Whether the calling thread is inside a piece: what it calls then runs on this thread alone.
bool inside_piece() noexcept;

/// run_pieces with `each(piece, slot)`. Always inlined, since the files of several instruction sets include it.
template<class Each>
[[gnu::always_inline]] inline void for_pieces(std::int64_t pieces, int team, Taking taking, const Each& each)
{
    run_pieces(
        pieces, team, taking,
        [](void* context, std::int64_t first, std::int64_t end, int slot) {
            const Each& work = *static_cast<const Each*>(context);
            for (std::int64_t piece = first; piece < end; ++piece)
                work(piece, slot);
        },
        const_cast<void*>(static_cast<const void*>(&each)));
}

} // namespace kvw::kernels
