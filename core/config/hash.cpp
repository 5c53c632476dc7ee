// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/sha256.h"
#include "core/config/configuration.h"
#include "core/config/grid.h"

namespace kvw {

std::string hash(const Configuration& configuration) { return sha256_hex(format(configuration)); }

std::string hash_grid(std::span<const Configuration> points) { return sha256_hex(format_grid(points)); }

} // namespace kvw
