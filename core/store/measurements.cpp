// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

namespace kvw {

void Store::put_quality(const QualityRecord& quality, std::span<const QualityWindow> windows)
{
    Connection& connection = impl_->connection;
    connection.write("storing a quality", [&] {
        impl_->require_run(quality.run);
        sql::execute(connection, "DELETE FROM quality WHERE run = ?", quality.run);
        sql::insert(connection, "quality", quality);
        sql::RowWriter writer(connection, "quality_window");
        for (const QualityWindow& window : windows)
            writer.insert(sql::Extra{"run", quality.run}, window);
    });
}

std::vector<QualityRow> Store::quality(const RunFilter& filter) const
{
    return impl_->connection.read("reading qualities", [&] {
        return read_sourced<QualityRecord>(impl_->connection, "quality", conditions(filter), "quality.run");
    });
}

std::vector<QualityWindow> Store::quality_windows(RowId run) const
{
    return impl_->connection.read("reading the windows of a quality", [&] {
        return read_owned<QualityWindow>(impl_->connection, "quality_window", "run", run, "window_index");
    });
}

void Store::put_throughput(const ThroughputSummary& summary, std::span<const ThroughputSample> samples)
{
    Connection& connection = impl_->connection;
    connection.write("storing a throughput", [&] {
        impl_->require_run(summary.run);
        sql::execute(connection,
                     "DELETE FROM throughput WHERE run = ? AND configuration = ? AND context = ? AND batch = ?",
                     summary.run, summary.configuration, summary.context, summary.batch);
        const RowId row = sql::insert(connection, "throughput", summary);
        sql::RowWriter writer(connection, "throughput_sample");
        for (const ThroughputSample& sample : samples)
            writer.insert(sql::Extra{"throughput", row}, sample);
    });
}

std::vector<ThroughputRow> Store::throughput(const RunFilter& filter) const
{
    return impl_->connection.read("reading throughputs", [&] {
        return read_sourced<ThroughputSummary>(impl_->connection, "throughput", conditions(filter),
                                               "throughput.run, throughput.id");
    });
}

std::vector<ThroughputSample> Store::throughput_samples(RowId run) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading the samples of a throughput", [&] {
        SQLite::Statement statement(connection.database(),
                                    fmt::format("SELECT throughput_sample.id, {} FROM throughput_sample "
                                                "JOIN throughput ON throughput.id = throughput_sample.throughput "
                                                "WHERE throughput.run = ? ORDER BY throughput.id, throughput_sample.id",
                                                sql::select_list<ThroughputSample>("throughput_sample")));
        sql::Binder(statement, connection, "throughput_sample").value("run", run);
        std::vector<ThroughputSample> samples;
        while (statement.executeStep()) {
            sql::RowReader reader(statement, connection);
            reader.begin("throughput_sample");
            reader.row(samples.emplace_back());
        }
        return samples;
    });
}

std::vector<MemoryRow> Store::memory(const RunFilter& filter) const
{
    return impl_->connection.read("reading the table of memory", [&] {
        return read_sourced<MemoryRecord>(impl_->connection, "memory_ledger", conditions(filter), kMemoryOrder);
    });
}

void Store::put_generation(const GenerationRecord& generation)
{
    Connection& connection = impl_->connection;
    connection.write("storing a generated text", [&] {
        impl_->require_run(generation.run);
        sql::upsert(connection, "generation", "run", generation);
    });
}

std::vector<Sourced<GenerationRecord>> Store::generations(const RunFilter& filter) const
{
    return impl_->connection.read("reading generated texts", [&] {
        return read_sourced<GenerationRecord>(impl_->connection, "generation", conditions(filter), "generation.run");
    });
}

} // namespace kvw
