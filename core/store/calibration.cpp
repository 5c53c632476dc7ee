// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/impl.h"

namespace kvw {
namespace {

/// A row of table moments; the blobs are as core/store/bytes.h makes them.
struct MomentsRow
{
    RowId run = 0;
    int layer = 0, kv_head = 0;
    Quantity quantity = Quantity::Key;
    Positions positions = Positions::All;
    Weighting weighting = Weighting::Uniform;
    int dim = 0;
    std::int64_t vectors = 0;
    double weight = 0;
    std::vector<double> mean;
    Blob scatter;
    std::vector<double> absolute_maximum;
};

struct OutputGramRow
{
    RowId run = 0;
    int layer = 0, kv_head = 0, dim = 0;
    Blob gram;
};

template<typename Visitor, RecordOf<MomentsRow> Record>
void visit_row(Visitor&& visit, Record& row)
{
    visit(kRunField, row.run);
    visit(stored_field("layer", "", "layer, from 0"), row.layer);
    visit(stored_field("kv_head", "", "key and value head, from 0"), row.kv_head);
    visit(stored_field("quantity", "", "what the vectors are"), row.quantity);
    visit(stored_field("positions", "", "all, or after_sinks"), row.positions);
    visit(stored_field("weighting", "", "uniform, or by squared attention"), row.weighting);
    visit(stored_field("dim", "1", "numbers of a vector"), row.dim);
    visit(stored_field("vectors", "1", "vectors behind the moments"), row.vectors);
    visit(stored_field("weight", "1", "sum of their weights"), row.weight);
    visit(stored_field("mean", "", "their mean"), row.mean);
    visit(stored_field("scatter", "", "their scatter about the mean"), row.scatter);
    visit(stored_field("absolute_maximum", "", "largest absolute value by channel"), row.absolute_maximum);
}

template<typename Visitor, RecordOf<OutputGramRow> Record>
void visit_row(Visitor&& visit, Record& row)
{
    visit(kRunField, row.run);
    visit(stored_field("layer", "", "layer, from 0"), row.layer);
    visit(stored_field("kv_head", "", "key and value head, from 0"), row.kv_head);
    visit(stored_field("dim", "1", "rows of the matrix"), row.dim);
    visit(stored_field("gram", "", "M of the output projection"), row.gram);
}

/// A vector of `size` numbers is wanted.
void want_size(std::string_view what, int layer, int kv_head, std::size_t size, std::size_t wanted)
{
    if (size != wanted)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("calibration, layer {}, head {}: {} has {} numbers, and {} are wanted", layer, kv_head,
                                what, size, wanted));
}

std::size_t checked_dim(int layer, int kv_head, int dim)
{
    if (dim < 0 || dim > kMaxStoredDim)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("calibration, layer {}, head {}: dim is {}, and 0 to {} can be stored", layer, kv_head,
                                dim, kMaxStoredDim));
    return static_cast<std::size_t>(dim);
}

MomentsRow row_of(RowId run, const HeadMoments& entry)
{
    const Moments& moments = entry.moments;
    const std::size_t dim = checked_dim(entry.layer, entry.kv_head, moments.dim);
    want_size("mean", entry.layer, entry.kv_head, moments.mean.size(), dim);
    want_size("scatter", entry.layer, entry.kv_head, moments.scatter.size(), dim * dim);
    if (!entry.absolute_maximum.empty())
        want_size("absolute_maximum", entry.layer, entry.kv_head, entry.absolute_maximum.size(), dim);
    return {run,
            entry.layer,
            entry.kv_head,
            entry.quantity,
            entry.positions,
            entry.weighting,
            moments.dim,
            moments.count,
            moments.weight,
            moments.mean,
            pack_matrix(moments.scatter, moments.dim),
            entry.absolute_maximum};
}

OutputGramRow row_of(RowId run, const OutputGram& gram)
{
    const std::size_t dim = checked_dim(gram.layer, gram.kv_head, gram.dim);
    want_size("output_gram", gram.layer, gram.kv_head, gram.gram.size(), dim * dim);
    return {run, gram.layer, gram.kv_head, gram.dim, pack_matrix(gram.gram, gram.dim)};
}

std::vector<double> matrix_of(const sql::RowReader& row, std::string_view column, const Blob& blob, int dim)
{
    std::optional<std::vector<double>> matrix = unpack_matrix(blob, dim);
    if (!matrix)
        row.refuse(column,
                   fmt::format("its blob of {} bytes is no matrix of {} x {} numbers", blob.bytes.size(), dim, dim));
    return std::move(*matrix);
}

HeadMoments entry_of(const sql::RowReader& reader, MomentsRow row)
{
    if (row.mean.size() != static_cast<std::size_t>(row.dim))
        reader.refuse("mean", fmt::format("{} numbers, and {} are wanted", row.mean.size(), row.dim));
    if (!row.absolute_maximum.empty() && row.absolute_maximum.size() != row.mean.size())
        reader.refuse("absolute_maximum",
                      fmt::format("{} numbers, and {} are wanted", row.absolute_maximum.size(), row.dim));
    HeadMoments out{
        row.layer, row.kv_head, row.quantity, row.positions, row.weighting, {}, std::move(row.absolute_maximum)};
    out.moments = {row.dim, row.vectors, row.weight, std::move(row.mean),
                   matrix_of(reader, "scatter", row.scatter, row.dim)};
    return out;
}

template<typename Row, typename Take>
void for_each_row(const Connection& connection, std::string_view table, RowId run, Take&& take)
{
    SQLite::Statement statement(
        connection.database(),
        fmt::format("SELECT id, {} FROM {} WHERE run = ? ORDER BY id", sql::select_list<Row>(table), table));
    sql::Binder(statement, connection, table).value("run", run);
    while (statement.executeStep()) {
        sql::RowReader reader(statement, connection);
        reader.begin(table);
        Row row;
        reader.row(row);
        take(reader, std::move(row));
    }
}

} // namespace

void Store::put_calibration(RowId run, const Calibration& calibration)
{
    Connection& connection = impl_->connection;
    connection.write("storing a calibration", [&] {
        impl_->require_run(run);
        sql::execute(connection, "DELETE FROM calibration WHERE run = ?", run);
        sql::insert(connection, "calibration", sql::Extra{"run", run}, calibration);
        sql::RowWriter moments(connection, "moments"), grams(connection, "output_gram");
        for (const HeadMoments& entry : calibration.entries)
            moments.insert(row_of(run, entry));
        for (const OutputGram& gram : calibration.output_grams)
            grams.insert(row_of(run, gram));
    });
}

std::optional<Calibration> Store::calibration(RowId run) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading a calibration", [&]() -> std::optional<Calibration> {
        std::vector<Calibration> found = read_owned<Calibration>(connection, "calibration", "run", run, "run");
        if (found.empty())
            return std::nullopt;
        Calibration out = std::move(found.front());
        const auto add_moments = [&](const sql::RowReader& reader, MomentsRow row) {
            out.entries.push_back(entry_of(reader, std::move(row)));
        };
        const auto add_gram = [&](const sql::RowReader& reader, const OutputGramRow& row) {
            out.output_grams.push_back({row.layer, row.kv_head, row.dim, matrix_of(reader, "gram", row.gram, row.dim)});
        };
        for_each_row<MomentsRow>(connection, "moments", run, add_moments);
        for_each_row<OutputGramRow>(connection, "output_gram", run, add_gram);
        return out;
    });
}

std::optional<RowId> Store::newest_calibration(std::string_view model_hash) const
{
    const Connection& connection = impl_->connection;
    return connection.read("looking for a calibration", [&]() -> std::optional<RowId> {
        SQLite::Statement statement(
            connection.database(),
            "SELECT run.id FROM run JOIN calibration ON calibration.run = run.id WHERE run.model_hash = ? AND "
            "run.status = ? AND run.kind IN (?, ?) ORDER BY run.id DESC LIMIT 1");
        sql::Binder(statement, connection, "run")
            .value("model_hash", model_hash)
            .value("status", RunStatus::Measured)
            .value("kind", RunKind::Calibrate)
            .value("kind", RunKind::Import);
        if (!statement.executeStep())
            return std::nullopt;
        return sql::RowReader(statement, connection).begin("run");
    });
}

void Store::put_token_blocks(RowId run, std::span<const std::uint64_t> hashes)
{
    Connection& connection = impl_->connection;
    connection.write("storing the blocks of a text", [&] {
        impl_->require_run(run);
        sql::execute(connection, "DELETE FROM token_blocks WHERE run = ?", run);
        sql::insert(connection, "token_blocks", sql::Extra{"run", run},
                    sql::Extra{"hashes", std::vector<std::uint64_t>(hashes.begin(), hashes.end())});
    });
}

std::vector<std::uint64_t> Store::token_blocks(RowId run) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading the blocks of a text", [&]() -> std::vector<std::uint64_t> {
        SQLite::Statement statement(connection.database(), "SELECT run, hashes FROM token_blocks WHERE run = ?");
        sql::Binder(statement, connection, "token_blocks").value("run", run);
        if (!statement.executeStep())
            return {};
        sql::RowReader reader(statement, connection);
        reader.begin("token_blocks", "run");
        return reader.next<std::vector<std::uint64_t>>("hashes");
    });
}

void Store::put_spectra(RowId run, std::span<const SpectrumRecord> spectra)
{
    Connection& connection = impl_->connection;
    connection.write("storing spectra", [&] {
        impl_->require_run(run);
        sql::execute(connection, "DELETE FROM spectrum WHERE run = ?", run);
        sql::RowWriter writer(connection, "spectrum");
        for (SpectrumRecord spectrum : spectra) {
            spectrum.run = run;
            writer.insert(spectrum);
        }
    });
}

std::vector<SpectrumRow> Store::spectra(std::optional<RowId> run) const
{
    sql::Where where;
    if (run)
        where.add("run.id = ?", *run);
    return impl_->connection.read("reading spectra", [&] {
        return read_sourced<SpectrumRecord>(impl_->connection, "spectrum", where, "spectrum.run, spectrum.id");
    });
}

void Store::put_metric(RowId run, std::string_view name, double x, double value)
{
    Connection& connection = impl_->connection;
    connection.write("storing a point of a curve", [&] {
        impl_->require_run(run);
        sql::insert(connection, "metric", sql::Extra{"run", run}, sql::Extra{"name", name}, sql::Extra{"x", x},
                    sql::Extra{"value", value});
    });
}

std::vector<Store::MetricPoint> Store::metrics(RowId run) const
{
    const Connection& connection = impl_->connection;
    return connection.read("reading curves", [&] {
        SQLite::Statement statement(connection.database(),
                                    "SELECT id, name, x, value FROM metric WHERE run = ? ORDER BY id");
        sql::Binder(statement, connection, "metric").value("run", run);
        std::vector<MetricPoint> points;
        while (statement.executeStep()) {
            sql::RowReader reader(statement, connection);
            reader.begin("metric");
            MetricPoint& point = points.emplace_back();
            point.name = reader.next<std::string>("name");
            point.x = reader.next<double>("x");
            point.value = reader.next<double>("value");
        }
        return points;
    });
}

} // namespace kvw
