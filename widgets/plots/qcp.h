// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// QCustomPlot's header writes "foreach", which QT_NO_KEYWORDS takes away. Include it only in widgets/plots/*.cpp, where
// it is precompiled.
#include <QtGlobal>

#pragma push_macro("foreach")
#undef foreach
#define foreach Q_FOREACH
#include <qcustomplot.h>
#pragma pop_macro("foreach")
