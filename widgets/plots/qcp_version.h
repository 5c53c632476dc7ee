// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace kvw {

QString qcustomplotVersion(); ///< "2.1.0"

} // namespace kvw
