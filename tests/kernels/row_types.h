// SPDX-License-Identifier: GPL-3.0-or-later
// The types of stored rows, as tests walk through them: a new one is under test by being one.
#pragma once

#include "kernels/rows.h"

#include <vector>

namespace kvw::kernels::test {

inline std::vector<RowType> row_types(bool integers)
{
    std::vector<RowType> types;
    for (const RowTypeTraits& traits : kRowTypes)
        if (traits.integer == integers)
            types.push_back(traits.type);
    return types;
}

inline std::vector<RowType> number_row_types() { return row_types(false); }
inline std::vector<RowType> integer_row_types() { return row_types(true); }

} // namespace kvw::kernels::test
