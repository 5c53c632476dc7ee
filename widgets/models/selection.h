// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/run.h"

#include <compare>
#include <optional>
#include <vector>

namespace kvw {

/// One KV head of one layer.
struct HeadId
{
    int layer = 0;
    int kv_head = 0;
    auto operator<=>(const HeadId&) const = default;
};

/// What is picked in the whole window: one view sets it, every other one shows it.
struct Selection
{
    std::vector<RowId>
        runs; ///< in the order they were picked; the first is the baseline of comparisons. No number twice
    std::vector<HeadId> heads; ///< ascending, no head twice
    bool operator==(const Selection&) const = default;

    std::vector<int> layers() const; ///< of the heads, ascending, none twice
    bool has(RowId run) const;
    bool has(HeadId head) const;
};

} // namespace kvw
