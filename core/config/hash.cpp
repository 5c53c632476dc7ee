// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/configuration.h"
#include "core/config/grid.h"
#include "core/config/sha256_hex.h"

namespace kvw {

std::string hash(const Configuration& configuration) { return config::sha256_hex(format(configuration)); }

std::string hash_grid(std::span<const Configuration> points) { return config::sha256_hex(format_grid(points)); }

} // namespace kvw
