// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/quality.h"
#include "core/records/throughput.h"
#include "core/store/store.h"
#include "tests/widgets/support/patience.h"
#include "widgets/models/workspace.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::testing {

inline ModelRecord someModel()
{
    return {"m1", "small", "/models/small", "LlamaForCausalLM", 2, 4, 2, 8, 32, 100, 1000};
}

/// A measured run of that kind, with model and environment.
inline RowId addRun(Store& store, RunKind kind = RunKind::Ppl, RunRecord run = {})
{
    store.put_model(someModel());
    run.kind = kind;
    run.model_hash = "m1";
    run.environment =
        store.put_environment({"cpu", 2, 2, 1 << 30, "cpu", "fp32", "os", "g++", "2.11", "0.1.0", {}, {}});
    const RowId id = store.begin_run(run);
    store.finish_run(id, RunStatus::Measured, 1.0);
    return id;
}

/// A project in a folder of the test's own. Nobody polls it: a test says when.
class WithWorkspace : public ::testing::Test
{
protected:
    WithWorkspace()
    {
        workspace.setPollInterval(0);
        EXPECT_TRUE(folder.isValid());
    }
    void openProject() { ASSERT_FALSE(workspace.open(file)); }
    /// Another connection to the project, as a worker or a second window has.
    Store other() const { return Store::open(file.toStdString()); }
    /// A file of the folder with these bytes.
    QString write(const QString& name, const QByteArray& bytes) const
    {
        QFile out(folder.filePath(name));
        EXPECT_TRUE(out.open(QIODevice::WriteOnly)) << name.toStdString();
        out.write(bytes);
        return out.fileName();
    }

    QTemporaryDir folder;
    QString file = folder.filePath(QStringLiteral("a b ü.kvw"));
    Workspace workspace;
};

} // namespace kvw::testing
