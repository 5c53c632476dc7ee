// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <QString>

#include <string>
#include <string_view>

namespace kvw {

/// Between core's UTF-8 and Qt's text; bytes that are no UTF-8 become U+FFFD.
inline QString toQt(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
inline std::string toStd(const QString& text)
{
    const QByteArray bytes = text.toUtf8();
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

/// Something that went wrong, or that a person should know, in words for the window.
struct Problem
{
    QString message; ///< one sentence: what, where
    QString hint;    ///< one thing to try; may be empty
    bool operator==(const Problem&) const = default;
};
inline Problem toProblem(const Error& error) { return {toQt(error.message()), toQt(error.hint())}; }

} // namespace kvw
