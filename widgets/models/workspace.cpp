// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/workspace.h"

#include <QDir>
#include <QFileInfo>
#include <QTimer>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace kvw {
namespace {

constexpr int kPollInterval_ms = 1000;
constexpr std::size_t kKeptSpectra = 8; ///< calibrations; one of a large model is some 10 MB

std::filesystem::path toPath(const QString& file) { return std::filesystem::path(file.toStdU16String()); }

} // namespace

struct Workspace::Cache
{
    std::optional<std::vector<Provenance>> runs;
    std::unordered_map<RowId, std::size_t> indexOfRun;
    std::optional<std::vector<QualityRow>> quality;
    std::optional<std::vector<ThroughputRow>> throughput;
    std::optional<std::vector<MemoryRow>> memory;
    std::optional<std::vector<Sourced<GenerationRecord>>> generations;
    std::optional<std::vector<Note>> notes;
    std::optional<std::vector<JobRecord>> jobs;
    std::vector<std::pair<RowId, std::vector<SpectrumRow>>> spectra; ///< last used last
};

Workspace::Workspace(QObject* parent) : QObject(parent), m_cache(std::make_unique<Cache>()), m_timer(new QTimer(this))
{
    m_timer->setInterval(kPollInterval_ms);
    connect(m_timer, &QTimer::timeout, this, &Workspace::poll);
}

Workspace::~Workspace() = default;

std::optional<Problem> Workspace::open(const QString& file, Store::Access access)
{
    const QString absolute = QFileInfo(file).absoluteFilePath();
    try {
        auto store = std::make_unique<Store>(Store::open(toPath(absolute), access));
        const std::int64_t version = store->data_version();
        m_store = std::move(store);
        m_version = version;
    } catch (const Error& error) {
        return toProblem(error);
    } catch (const std::exception& error) {
        return Problem{tr("%1 could not be opened: %2").arg(absolute, QString::fromLocal8Bit(error.what())), {}};
    }
    *m_cache = {};
    m_selection = {};
    m_cursor.reset();
    if (m_timer->interval() > 0)
        m_timer->start();
    Q_EMIT projectChanged();
    return std::nullopt;
}

void Workspace::close()
{
    if (!m_store)
        return;
    m_timer->stop();
    m_store.reset();
    *m_cache = {};
    m_selection = {};
    m_cursor.reset();
    Q_EMIT projectChanged();
}

bool Workspace::isReadOnly() const { return m_store && m_store->access() == Store::Access::ReadOnly; }

QString Workspace::path() const { return m_store ? QString::fromStdU16String(m_store->file().u16string()) : QString(); }

QString Workspace::shownPath() const
{
    const QString file = path(), home = QDir::homePath() + QLatin1Char('/');
    return file.startsWith(home) ? QStringLiteral("~/") + file.mid(home.size()) : file;
}

QString Workspace::name() const { return QFileInfo(path()).completeBaseName(); }

QString Workspace::notice() const { return m_store ? toQt(m_store->notice()) : QString(); }

template<typename Value, typename Read>
const Value& Workspace::cached(std::optional<Value>& slot, Read read) const
{
    if (!slot) {
        slot.emplace();
        if (m_store) {
            try {
                slot = read(*m_store);
            } catch (const Error& error) {
                Q_EMIT const_cast<Workspace*>(this)->problem(toProblem(error));
            }
        }
    }
    return *slot;
}

const std::vector<Provenance>& Workspace::runs() const
{
    const bool fresh = !m_cache->runs;
    const auto& runs = cached(m_cache->runs, [](const Store& store) { return store.runs(); });
    if (fresh) {
        m_cache->indexOfRun.clear();
        for (std::size_t i = 0; i < runs.size(); ++i)
            m_cache->indexOfRun[runs[i].run.id] = i;
    }
    return runs;
}

const Provenance* Workspace::run(RowId run) const
{
    const auto& all = runs();
    const auto found = m_cache->indexOfRun.find(run);
    return found == m_cache->indexOfRun.end() ? nullptr : &all[found->second];
}

std::vector<const Provenance*> Workspace::calibrations() const
{
    std::vector<const Provenance*> out;
    for (const Provenance& row : runs())
        if ((row.run.kind == RunKind::Calibrate || row.run.kind == RunKind::Import)
            && row.run.status == RunStatus::Measured)
            out.push_back(&row);
    std::reverse(out.begin(), out.end());
    return out;
}

const std::vector<QualityRow>& Workspace::quality() const
{
    return cached(m_cache->quality, [](const Store& store) { return store.quality(); });
}

const std::vector<ThroughputRow>& Workspace::throughput() const
{
    return cached(m_cache->throughput, [](const Store& store) { return store.throughput(); });
}

const std::vector<MemoryRow>& Workspace::memory() const
{
    return cached(m_cache->memory, [](const Store& store) { return store.memory(); });
}

const std::vector<Sourced<GenerationRecord>>& Workspace::generations() const
{
    return cached(m_cache->generations, [](const Store& store) { return store.generations(); });
}

const std::vector<Note>& Workspace::notes() const
{
    return cached(m_cache->notes, [](const Store& store) { return store.notes(); });
}

const std::vector<JobRecord>& Workspace::jobs() const
{
    return cached(m_cache->jobs, [](const Store& store) { return store.jobs(); });
}

const std::vector<SpectrumRow>& Workspace::spectra(RowId run) const
{
    auto& kept = m_cache->spectra;
    const auto found = std::find_if(kept.begin(), kept.end(), [run](const auto& entry) { return entry.first == run; });
    if (found != kept.end()) {
        std::rotate(found, found + 1, kept.end());
        return kept.back().second;
    }
    std::optional<std::vector<SpectrumRow>> read;
    cached(read, [run](const Store& store) { return store.spectra(run); });
    if (kept.size() >= kKeptSpectra)
        kept.erase(kept.begin());
    return kept.emplace_back(run, std::move(*read)).second;
}

void Workspace::setSelection(Selection selection)
{
    std::set<RowId> seen;
    std::erase_if(selection.runs, [&](RowId id) { return !run(id) || !seen.insert(id).second; });
    std::sort(selection.heads.begin(), selection.heads.end());
    selection.heads.erase(std::unique(selection.heads.begin(), selection.heads.end()), selection.heads.end());
    if (selection == m_selection)
        return;
    m_selection = std::move(selection);
    Q_EMIT selectionChanged();
}

void Workspace::setRuns(std::vector<RowId> runs) { setSelection({std::move(runs), m_selection.heads}); }

void Workspace::setHeads(std::vector<HeadId> heads) { setSelection({m_selection.runs, std::move(heads)}); }

void Workspace::setCursor(std::optional<int> component)
{
    if (component == m_cursor)
        return;
    m_cursor = component;
    Q_EMIT cursorChanged();
}

void Workspace::setPollInterval(int milliseconds)
{
    m_timer->setInterval(milliseconds);
    if (milliseconds <= 0)
        m_timer->stop();
    else if (m_store)
        m_timer->start();
}

void Workspace::poll()
{
    if (!m_store)
        return;
    try {
        const std::int64_t version = m_store->data_version();
        if (version == m_version)
            return;
        m_version = version;
    } catch (const Error& error) {
        Q_EMIT problem(toProblem(error));
        return;
    }
    reload();
}

void Workspace::reload()
{
    if (!m_store)
        return;
    // Which rows there are follows from the runs, their status and the numbers of rows; a worker's heartbeat or a line
    // of a job's history must not repaint every page.
    Cache old = std::exchange(*m_cache, {});
    const auto changed = [](const auto& before, const auto& now) { return before && before->size() != now().size(); };
    bool differs = old.runs && *old.runs != runs();
    differs = changed(
                  old.quality, [this]() -> auto& { return quality(); })
        || differs;
    differs = changed(
                  old.throughput, [this]() -> auto& { return throughput(); })
        || differs;
    differs = changed(
                  old.memory, [this]() -> auto& { return memory(); })
        || differs;
    differs = changed(
                  old.generations, [this]() -> auto& { return generations(); })
        || differs;
    differs = (old.notes && *old.notes != notes()) || differs;
    differs = (old.jobs && *old.jobs != jobs()) || differs;
    for (const auto& [run, rows] : old.spectra)
        differs = spectra(run).size() != rows.size() || differs;
    if (!differs)
        return;
    dropGoneRuns();
    Q_EMIT dataChanged();
}

void Workspace::dropGoneRuns() { setSelection(m_selection); }

} // namespace kvw
