// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace kvw {

/// Numbers for people, never for files. All: "NaN", "inf" or "-inf" for what is not finite; no negative zero.

/// `figures` significant digits, 1 to 15: "17.64", "0.000123"; trailing zeros stay, digits before the point are never
/// rounded away ("1234" with 3 figures); "1.23e-07" below 1e-5 and from 1e7 on.
std::string significant(double value, int figures);
/// With a sign and so many decimals, 0 to 9: "+0.04", "-12.5", "0.00". From 1e7 on "+1.23e+08".
std::string signed_fixed(double value, int decimals);
/// Decimals that show a number of this size with two figures, 0 to 4; 2 when it is not above 0 or not finite.
int decimals_for(double size);

} // namespace kvw
