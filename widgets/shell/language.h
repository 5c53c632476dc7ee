// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLocale>

namespace kvw {

/// The window's and Qt's own texts in the locale's language, where there are any; English otherwise. To be called before the
/// first widget is made; the translations live as long as the application.
void installTranslations(const QLocale& locale = QLocale());

} // namespace kvw
