// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/configuration.h"
#include "core/lm/decoder.h"
#include "kernels/rows.h"

namespace kvw {

/// What vectors are stored in that no codec touches.
kernels::RowType raw_row_type(ComputeType type) noexcept;
/// How rows of `width` numbers are stored. Throws Error{InvalidArgument} for a quantiser that is no word, Error{Internal} when
/// the kernels have no rows of the bits that its word declares: another format is never taken instead.
kernels::RowFormat row_format(const QuantiserSpec& quantiser, ComputeType type, int width);

} // namespace kvw
