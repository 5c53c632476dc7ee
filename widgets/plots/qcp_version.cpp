// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/qcp_version.h"

#include "widgets/plots/qcp.h"

namespace kvw {

QString qcustomplotVersion() { return QStringLiteral(QCUSTOMPLOT_VERSION_STR); }

} // namespace kvw
