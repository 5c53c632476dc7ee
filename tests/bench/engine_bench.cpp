// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the engine on a model folder, as JSON: scoring of windows, the forward pass alone, calibration and decoding.
// Every case runs once in every round, one after the other, so that a slow minute of the machine falls on all of them.
#include "core/calibration/calibrate.h"
#include "core/lm/dense_attention.h"
#include "core/measure/generation.h"
#include "core/measure/perplexity.h"
#include "core/measure/throughput.h"
#include "core/text/text_reader.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/bench/engine_bench_peaks.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

namespace kvw::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Fitted = std::shared_ptr<const FittedConfiguration>;
using nlohmann::json;

constexpr std::string_view kUsage =
    "kvw_engine_bench MODEL TEXT [--rounds N] [--windows N] [--window N] [--steps N] [--type bf16|fp32]\n"
    "    [--only peaks,score,forward,calibrate,decode] [--contexts 0,2048,7900] [--expanded yes|no] [--formats \"identity;v=random:32\"]\n";

struct Options
{
    std::string model, text;
    std::map<std::string, std::string> values{{"rounds", "5"},
                                              {"windows", "8"},
                                              {"window", "512"},
                                              {"steps", "32"},
                                              {"type", "bf16"},
                                              {"only", "peaks,score,forward,calibrate,decode"},
                                              {"contexts", "0,2048,7900"},
                                              {"expanded", "yes"},
                                              {"formats",
                                               "identity;k=int8,token v=int8,token;k=int4,channel=32 v=int4,token;"
                                               "v=out:32;v=random:32"}};
    int number(const std::string& key) const { return std::stoi(values.at(key)); }
    std::vector<std::string> list(const std::string& key, char separator) const
    {
        std::vector<std::string> out;
        std::istringstream stream(values.at(key));
        for (std::string item; std::getline(stream, item, separator);)
            out.push_back(item);
        return out;
    }
    bool wants(const std::string& part) const
    {
        const std::vector<std::string> parts = list("only", ',');
        return std::find(parts.begin(), parts.end(), part) != parts.end();
    }
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void restart_peak_rss() { std::ofstream("/proc/self/clear_refs") << "5"; }

double peak_rss_bytes()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::stod(line.substr(6)) * 1024;
    return 0;
}

/// A case gives one rate (tokens per second) a round.
struct Case
{
    std::string name;
    std::function<double()> run;
    std::vector<double> rates;
};

json summary(std::vector<double> samples)
{
    std::sort(samples.begin(), samples.end());
    const std::size_t n = samples.size();
    const double median = n % 2 == 1 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
    return {{"median", median}, {"min", samples.front()}, {"max", samples.back()}, {"rounds", n}};
}

/// The ratio of two cases, round by round.
json ratio(const Case& a, const Case& b)
{
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.rates.size(); ++i)
        ratios.push_back(a.rates[i] / b.rates[i]);
    return summary(ratios);
}

/// The same keys and values into several caches, from one forward pass; the first answers.
class ManyCaches final : public Past
{
public:
    std::vector<std::unique_ptr<CodedCache>> caches;

    void append(int layer, const at::Tensor& k, const at::Tensor& v) override
    {
        for (const auto& cache : caches)
            cache->append(layer, k, v);
    }
    at::Tensor attend(int layer, const at::Tensor& q) override { return caches.front()->attend(layer, q); }
    std::int64_t length() const override { return caches.front()->length(); }
};

class Bench
{
public:
    Bench(const Options& options, Decoder& decoder, std::vector<std::int32_t> tokens)
        : options_(options),
          decoder_(decoder),
          tokens_(std::move(tokens)),
          window_(options.number("window"))
    {}

    json run()
    {
        json out = json::object();
        if (options_.wants("score"))
            out["score_peak_rss_bytes"] = score_peak();
        add_cases();
        for (int round = 0; round < options_.number("rounds"); ++round)
            for (Case& each : cases_)
                each.rates.push_back(each.run());
        for (const Case& each : cases_)
            out["tokens_per_s"][each.name] = summary(each.rates);
        add_ratios(out);
        return out;
    }

private:
    std::span<const std::int32_t> text() const
    {
        return {tokens_.data(), size(options_.number("windows")) * size(window_)};
    }
    static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

    at::Tensor ids(std::int64_t first, std::int64_t count) const
    {
        return at::from_blob(const_cast<std::int32_t*>(tokens_.data()) + first, {1, count}, at::kInt).to(at::kLong);
    }

    Fitted fitted(const std::string& text)
    {
        const Configuration configuration = parse_configuration(text);
        if (configuration.needs_moments() && !calibration_) {
            CalibrationOptions options;
            options.weighted = false;
            calibration_ = calibrate(decoder_, {tokens_.data(), 2048}, options, [](const CalibrationProgress&) {});
        }
        return std::make_shared<FittedConfiguration>(
            fit(configuration, decoder_, calibration_ ? &*calibration_ : nullptr));
    }

    /// Wall time between the reports after the first and the last window: everything that is done for a window.
    double score(PerplexityMeter& meter, const std::function<void(const PerplexityMeter::Report&)>& measure) const
    {
        std::vector<Clock::time_point> reports;
        measure([&](std::int64_t, std::int64_t) { reports.push_back(Clock::now()); });
        const auto batches = static_cast<double>(reports.size() - 1);
        const double seconds = std::chrono::duration<double>(reports.back() - reports.front()).count();
        return batches * static_cast<double>(meter.tokens()) / static_cast<double>(reports.size()) / seconds;
    }

    double score_peak()
    {
        restart_peak_rss();
        PerplexityMeter meter(decoder_, text(), meter_options());
        meter.measure_identity([](std::int64_t, std::int64_t) {});
        return peak_rss_bytes();
    }

    PerplexityOptions meter_options() const
    {
        PerplexityOptions options;
        options.window_tokens = window_;
        return options;
    }

    double forward(Extent extent, bool scored)
    {
        const c10::InferenceMode inference;
        PlainPast past(decoder_.attention_shape(), decoder_.compute_type());
        std::vector<PositionScore> scores;
        double own = 0;
        const std::int64_t total = static_cast<std::int64_t>(text().size());
        const auto start = Clock::now();
        for (std::int64_t first = 0; first < total; first += window_) {
            const at::Tensor window = ids(first, window_);
            const at::Tensor hidden = decoder_.forward(window, 0, past, nullptr, extent);
            if (scored)
                score_rows(decoder_, hidden.view({window_, -1}).narrow(0, 0, window_ - 1),
                           window.view({-1}).narrow(0, 1, window_ - 1), {}, scores, own);
        }
        return static_cast<double>(total) / seconds_since(start);
    }

    double calibration(bool weighted)
    {
        CalibrationOptions options;
        options.weighted = weighted;
        options.window_tokens = window_;
        double seconds = 0;
        calibrate(decoder_, text(), options,
                  [&](const CalibrationProgress& progress) { seconds = progress.elapsed_s; });
        return static_cast<double>(text().size()) / seconds;
    }

    void add_cases()
    {
        const auto add = [this](std::string name, std::function<double()> run) {
            cases_.push_back({std::move(name), std::move(run), {}});
        };
        if (options_.wants("score")) {
            add("score", [this] {
                meter_ = std::make_unique<PerplexityMeter>(decoder_, text(), meter_options());
                return score(*meter_,
                             [this](const PerplexityMeter::Report& report) { meter_->measure_identity(report); });
            });
            add("score int8 beside identity", [this, int8 = fitted("k=int8,token v=int8,token")] {
                return score(*meter_, [&](const PerplexityMeter::Report& report) { meter_->measure(int8, report); });
            });
            add("score without cache", [this] { return forward(Extent::Hidden, true); });
        }
        if (options_.wants("forward") || options_.wants("calibrate"))
            add("forward to last attend", [this] { return forward(Extent::LastAttend, false); });
        if (options_.wants("forward"))
            add("forward", [this] { return forward(Extent::Hidden, false); });
        if (options_.wants("calibrate")) {
            add("calibrate", [this] { return calibration(false); });
            add("calibrate weighted", [this] { return calibration(true); });
        }
        if (options_.wants("decode"))
            for (const std::string& context : options_.list("contexts", ','))
                add_decode(std::stoi(context));
    }

    void add_decode(std::int64_t context)
    {
        auto filled = std::make_shared<ManyCaches>();
        std::vector<std::string> names;
        for (const std::string& format : options_.list("formats", ';')) {
            const Fitted codec = fitted(format);
            for (const ReadAs read_as : {ReadAs::Compressed, ReadAs::Expanded}) {
                const bool compared = codec->layers.front().v.has_basis() || format.find("int8") != std::string::npos;
                if (read_as == ReadAs::Expanded && (!compared || options_.values.at("expanded") != "yes"))
                    continue;
                CacheOptions cache;
                cache.read_as = read_as;
                filled->caches.push_back(std::make_unique<CodedCache>(decoder_.attention_shape(), codec, cache));
                names.push_back(fmt::format("decode at {}, {}{}", context, format,
                                            read_as == ReadAs::Expanded ? ", expanded" : ""));
            }
        }
        const c10::InferenceMode inference;
        for (std::int64_t first = 0; first < context; first += kPrefillChunk)
            decoder_.forward(ids(first, std::min(kPrefillChunk, context - first)), first, *filled);
        for (std::size_t i = 0; i < names.size(); ++i)
            cases_.push_back({names[i], [this, filled, i] { return decode(*filled->caches[i]); }, {}});
    }

    double decode(const CodedCache& filled)
    {
        const c10::InferenceMode inference;
        const std::unique_ptr<CodedCache> cache = filled.clone();
        const auto step = [&](std::int64_t i) {
            const at::Tensor hidden = decoder_.forward(ids(i, 1), cache->length(), *cache);
            decoder_.logits(hidden.view({1, -1}));
        };
        step(0);
        const int steps = options_.number("steps");
        const auto start = Clock::now();
        for (int i = 1; i <= steps; ++i)
            step(i);
        return steps / seconds_since(start);
    }

    const Case* find(const std::string& name) const
    {
        for (const Case& each : cases_)
            if (each.name == name)
                return &each;
        return nullptr;
    }

    void add_ratios(json& out) const
    {
        const auto add = [&](const std::string& a, const std::string& b) {
            if (find(a) && find(b))
                out["ratios"][a + " / " + b] = ratio(*find(a), *find(b));
        };
        add("calibrate", "forward to last attend");
        add("calibrate weighted", "forward to last attend");
        for (const std::string& context : options_.list("contexts", ',')) {
            const std::string at = "decode at " + context + ", ";
            for (const std::string& format : options_.list("formats", ';')) {
                if (format != "identity")
                    add(at + format, at + "identity");
                add(at + format, at + format + ", expanded");
            }
        }
    }

    const Options& options_;
    Decoder& decoder_;
    std::vector<std::int32_t> tokens_;
    int window_;
    std::optional<Calibration> calibration_;
    std::unique_ptr<PerplexityMeter> meter_;
    std::vector<Case> cases_;
};

Options parse(int count, char** arguments)
{
    Options options;
    std::vector<std::string> places;
    for (int i = 1; i < count; ++i) {
        const std::string word = arguments[i];
        if (!word.starts_with("--")) {
            places.push_back(word);
        } else if (options.values.contains(word.substr(2)) && i + 1 < count) {
            options.values[word.substr(2)] = arguments[++i];
        } else {
            throw std::invalid_argument(word);
        }
    }
    if (places.size() != 2)
        throw std::invalid_argument("two places are wanted, MODEL and TEXT");
    options.model = places[0];
    options.text = places[1];
    return options;
}

int run(const Options& options)
{
    const ModelConfig config = read_model_config(options.model);
    auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(options.model));
    DecoderOptions decoder_options;
    decoder_options.type = parse_compute_type(options.values.at("type"));
    const std::unique_ptr<Decoder> decoder = open_decoder(config, weights, decoder_options);
    json out;
    out["threads"] = at::get_num_threads();
    out["type"] = options.values.at("type");
    out["weight_bytes_per_step"] = decoder->weight_bytes_per_step();
    out["opened_peak_rss_bytes"] = peak_rss_bytes();
    if (options.wants("peaks")) {
        out["read_bandwidth_gb_per_s"] = measure_read_bandwidth();
        out["bf16_peak_gflop_per_s"] = bf16_peak_gflops();
        out["fp32_peak_gflop_per_s"] = fp32_peak_gflops();
    }
    const Tokenizer tokenizer = Tokenizer::load(std::filesystem::path(options.model) / "tokenizer.json");
    // The beginning is enough, and reading all would show in the resident set.
    TextReader reader(options.text);
    std::string text;
    for (std::string_view piece = reader.next(); !piece.empty() && text.size() < 200'000; piece = reader.next())
        text += piece;
    text.resize(std::min<std::size_t>(text.size(), 200'000));
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0)
        text.pop_back();
    const auto start = Clock::now();
    std::vector<std::int32_t> tokens = tokenizer.encode(text);
    out["tokenizer_mb_per_s"] = static_cast<double>(text.size()) / 1e6 / seconds_since(start);
    Bench bench(options, *decoder, std::move(tokens));
    out.update(bench.run());
    std::cout << out.dump(2) << "\n";
    return 0;
}

} // namespace
} // namespace kvw::bench

int main(int count, char** arguments)
{
    try {
        return kvw::bench::run(kvw::bench::parse(count, arguments));
    } catch (const std::invalid_argument& problem) {
        std::cerr << problem.what() << "\n" << kvw::bench::kUsage;
        return 2;
    } catch (const std::exception& problem) {
        std::cerr << problem.what() << "\n";
        return 1;
    }
}
