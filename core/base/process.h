// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kvw {

/// Names this process so that it can be told from a later one with the same number: "HOST BOOT PID START", START being
/// the clock ticks from boot to its begin.
std::string process_identity();

/// Dead: certainly gone. Unknown: of another host, or not such a text, or the system does not say.
enum class Liveness { Alive, Dead, Unknown };
Liveness process_liveness(std::string_view identity);

} // namespace kvw
