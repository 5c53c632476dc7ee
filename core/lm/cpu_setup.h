// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw {

/// LibTorch and its libraries (oneDNN, MKL) choose their instructions themselves. Where KVW_CPU holds this process below the
/// processor they are held to the same level, so that what is compared with them is compared on the same instructions.
/// Done before main() by whoever links the engine, since they look only once; this tells whether it was.
bool libraries_are_held() noexcept;

/// Threads of the kernels and of LibTorch, the calling one included; 0: one a core, or what OMP_NUM_THREADS says.
void set_cpu_threads(int count);

} // namespace kvw
