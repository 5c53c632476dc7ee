// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/store.h"
#include "widgets/models/selection.h"
#include "widgets/models/text.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

class QTimer;

namespace kvw {

/// The open project and what is picked in it: the one place that every page, dock and dialog reads.
///
/// Records are read from the store when they are first asked for and kept until the store changes; a reference that a
/// getter returns is valid until the next dataChanged() or projectChanged(). All getters are empty without a project.
/// An error of the store while reading is announced by problem(), and the getter returns what it had. GUI thread only.
class Workspace final : public QObject
{
    Q_OBJECT
public:
    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    /// Opens a project in place of the one that is open. Nothing on success; else why not, and the old project stays.
    /// ReadWrite makes a missing file. A project that can only be read is opened so and notice() says why.
    [[nodiscard]] std::optional<Problem> open(const QString& file, Store::Access access = Store::Access::ReadWrite);
    void close();

    bool isOpen() const { return m_store != nullptr; }
    bool isReadOnly() const;
    QString path() const;      ///< absolute; empty without a project
    QString shownPath() const; ///< for people: ~ stands for the home folder
    QString name() const;      ///< file name without folder and ".kvw"
    QString notice() const;

    /// For writing: notes, jobs, view state. Null without a project. Throws kvw::Error as core/store/store.h says;
    /// call reload() after writing, since a connection does not see its own changes as news.
    Store* store() const { return m_store.get(); }

    const std::vector<Provenance>& runs() const;         ///< in the order they were begun, children included
    const Provenance* run(RowId run) const;              ///< null when there is none
    std::vector<const Provenance*> calibrations() const; ///< calibrate and import, measured, newest first
    const std::vector<QualityRow>& quality() const;
    const std::vector<ThroughputRow>& throughput() const;
    const std::vector<MemoryRow>& memory() const;
    const std::vector<Sourced<GenerationRecord>>& generations() const;
    const std::vector<Note>& notes() const;
    const std::vector<JobRecord>& jobs() const; ///< oldest first
    /// Of one calibration; a few of them are kept.
    const std::vector<SpectrumRow>& spectra(RowId run) const;

    const Selection& selection() const { return m_selection; }
    /// Each compares and returns when nothing changes, so views may answer selectionChanged() by setting it again.
    void setSelection(Selection selection); ///< runs that are not there and doubles are left out, heads are sorted
    void setRuns(std::vector<RowId> runs);
    void setHeads(std::vector<HeadId> heads);
    /// The position that linked curves share: a component from 1, or nothing. Follows the mouse, so it has a signal of
    /// its own.
    std::optional<int> cursor() const { return m_cursor; }
    void setCursor(std::optional<int> component);

    /// How often the store is asked whether another process has committed; 0 stops asking. 1000 at the start.
    void setPollInterval(int milliseconds);

public Q_SLOTS:
    /// Asks now, as after a worker's "committed".
    void poll();
    /// Reads again whatever was read, and says dataChanged() when anything differs.
    void reload();

Q_SIGNALS:
    void projectChanged();   ///< another project, or none; the selection is empty
    void dataChanged();      ///< records of the open project were added, changed or deleted
    void selectionChanged(); ///< runs or heads
    void cursorChanged();
    void problem(const kvw::Problem& problem);

private:
    struct Cache;
    template<typename Value, typename Read>
    const Value& cached(std::optional<Value>& slot, Read read) const;
    void dropGoneRuns();

    std::unique_ptr<Store> m_store;
    std::unique_ptr<Cache> m_cache;
    Selection m_selection;
    std::optional<int> m_cursor;
    std::int64_t m_version = 0;
    QTimer* m_timer = nullptr;
};

} // namespace kvw
