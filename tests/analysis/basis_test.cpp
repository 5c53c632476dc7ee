// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"
#include "tests/analysis/analysis_support.h"

#include <cmath>
#include <limits>

namespace kvw {
namespace {

using namespace analysis_test;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Example
{
    Matrix keys, queries, projection;
    Moments key_moments, query_moments;
    std::vector<double> gram;
};

Example example(int dim, int tokens, std::uint64_t seed)
{
    Example result;
    result.keys = correlated(tokens, dim, seed);
    result.queries = correlated(tokens + 13, dim, seed + 7);
    result.projection = gaussian(dim, 2 * dim, seed + 8);
    result.key_moments = two_pass(result.keys);
    result.query_moments = two_pass(result.queries);
    result.gram = row_major(result.projection * result.projection.transpose());
    return result;
}

/// |Q (K - K')^T|_F^2 per query and key: computed from the rows, not from moments.
double logit_error(const Example& data, const Basis& basis)
{
    const Matrix difference = data.queries * (data.keys - coded(basis, data.keys)).transpose();
    return difference.squaredNorm() / static_cast<double>(difference.size());
}

/// |(V - V') W_o|_F^2 per value, values being the example's "keys".
double output_error(const Example& data, const Basis& basis)
{
    return ((data.keys - coded(basis, data.keys)) * data.projection).squaredNorm()
        / static_cast<double>(data.keys.rows());
}

double vector_error(const Example& data, const Basis& basis)
{
    return (data.keys - coded(basis, data.keys)).squaredNorm() / static_cast<double>(data.keys.rows());
}

TEST(PcaBasis, EqualsNumpy)
{
    const Moments moments = two_pass(matrix_of(vectors().at("keys")));
    const Basis basis = pca_basis(moments, 6);
    expect_near(encoder_of(basis), matrix_of(vectors().at("pca_vectors")), 1e-9);
    expect_near(basis.error_curve, vectors().at("pca_curve").get<std::vector<double>>(), 1e-10);
    EXPECT_EQ(basis.mean, moments.mean);
}

TEST(PcaBasis, ErrorCurveIsTheErrorOnTheData)
{
    const Example data = example(8, 60, 1);
    for (int rank = 1; rank <= 8; ++rank) {
        const Basis basis = pca_basis(data.key_moments, rank);
        EXPECT_NEAR(vector_error(data, basis), basis.error_curve[static_cast<std::size_t>(rank)], 1e-9);
        const Matrix gram = encoder_of(basis).transpose() * encoder_of(basis);
        expect_near(gram, Matrix::Identity(rank, rank), 1e-13);
        EXPECT_EQ(basis.encoder, basis.decoder);
    }
    EXPECT_NEAR(pca_basis(data.key_moments, 1).error_curve[0], matrix_of(covariance(data.key_moments), 8, 8).trace(),
                1e-9);
}

TEST(PcaBasis, UncentredKeepsNoMean)
{
    const Example data = example(8, 60, 2);
    const Basis basis = pca_basis(data.key_moments, 3, Centring::None);
    EXPECT_EQ(basis.mean, std::vector<double>(8, 0.0));
    EXPECT_NEAR(vector_error(data, basis), basis.error_curve[3], 1e-9);
    EXPECT_NEAR(basis.error_curve[0], data.keys.squaredNorm() / 60, 1e-9);
}

TEST(AwareBases, ErrorCurvesEqualNumpysSingularValues)
{
    const Moments keys = two_pass(matrix_of(vectors().at("keys"))),
                  queries = two_pass(matrix_of(vectors().at("queries")));
    const std::vector<double> gram = row_major(matrix_of(vectors().at("gram")));
    const auto kq = vectors().at("kq_curve").get<std::vector<double>>();
    const auto out = vectors().at("out_curve").get<std::vector<double>>();
    expect_near(kq_basis(keys, queries, 6).error_curve, kq, 1e-12 * kq[0]);
    expect_near(out_basis(keys, gram, 6).error_curve, out, 1e-12 * out[0]);
}

TEST(AwareBases, ErrorCurvesAreTheErrorsOnTheData)
{
    for (const int dim : {1, 2, 5, 8, 16}) {
        const Example data = example(dim, 5 * dim + 3, static_cast<std::uint64_t>(dim));
        for (int rank = 1; rank <= dim; ++rank) {
            const Basis kq = kq_basis(data.key_moments, data.query_moments, rank);
            const Basis out = out_basis(data.key_moments, data.gram, rank);
            const auto place = static_cast<std::size_t>(rank);
            EXPECT_NEAR(logit_error(data, kq), kq.error_curve[place], 1e-11 * kq.error_curve[0]) << dim << " " << rank;
            EXPECT_NEAR(output_error(data, out), out.error_curve[place], 1e-11 * out.error_curve[0])
                << dim << " " << rank;
            EXPECT_EQ(kq.error_curve.size(), static_cast<std::size_t>(dim) + 1);
        }
    }
}

// 2,000 other maps of the same rank around the optimum and PCA: none may be better.
TEST(AwareBases, NoOtherMapOfTheRankIsBetter)
{
    const Example data = example(6, 50, 3);
    const Basis kq = kq_basis(data.key_moments, data.query_moments, 3), out = out_basis(data.key_moments, data.gram, 3);
    const double best_kq = logit_error(data, kq), best_out = output_error(data, out);
    EXPECT_LT(best_kq, 0.9 * logit_error(data, pca_basis(data.key_moments, 3)));
    EXPECT_LT(best_out, 0.9 * output_error(data, pca_basis(data.key_moments, 3)));
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const double size = std::pow(10.0, -static_cast<double>(seed % 5));
        const auto moved = [&](Basis basis) {
            const Matrix encoder_step = gaussian(6, 3, 2 * seed), decoder_step = gaussian(6, 3, 2 * seed + 1);
            const Matrix encoder = encoder_of(basis), decoder = decoder_of(basis);
            basis.encoder = row_major(encoder + size * encoder.norm() * encoder_step);
            basis.decoder = row_major(decoder + size * decoder.norm() * decoder_step);
            return basis;
        };
        EXPECT_GE(logit_error(data, moved(kq)), best_kq);
        EXPECT_GE(output_error(data, moved(out)), best_out);
    }
}

TEST(AwareBases, FullRankIsTheIdentity)
{
    for (const int dim : {1, 3, 64}) {
        const Example data = example(dim, 4 * dim + 2, 4);
        const double limit = 1e-9 * data.keys.cwiseAbs().maxCoeff();
        for (const Basis& basis :
             {pca_basis(data.key_moments, dim), kq_basis(data.key_moments, data.query_moments, dim),
              out_basis(data.key_moments, data.gram, dim)}) {
            expect_near(coded(basis, data.keys), data.keys, limit);
            EXPECT_EQ(basis.error_curve.back(), 0.0);
        }
    }
}

// Header: an equal error in every component of a latent costs the same.
TEST(AwareBases, LatentErrorsCostTheSameInEveryComponent)
{
    const Example data = example(8, 60, 5);
    const Matrix kq = decoder_of(kq_basis(data.key_moments, data.query_moments, 8));
    const Matrix raw = matrix_of(raw_second_moment(data.query_moments), 8, 8);
    expect_near(kq.transpose() * raw * kq, Matrix::Identity(8, 8), 1e-8);
    const Matrix out = decoder_of(out_basis(data.key_moments, data.gram, 8));
    expect_near(out.transpose() * matrix_of(data.gram, 8, 8) * out, Matrix::Identity(8, 8), 1e-8);
}

TEST(AwareBases, LatentVariancesAreTheStepsOfTheErrorCurve)
{
    const Example data = example(8, 60, 6);
    const Basis basis = kq_basis(data.key_moments, data.query_moments, 8);
    const Matrix covariance_z =
        encoder_of(basis).transpose() * matrix_of(covariance(data.key_moments), 8, 8) * encoder_of(basis);
    Vector steps(8);
    for (int i = 0; i < 8; ++i)
        steps(i) = basis.error_curve[static_cast<std::size_t>(i)] - basis.error_curve[static_cast<std::size_t>(i) + 1];
    expect_near(covariance_z, steps.asDiagonal().toDenseMatrix(), 1e-9 * basis.error_curve[0]);
}

TEST(Basis, LargestEntryOfEachEncoderColumnIsPositive)
{
    const Example data = example(16, 90, 7);
    int columns = 0;
    for (const Basis& basis : {pca_basis(data.key_moments, 16), kq_basis(data.key_moments, data.query_moments, 9),
                               out_basis(data.key_moments, data.gram, 4)}) {
        const Matrix encoder = encoder_of(basis);
        for (Eigen::Index column = 0; column < encoder.cols(); ++column, ++columns)
            EXPECT_GT(encoder.col(column).maxCoeff(), encoder.col(column).cwiseAbs().maxCoeff() * (1 - 2e-6));
    }
    EXPECT_EQ(columns, 29);
}

TEST(Basis, TruncationEqualsAskingForTheRank)
{
    const Example data = example(8, 60, 8);
    const Basis full = kq_basis(data.key_moments, data.query_moments, 8);
    for (int rank = 1; rank <= 8; ++rank) {
        const Basis asked = kq_basis(data.key_moments, data.query_moments, rank), cut = truncate(full, rank);
        EXPECT_EQ(cut.rank, rank);
        EXPECT_EQ(asked.encoder, cut.encoder);
        EXPECT_EQ(asked.decoder, cut.decoder);
        EXPECT_EQ(asked.error_curve, cut.error_curve);
        expect_near(encoder_of(cut), encoder_of(full).leftCols(rank), 0.0);
    }
    expect_error(ErrorKind::InvalidArgument, "rank 9", [&] { truncate(full, 9); });
}

TEST(RandomBasis, IsOrthonormalAndNested)
{
    for (const int dim : {1, 2, 7, 64, 128}) {
        const Basis full = rotation_basis(dim, 5);
        expect_near(encoder_of(full).transpose() * encoder_of(full), Matrix::Identity(dim, dim), 1e-12);
        EXPECT_EQ(full.encoder, full.decoder);
        EXPECT_EQ(full.mean, std::vector<double>(static_cast<std::size_t>(dim), 0.0));
        EXPECT_TRUE(full.error_curve.empty());
        const int rank = (dim + 1) / 2;
        expect_near(encoder_of(random_basis(dim, rank, 5)), encoder_of(full).leftCols(rank), 0.0);
    }
    EXPECT_NE(random_basis(8, 4, 1).encoder, random_basis(8, 4, 2).encoder);
    EXPECT_EQ(random_basis(8, 4, 1).encoder, random_basis(8, 4, 1).encoder);
}

// Gram and Schmidt on the same Gaussian, written out: the QR with a positive diagonal.
TEST(RandomBasis, IsTheQrWithPositiveDiagonal)
{
    RandomGenerator generator(77);
    Matrix wanted(6, 6);
    for (int column = 0; column < 6; ++column) {
        Vector next(6);
        for (int row = 0; row < 6; ++row)
            next(row) = generator.normal();
        for (int before = 0; before < column; ++before)
            next -= wanted.col(before).dot(next) * wanted.col(before);
        wanted.col(column) = next.normalized();
    }
    expect_near(encoder_of(rotation_basis(6, 77)), wanted, 1e-11);
}

// docs/codecs.md, "Principal components": over seeds the error is (1 - r/d) of the trace.
TEST(RandomBasis, ExpectedErrorIsTheShareOfTheTrace)
{
    const Example data = example(8, 60, 9);
    const Matrix centred = data.keys.rowwise() - data.keys.colwise().mean();
    double mean = 0, square = 0;
    constexpr int seeds = 400;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const double error = (centred - coded(random_basis(8, 5, seed), centred)).squaredNorm() / centred.squaredNorm();
        mean += error / seeds;
        square += error * error / seeds;
    }
    EXPECT_NEAR(mean, 1.0 - 5.0 / 8.0, 5 * std::sqrt((square - mean * mean) / seeds));
}

TEST(HadamardBasis, IsOrthogonalWithEqualMagnitudes)
{
    for (const int dim : {1, 2, 4, 64, 256}) {
        const Basis basis = hadamard_basis(dim, 3);
        const Matrix encoder = encoder_of(basis);
        expect_near(encoder.transpose() * encoder, Matrix::Identity(dim, dim), 1e-13);
        expect_near(encoder.cwiseAbs(), Matrix::Constant(dim, dim, 1 / std::sqrt(dim)), 1e-15);
        EXPECT_EQ(basis.encoder, basis.decoder);
        EXPECT_EQ(basis.rank, dim);
    }
    EXPECT_NE(hadamard_basis(64, 1).encoder, hadamard_basis(64, 2).encoder);
}

TEST(HadamardBasis, IsSylvestersWithSignsByRow)
{
    Matrix sylvester(4, 4);
    sylvester << 1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1;
    int negative = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        RandomGenerator generator(seed);
        Matrix wanted = 0.5 * sylvester;
        for (int row = 0; row < 4; ++row)
            if (generator.next() >= 1ULL << 63) {
                wanted.row(row) *= -1.0;
                ++negative;
            }
        expect_near(encoder_of(hadamard_basis(4, seed)), wanted, 0.0);
    }
    EXPECT_GT(negative, 4);
    EXPECT_LT(negative, 28);
}

TEST(HadamardBasis, SizesThatAreNoPowerOfTwoAreRefused)
{
    for (const int dim : {-4, 0, 3, 6, 80, 96})
        expect_error(ErrorKind::InvalidArgument, "power of two", [&] { hadamard_basis(dim, 1); });
}

TEST(Basis, RanksOutsideAreRefused)
{
    const Example data = example(4, 20, 10);
    for (const int rank : {-1, 0, 5}) {
        const std::string words = "rank " + std::to_string(rank);
        expect_error(ErrorKind::InvalidArgument, words, [&] { pca_basis(data.key_moments, rank); });
        expect_error(ErrorKind::InvalidArgument, words, [&] { kq_basis(data.key_moments, data.query_moments, rank); });
        expect_error(ErrorKind::InvalidArgument, words, [&] { out_basis(data.key_moments, data.gram, rank); });
        expect_error(ErrorKind::InvalidArgument, words, [&] { random_basis(4, rank, 1); });
    }
    expect_error(ErrorKind::InvalidArgument, "dim 0", [] { random_basis(0, 1, 1); });
}

TEST(Basis, DamagedMomentsAreRefused)
{
    const Example data = example(4, 20, 11);
    Moments bad = data.key_moments, negative = data.key_moments;
    bad.scatter[6] = kNan;
    negative.scatter[0] = -0.1 * negative.scatter[0];
    std::vector<double> bad_gram = data.gram, short_gram = data.gram;
    bad_gram[3] = kNan;
    short_gram.pop_back();
    expect_error(ErrorKind::NotFinite, "row 1, column 2", [&] { pca_basis(bad, 2); });
    expect_error(ErrorKind::NotFinite, "row 1, column 2", [&] { kq_basis(data.key_moments, bad, 2); });
    expect_error(ErrorKind::NotFinite, "gram", [&] { out_basis(data.key_moments, bad_gram, 2); });
    expect_error(ErrorKind::InvalidArgument, "15 values", [&] { out_basis(data.key_moments, short_gram, 2); });
    expect_error(ErrorKind::BadInput, "eigenvalue", [&] { pca_basis(negative, 2); });
    expect_error(ErrorKind::BadInput, "weight 0", [&] { pca_basis(empty_moments(4), 2); });
    expect_error(ErrorKind::BadInput, "weight 0", [&] { kq_basis(data.key_moments, empty_moments(4), 2); });
    expect_error(ErrorKind::InvalidArgument, "dim 4",
                 [&] { kq_basis(data.key_moments, two_pass(gaussian(9, 3, 1)), 2); });
}

// --- degenerate, but not wrong ---

TEST(DegenerateBasis, FewerTokensThanDimensions)
{
    for (const int tokens : {1, 2, 3, 7}) {
        const Example data = example(8, tokens, 12);
        const Basis full = kq_basis(data.key_moments, data.query_moments, 8);
        const Basis output = out_basis(data.key_moments, data.gram, 8);
        // The floor bounds the condition at 1e4 on either side of the identity.
        const Matrix others = correlated(20, 8, 99);
        expect_near(coded(full, others), others, 1e-7);
        expect_near(coded(output, others), others, 1e-7);
        for (int rank = 1; rank <= 8; ++rank) {
            const Basis kq = truncate(full, rank), out = truncate(output, rank);
            const auto place = static_cast<std::size_t>(rank);
            EXPECT_NEAR(logit_error(data, kq), kq.error_curve[place], 1e-10 * (1 + kq.error_curve[0])) << tokens;
            EXPECT_NEAR(output_error(data, out), out.error_curve[place], 1e-10 * (1 + out.error_curve[0])) << tokens;
        }
        // tokens - 1 directions vary, so that many components carry everything.
        if (tokens > 1) {
            EXPECT_LT(full.error_curve[static_cast<std::size_t>(tokens) - 1], 1e-6 * full.error_curve[0]) << tokens;
        }
    }
}

TEST(DegenerateBasis, ChannelsWithoutVariance)
{
    Example data = example(6, 40, 13);
    data.keys.col(2).setConstant(4.0);
    data.keys.col(5).setZero();
    data.queries.col(1).setZero();
    data.key_moments = two_pass(data.keys);
    data.query_moments = two_pass(data.queries);
    for (int rank = 1; rank <= 6; ++rank) {
        const Basis basis = kq_basis(data.key_moments, data.query_moments, rank);
        const auto place = static_cast<std::size_t>(rank);
        EXPECT_NEAR(logit_error(data, basis), basis.error_curve[place], 1e-10 * basis.error_curve[0]);
    }
    const Basis full = kq_basis(data.key_moments, data.query_moments, 6);
    expect_near(coded(full, data.keys), data.keys, 1e-6);
    EXPECT_LT(full.error_curve[4], 1e-9 * full.error_curve[0]);
}

TEST(DegenerateBasis, NothingVariesOrNothingAsks)
{
    const Matrix constant = Matrix::Constant(10, 4, 2.5), other = correlated(10, 4, 14);
    const Moments still = two_pass(constant), moving = two_pass(other), silent = two_pass(Matrix::Zero(10, 4));
    const Basis keys = kq_basis(still, moving, 2), queries = kq_basis(moving, silent, 4);
    expect_near(coded(keys, constant), constant, 1e-12);
    EXPECT_EQ(keys.error_curve, std::vector<double>(5, 0.0));
    expect_near(coded(queries, other), other, 1e-9);
    EXPECT_EQ(queries.error_curve, std::vector<double>(5, 0.0));
    expect_near(coded(pca_basis(still, 1), constant), constant, 1e-12);
    expect_near(coded(out_basis(moving, std::vector<double>(16, 0.0), 4), other), other, 1e-9);
}

// One query: all but one of the s_i are zero, and nothing may be divided by them.
TEST(DegenerateBasis, OneQueryOrOneOutput)
{
    Example data = example(6, 40, 18);
    data.queries = data.queries.topRows(1).eval();
    data.query_moments = two_pass(data.queries);
    data.projection = data.projection.leftCols(1).eval();
    data.gram = row_major(data.projection * data.projection.transpose());
    for (const int rank : {1, 3, 6}) {
        const Basis kq = kq_basis(data.key_moments, data.query_moments, rank);
        const Basis out = out_basis(data.key_moments, data.gram, rank);
        EXPECT_NEAR(logit_error(data, kq), 0.0, 1e-12 * kq.error_curve[0]);
        EXPECT_NEAR(output_error(data, out), 0.0, 1e-12 * out.error_curve[0]);
    }
    const Basis kq = kq_basis(data.key_moments, data.query_moments, 6), out = out_basis(data.key_moments, data.gram, 6);
    expect_near(coded(kq, data.keys), data.keys, 1e-9);
    expect_near(coded(out, data.keys), data.keys, 1e-9);
    // Largest over smallest scale 1e6 times the condition of the keys, not more.
    EXPECT_LT(decoder_of(kq).norm(), 1e8 * decoder_of(truncate(kq, 1)).norm());
    EXPECT_LT(decoder_of(out).norm(), 1e8 * decoder_of(truncate(out, 1)).norm());
}

TEST(DegenerateBasis, AMeanOfAMillion)
{
    Example data = example(6, 50, 15);
    data.keys.array() += 1e6;
    data.key_moments = two_pass(data.keys);
    const Basis basis = kq_basis(data.key_moments, data.query_moments, 3), pca = pca_basis(data.key_moments, 3);
    EXPECT_NEAR(logit_error(data, basis), basis.error_curve[3], 1e-6 * basis.error_curve[0]);
    EXPECT_NEAR(vector_error(data, pca), pca.error_curve[3], 1e-6 * pca.error_curve[0]);
}

Moments diagonal(double first, double second) { return Moments{2, 1, 1.0, {0.0, 0.0}, {first, 0.0, 0.0, second}}; }

// Variances 1 and 1e-12, the second counted as 1e-8, seen by queries of energies 1 and `energy`.
TEST(DegenerateBasis, SmallVariancesCountAsTheFloor)
{
    // 1e-8 * 1e9 = 10 > 1: the second direction is kept, and leaving out the first costs 1.
    const Basis above = kq_basis(diagonal(1.0, 1e-12), diagonal(1.0, 1e9), 1);
    EXPECT_EQ(encoder_of(above)(0, 0), 0.0);
    EXPECT_NEAR(above.error_curve[0], 1.0 + 1e-3, 1e-12);
    EXPECT_NEAR(above.error_curve[1], 1.0, 1e-12);
    // 1e-8 * 1e7 = 0.1 < 1: the first, and leaving out the second costs its true 1e-12 * 1e7.
    const Basis below = kq_basis(diagonal(1.0, 1e-12), diagonal(1.0, 1e7), 1);
    EXPECT_EQ(encoder_of(below)(1, 0), 0.0);
    EXPECT_NEAR(below.error_curve[1], 1e-5, 1e-14);
}

// Applied in fp32, as the engine does. Four tokens leave five of eight directions to the floors.
TEST(DegenerateBasis, SurvivesSinglePrecision)
{
    const Example data = example(8, 4, 16);
    const Matrix others = correlated(50, 8, 17);
    for (const Basis& basis :
         {kq_basis(data.key_moments, data.query_moments, 8), out_basis(data.key_moments, data.gram, 8)}) {
        const Eigen::MatrixXf centred = (others.rowwise() - mean_of(basis).transpose()).cast<float>();
        const Eigen::MatrixXf back =
            (centred * encoder_of(basis).cast<float>()) * decoder_of(basis).cast<float>().transpose();
        const double size = centred.cwiseAbs().maxCoeff();
        expect_near(back.cast<double>(), centred.cast<double>(), 1e-3 * size);
    }
}

} // namespace
} // namespace kvw
