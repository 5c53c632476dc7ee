// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QString>

namespace kvw {

/// Makes resources/kvworkbench.qrc known: a static library's resources are left out until somebody asks. icon() does it.
void setUpResources();

/// The icon of a freedesktop name or of one of ours ("kvw-spectra"): resources/icons/NAME.svg, drawn in the palette's text
/// colour so that it is seen on light and dark, else the theme's. Follows the palette when it is painted next.
QIcon icon(const QString& name);

} // namespace kvw
