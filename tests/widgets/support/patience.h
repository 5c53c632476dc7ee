// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::testing {

/// At most, for what mostly takes a moment: only something that hangs takes so long on a slow and busy machine.
inline constexpr int kWait_ms = 600'000;

} // namespace kvw::testing
