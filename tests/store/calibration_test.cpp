// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/bytes.h"
#include "tests/store/store_support.h"

#include <limits>

namespace kvw::testing {
namespace {

class StoredCalibration : public ::testing::Test
{
protected:
    RowId measured(RunKind kind, const std::string& model, bool with_moments = true)
    {
        const RowId run = project_.begin([&](RunRecord& record) {
            record.kind = kind;
            record.model_hash = model;
        });
        if (with_moments)
            store_.put_calibration(run, sample_calibration(1));
        store_.finish_run(run, RunStatus::Measured, 1);
        return run;
    }

    TemporaryFolder folder_;
    Project project_{folder_ / "a.kvw"};
    Store& store_ = project_.store;
};

TEST_F(StoredCalibration, ComesBackToTheLastBitInItsOrder)
{
    const RowId run = project_.begin();
    EXPECT_FALSE(store_.calibration(run));
    Calibration calibration = sample_calibration(3, 7);
    calibration.rank_limit = 5;
    store_.put_calibration(run, calibration);
    const std::optional<Calibration> found = Store::open(folder_ / "a.kvw").calibration(run);
    ASSERT_TRUE(found);
    expect_same_calibration(*found, calibration);
}

TEST_F(StoredCalibration, OddNumbersAndMatricesAreKeptToo)
{
    const RowId run = project_.begin();
    Calibration calibration = sample_calibration(1, 3);
    std::vector<double>& scatter = calibration.entries[0].moments.scatter;
    scatter[1] = std::nextafter(scatter[1], 1e9); // no longer symmetric: 3 is the other triangle's
    calibration.entries[1].moments.scatter = {std::numeric_limits<double>::quiet_NaN(),
                                              -0.0,
                                              5e-324,
                                              -0.0,
                                              std::numeric_limits<double>::infinity(),
                                              1,
                                              5e-324,
                                              1,
                                              -1e308};
    calibration.entries[2].moments = {}; // dim 0
    calibration.entries[2].absolute_maximum.clear();
    calibration.output_grams.clear();
    store_.put_calibration(run, calibration);
    expect_same_calibration(store_.calibration(run).value(), calibration);
    calibration.entries.clear();
    store_.put_calibration(run, calibration); // replaces
    expect_same_calibration(store_.calibration(run).value(), calibration);
}

TEST_F(StoredCalibration, SizesThatDisagreeAreRefusedAndTheOldOneStays)
{
    const RowId run = project_.begin();
    const Calibration good = sample_calibration(1, 3);
    store_.put_calibration(run, good);
    const auto refuse = [&](const std::string& word, const std::function<void(Calibration&)>& change) {
        Calibration bad = good;
        change(bad);
        expect_error(ErrorKind::InvalidArgument, {word}, [&] { store_.put_calibration(run, bad); });
    };
    refuse("mean has 2 numbers, and 3 are wanted", [](Calibration& c) { c.entries[0].moments.mean.pop_back(); });
    refuse("scatter has 10 numbers, and 9 are wanted",
           [](Calibration& c) { c.entries[3].moments.scatter.push_back(1); });
    refuse("absolute_maximum has 4", [](Calibration& c) { c.entries[0].absolute_maximum.push_back(1); });
    refuse("output_gram has 8", [](Calibration& c) { c.output_grams[1].gram.pop_back(); });
    refuse("dim is -1", [](Calibration& c) { c.entries[0].moments.dim = -1; });
    refuse("dim is 4097", [](Calibration& c) { c.output_grams[0].dim = kMaxStoredDim + 1; });
    refuse("two rows", [](Calibration& c) { c.entries.push_back(c.entries[0]); });
    refuse("two rows", [](Calibration& c) { c.output_grams.push_back(c.output_grams[0]); });
    expect_same_calibration(store_.calibration(run).value(), good);
}

TEST_F(StoredCalibration, TheNewestIsMeasuredOfThatModelAndHasMoments)
{
    store_.put_model(sample_model("m2"));
    EXPECT_EQ(store_.newest_calibration("m1"), std::nullopt);
    const RowId first = measured(RunKind::Calibrate, "m1");
    EXPECT_EQ(store_.newest_calibration("m1"), first);
    const RowId second = measured(RunKind::Import, "m1");
    measured(RunKind::Calibrate, "m2");
    measured(RunKind::Ppl, "m1");
    measured(RunKind::Calibrate, "m1", false);
    const RowId failed = measured(RunKind::Calibrate, "m1");
    store_.finish_run(failed, RunStatus::Failed, 1);
    EXPECT_EQ(store_.newest_calibration("m1"), second);
    EXPECT_EQ(store_.newest_calibration("m3"), std::nullopt);
}

TEST(Bytes, SymmetricMatricesTakeHalfTheSpace)
{
    const int dim = 64;
    std::vector<double> matrix(dim * dim);
    double next = 0.1;
    for (int i = 0; i < dim; ++i)
        for (int j = i; j < dim; ++j)
            matrix[static_cast<std::size_t>(i * dim + j)] = matrix[static_cast<std::size_t>(j * dim + i)] = next =
                std::fmod(next * 997.13, 1.0);
    const Blob blob = pack_matrix(matrix, dim);
    EXPECT_LE(blob.bytes.size(), dim * (dim + 1) / 2 * 8 + 64);
    EXPECT_EQ(unpack_matrix(blob, dim), matrix);
}

TEST(Bytes, BlobsThatAreNoSuchMatrixAreRefused)
{
    const std::vector<double> matrix{1, 2, 2, 4};
    const Blob blob = pack_matrix(matrix, 2);
    ASSERT_TRUE(unpack_matrix(blob, 2));
    for (std::size_t length = 0; length < blob.bytes.size(); ++length)
        EXPECT_FALSE(unpack_matrix({blob.bytes.substr(0, length)}, 2)) << length;
    EXPECT_FALSE(unpack_matrix({blob.bytes + "x"}, 2));
    EXPECT_FALSE(unpack_matrix({"no frame of zstd at all"}, 2));
    for (const int dim : {-1, 0, 1, 3, 4, kMaxStoredDim, kMaxStoredDim + 1, std::numeric_limits<int>::max()})
        EXPECT_FALSE(unpack_matrix(blob, dim)) << dim;
}

} // namespace
} // namespace kvw::testing
