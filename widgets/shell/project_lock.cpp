// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/project_lock.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>

#include <unistd.h>

namespace kvw {

bool ProjectLock::take(const QString& file)
{
    const QString real = QFileInfo(file).canonicalFilePath();
    const QByteArray hash = QCryptographicHash::hash(real.toUtf8(), QCryptographicHash::Sha256).toHex().left(32);
    const QString name = QStringLiteral("kvworkbench-%1-%2.lock").arg(::getuid()).arg(QString::fromLatin1(hash));
    m_lock = std::make_unique<QLockFile>(QDir::temp().filePath(name));
    m_lock->setStaleLockTime(0); // a lock is as old as its window; one of a dead process is taken over
    if (m_lock->tryLock(0))
        return true;
    const bool another = m_lock->error() == QLockFile::LockFailedError;
    m_lock.reset();
    return !another; // where no lock can be made, nothing is known
}

} // namespace kvw
