// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/field.h"

#include <string>

namespace kvw {

/// The unit that a column is read in. The same for its header, its cells and what is copied from it, so that a number
/// never stands under another unit than its own.
struct DisplayUnit
{
    std::string name;  ///< "%", "MiB", "tokens/s"; empty: none
    double factor = 1; ///< from the field's unit to this one
    int decimals = -1; ///< that every cell has; -1: as many as its figures ask for

    /// A value of the field's unit in this one. Rounded to 15 digits where that is a multiplication, so that 0.0011 is
    /// 0.11 %; infinities and NaN stay.
    double shown(double value) const;
};

/// A share is read in percent, bytes in the unit in which `largest` (of the column, in bytes) has at most four digits
/// before the point; everything else as it is.
DisplayUnit display_unit(const Field& field, double largest = 0);

} // namespace kvw
