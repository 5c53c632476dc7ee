// SPDX-License-Identifier: GPL-3.0-or-later
// The seed project's calibration file: a framework pickle {"layers": [{"K": {"U", "mean", ...}, "V": {...}}, ...], ...}
// with U [head_dim, rank] (heads pooled) or [kv_heads, head_dim, rank].
#include "core/analysis/moments.h"
#include "core/jobs/job.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <fstream>
#include <iterator>

namespace kvw {
namespace {

/// |U^T U - 1| beyond this is no orthonormal basis; fp16 files have about 1e-3.
constexpr double kOrthonormalTolerance = 5e-3;
constexpr std::uintmax_t kLargestFile = std::uintmax_t{2} << 30;

[[noreturn]] void refuse(const std::string& file, const std::string& what)
{
    throw Error(ErrorKind::BadInput, fmt::format("{}: {}", file, what),
                "give a calibration file of the seed project: a pickle with layers[i][\"K\"|\"V\"] holding U and mean");
}

std::vector<char> read_file(const std::string& file)
{
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(file, problem);
    if (problem)
        throw Error(ErrorKind::NotFound, fmt::format("{}: {}", file, problem.message()), "check the name");
    if (size > kLargestFile)
        refuse(file, fmt::format("{} bytes are too many for a calibration file", size));
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

c10::IValue unpickle(const std::string& file)
{
    try {
        return torch::jit::pickle_load(read_file(file));
    } catch (const c10::Error& error) {
        const std::string sentence = error.what_without_backtrace();
        refuse(file, fmt::format("it cannot be unpickled: {}", sentence.substr(0, sentence.find('\n'))));
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        refuse(file, fmt::format("it cannot be unpickled: {}", error.what()));
    }
}

/// The value of a string key, or nothing.
std::optional<c10::IValue> member(const c10::IValue& value, const char* key)
{
    if (!value.isGenericDict())
        return std::nullopt;
    for (const auto& entry : value.toGenericDict())
        if (entry.key().isString() && entry.key().toStringRef() == key)
            return entry.value();
    return std::nullopt;
}

/// One side of one layer as the file has it.
struct ImportedSide
{
    at::Tensor basis;     ///< [heads, head_dim, rank] fp64; heads 1 where they are pooled
    at::Tensor mean;      ///< [heads, head_dim] fp64
    at::Tensor variances; ///< [heads, rank] fp64, or undefined
};

class Importer
{
public:
    Importer(const ModelConfig& config, std::string file) : config_(config), file_(std::move(file)) {}

    Calibration read();
    bool has_variances() const { return variances_; }

private:
    ImportedSide side(const c10::IValue& value, const std::string& place);
    at::Tensor tensor(const c10::IValue& value, const char* key, const std::string& place) const;
    void add(int layer, Quantity quantity, const ImportedSide& side, Calibration& out);

    const ModelConfig& config_;
    std::string file_;
    bool variances_ = true;
    int rank_limit_ = 0;
};

at::Tensor Importer::tensor(const c10::IValue& value, const char* key, const std::string& place) const
{
    const std::optional<c10::IValue> found = member(value, key);
    if (!found || !found->isTensor())
        refuse(file_, fmt::format("{} has no tensor \"{}\"", place, key));
    const at::Tensor out = found->toTensor().to(at::kCPU).to(at::kDouble).contiguous();
    if (!at::isfinite(out).all().item<bool>())
        refuse(file_, fmt::format("{}[\"{}\"] holds NaN or infinity", place, key));
    return out;
}

ImportedSide Importer::side(const c10::IValue& value, const std::string& place)
{
    const std::int64_t d = config_.head_dim, heads = config_.kv_heads;
    ImportedSide out;
    at::Tensor basis = tensor(value, "U", place);
    if (basis.dim() == 2)
        basis = basis.unsqueeze(0);
    if (basis.dim() != 3 || (basis.size(0) != 1 && basis.size(0) != heads) || basis.size(1) != d || basis.size(2) < 1
        || basis.size(2) > d)
        refuse(file_,
               fmt::format(
                   "{}[\"U\"] has the shape {}; this model wants [{}, rank] or [{}, {}, rank] with a rank up to {}",
                   place, fmt::join(tensor(value, "U", place).sizes(), "x"), d, heads, d, d));
    out.basis = basis;
    const at::Tensor gram = at::matmul(basis.transpose(1, 2), basis) - at::eye(basis.size(2), at::kDouble);
    if (const double error = gram.abs().max().item<double>(); !(error <= kOrthonormalTolerance))
        refuse(file_, fmt::format("the columns of {}[\"U\"] are not orthonormal (off by {:.2g})", place, error));
    const at::Tensor mean = tensor(value, "mean", place);
    if (mean.numel() != basis.size(0) * d)
        refuse(file_,
               fmt::format("{}[\"mean\"] has {} numbers, {} were expected", place, mean.numel(), basis.size(0) * d));
    out.mean = mean.view({basis.size(0), d});
    for (const char* key : {"eigenvalues", "variance", "explained_variance"}) {
        if (const auto found = member(value, key);
            found && found->isTensor() && found->toTensor().numel() >= basis.size(0) * basis.size(2))
            out.variances = tensor(value, key, place).view({basis.size(0), -1}).narrow(1, 0, basis.size(2));
    }
    return out;
}

void Importer::add(int layer, Quantity quantity, const ImportedSide& side, Calibration& out)
{
    const std::int64_t rank = side.basis.size(2), pooled = side.basis.size(0) == 1;
    rank_limit_ = rank_limit_ == 0 ? static_cast<int>(rank) : std::min(rank_limit_, static_cast<int>(rank));
    // Without variances in the file any descending ones put the components into the file's order, which is all that a
    // basis needs.
    variances_ = variances_ && side.variances.defined();
    const at::Tensor order = at::arange(rank, 0, -1, at::kDouble);
    for (int head = 0; head < config_.kv_heads; ++head) {
        const std::int64_t from = pooled ? 0 : head;
        const at::Tensor basis = side.basis[from];
        const at::Tensor weights = side.variances.defined() ? side.variances[from] : order;
        const at::Tensor scatter = at::matmul(basis * weights, basis.t()).contiguous(),
                         mean = side.mean[from].contiguous();
        HeadMoments entry;
        entry.layer = layer;
        entry.kv_head = head;
        entry.quantity = quantity;
        entry.moments = empty_moments(config_.head_dim);
        entry.moments.weight = 1;
        std::copy_n(mean.data_ptr<double>(), mean.numel(), entry.moments.mean.begin());
        std::copy_n(scatter.data_ptr<double>(), scatter.numel(), entry.moments.scatter.begin());
        out.entries.push_back(std::move(entry));
    }
}

Calibration Importer::read()
{
    const std::optional<c10::IValue> layers = member(unpickle(file_), "layers");
    if (!layers || !layers->isList())
        refuse(file_, "it is not a dictionary with a list \"layers\"");
    const auto list = layers->toListRef();
    if (static_cast<int>(list.size()) != config_.layers)
        refuse(file_, fmt::format("it has {} layers and the model {}", list.size(), config_.layers));
    Calibration out;
    out.layers = config_.layers;
    out.heads = config_.heads;
    out.kv_heads = config_.kv_heads;
    out.head_dim = config_.head_dim;
    for (int layer = 0; layer < config_.layers; ++layer) {
        bool any = false;
        for (const auto& [key, quantity] : {std::pair{"K", Quantity::Key}, std::pair{"V", Quantity::Value}}) {
            if (const auto found = member(list[static_cast<std::size_t>(layer)], key)) {
                add(layer, quantity, side(*found, fmt::format("layers[{}][\"{}\"]", layer, key)), out);
                any = true;
            }
        }
        if (!any)
            refuse(file_, fmt::format("layers[{}] has neither \"K\" nor \"V\"", layer));
    }
    out.rank_limit = rank_limit_;
    return out;
}

} // namespace

RowId run_import(const ImportSpecification& job, const JobContext& context)
{
    context.sink.stage(1, 2, "opening the model");
    ModelSession session = open_model(job.engine, context.sink);
    RunRecord record = run_of(context.store, RunKind::Import, session, job.engine);
    record.settings_json = nlohmann::json(job).dump();
    return record_run(context.store, record, [&](RowId run) {
        context.sink.stage(2, 2, "reading the file");
        Importer importer(session.config, job.file);
        const Calibration calibration = importer.read();
        if (!importer.has_variances())
            context.sink.warning(
                "the file has no variances: its components are taken in their order, and it gives no spectra");
        context.store.put_calibration(run, calibration);
    });
}

} // namespace kvw
