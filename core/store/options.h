// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/migrations.h"
#include "core/store/store.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace kvw {

/// application_id of a project file: "KVWB".
inline constexpr std::uint32_t kStoreApplicationId = 0x4b565742;

/// What tests change; the program opens stores with the defaults.
struct StoreOptions
{
    std::span<const Migration> migrations = built_in_migrations();
    std::string_view program_version; ///< empty: version()
    int busy_timeout_ms = 5000;       ///< how long a call waits for another connection's lock
    int largest_pages = 0;            ///< PRAGMA max_page_count, a disk of that many pages; 0: no limit
};

} // namespace kvw
