// SPDX-License-Identifier: GPL-3.0-or-later
// Every transform of the table of words is fitted from what its row asks for, and from nothing else.
#include "core/analysis/transforms.h"

#include "core/config/words.h"
#include "tests/analysis/analysis_support.h"

namespace kvw {
namespace {

using analysis_test::gaussian;
using analysis_test::Matrix;
using config::FittedFrom;

constexpr int kDim = 8;

/// The parts of a calibration, of which a test gives some.
struct Parts
{
    Moments stored = analysis_test::two_pass(gaussian(60, kDim, 1)),
            queries = analysis_test::two_pass(gaussian(60, kDim, 2));
    std::vector<double> gram = analysis_test::row_major(gaussian(kDim, kDim, 3).transpose() * gaussian(kDim, kDim, 3));

    TransformInput input(FittedFrom from) const
    {
        TransformInput out;
        out.head_dim = kDim;
        out.seed = 5;
        if (from != FittedFrom::Nothing)
            out.maybe_moments = &stored;
        if (from == FittedFrom::MomentsAndQueries)
            out.maybe_queries = &queries;
        if (from == FittedFrom::MomentsAndOutputGram)
            out.output_gram = gram;
        return out;
    }
};

TransformSpec spec_of(const config::Word& word)
{
    TransformSpec spec;
    spec.kind = std::get<TransformKind>(word.meaning);
    spec.rank = word.takes_number() ? 3 : 0;
    return spec;
}

TEST(Transforms, AreFittedFromWhatTheirRowAsksFor)
{
    const Parts parts;
    for (const config::Word& word : config::words()) {
        if (word.kind != config::WordClass::Transform)
            continue;
        SCOPED_TRACE(word.text);
        const std::optional<Basis> basis = fit_transform(spec_of(word), parts.input(word.fitted_from));
        EXPECT_EQ(basis.has_value(), word.canary == config::Canary::None && word.text != "identity");
        if (!basis)
            continue;
        EXPECT_EQ(basis->dim, kDim);
        EXPECT_EQ(basis->rank, word.takes_number() ? 3 : kDim);
        // What is stored can be read: the decoder takes back what the encoder wrote.
        const Matrix both = analysis_test::encoder_of(*basis).transpose() * analysis_test::decoder_of(*basis);
        EXPECT_LT((both - Matrix::Identity(basis->rank, basis->rank)).cwiseAbs().maxCoeff(), 1e-10);
    }
}

TEST(Transforms, RefuseWithoutIt)
{
    const Parts parts;
    int refused = 0;
    for (const config::Word& word : config::words()) {
        if (word.kind != config::WordClass::Transform || word.fitted_from == FittedFrom::Nothing)
            continue;
        SCOPED_TRACE(word.text);
        EXPECT_THROW(fit_transform(spec_of(word), parts.input(FittedFrom::Nothing)), Error);
        if (word.fitted_from != FittedFrom::Moments) {
            EXPECT_THROW(fit_transform(spec_of(word), parts.input(FittedFrom::Moments)), Error);
        }
        ++refused;
    }
    EXPECT_GE(refused, 3);
}

} // namespace
} // namespace kvw
