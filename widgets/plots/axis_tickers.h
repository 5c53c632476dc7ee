// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSharedPointer>

class QCPAxisTicker;

namespace kvw {

/// What the numbers along an axis are.
enum class AxisKind {
    Number,  ///< plain; never "1e+06"
    Count,   ///< whole numbers: layers, components, tokens
    Percent, ///< a share is shown times 100
    Bytes,   ///< powers of 1024, "1.5 MiB"
};

QSharedPointer<QCPAxisTicker> linearTicker(AxisKind kind);
/// Base 10; base 2 for bytes and, where `doubling` says so, for sizes that double (contexts).
QSharedPointer<QCPAxisTicker> logTicker(AxisKind kind, bool doubling = false);

} // namespace kvw
