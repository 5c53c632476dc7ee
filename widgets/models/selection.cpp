// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/selection.h"

#include <algorithm>

namespace kvw {

std::vector<int> Selection::layers() const
{
    std::vector<int> out;
    for (const HeadId& head : heads)
        if (out.empty() || out.back() != head.layer)
            out.push_back(head.layer);
    return out;
}

bool Selection::has(RowId run) const { return std::find(runs.begin(), runs.end(), run) != runs.end(); }

bool Selection::has(HeadId head) const { return std::binary_search(heads.begin(), heads.end(), head); }

} // namespace kvw
