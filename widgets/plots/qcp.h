// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// QCustomPlot's header writes "foreach" and "signals", which QT_NO_KEYWORDS takes away. Include it only in
// widgets/plots/*.cpp, where it is precompiled.
#include <QtGlobal>

#pragma push_macro("foreach")
#pragma push_macro("signals")
#undef foreach
#undef signals
#define foreach Q_FOREACH
#define signals Q_SIGNALS
#include <qcustomplot.h>
#pragma pop_macro("signals")
#pragma pop_macro("foreach")
