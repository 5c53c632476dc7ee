// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLockFile>
#include <QString>

#include <memory>

namespace kvw {

/// Whether another window of this user has the same project open. Nobody is kept out: a project may be open twice, and
/// the second window says so.
class ProjectLock
{
public:
    /// True when no other window has  open. Lets go of the file before.
    bool take(const QString& file);
    void release() { m_lock.reset(); }

private:
    std::unique_ptr<QLockFile> m_lock;
};

} // namespace kvw
