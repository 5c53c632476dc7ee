// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/prepared_job.h"
#include "core/measure/generation.h"
#include "core/tokenizer/chat_template.h"

#include <fmt/format.h>

#include <utility>

namespace kvw {
namespace {

class GenerationRun
{
public:
    GenerationRun(const GenerationSpecification& job, const JobContext& context) : job_(job), context_(context)
    {
        if (job.prompt.empty())
            throw Error(ErrorKind::InvalidArgument, "the prompt is empty", "give --prompt a text");
        if (job.max_new < 1)
            throw Error(ErrorKind::InvalidArgument, fmt::format("{} new tokens were asked for", job.max_new),
                        "use --max-new 1 or more");
        points_ = identity_and(job.configurations);
    }

    GenerationOutcome run();

private:
    void open();
    void write(RowId parent, const Configuration& point);
    GenerationRecord record_of(const GenerationResult& result) const;
    SamplingOptions sampling() const;

    const GenerationSpecification& job_;
    const JobContext& context_;
    std::vector<Configuration> points_; ///< the identity first: what the others are compared with
    std::optional<PreparedJob> prepared_;
    std::vector<TokenId> prompt_;
    std::shared_ptr<const FittedConfiguration> identity_;
    GenerationResult identity_result_;
    RunRecord record_;
    GenerationOutcome outcome_;
};

void GenerationRun::open()
{
    context_.sink.stage(1, static_cast<int>(points_.size()) + 1, "opening the model");
    prepared_.emplace(job_.engine, points_, job_.calibration, context_);
    const Tokenizer& tokenizer = prepared_->session().tokenizer;
    if (job_.raw) {
        prompt_ = tokenizer.encode(job_.prompt, Tokenizer::SpecialTokens::AsConfigured);
    } else {
        const ChatMessage message{"user", job_.prompt};
        prompt_ = tokenizer.encode(apply_chat_template(read_chat_format(job_.engine.model), {&message, 1}));
    }
}

SamplingOptions GenerationRun::sampling() const
{
    SamplingOptions out;
    out.max_new_tokens = job_.max_new;
    out.temperature = job_.temperature;
    out.top_p = job_.top_p;
    out.seed = job_.seed;
    for (const std::int64_t token : prepared_->session().config.eos_tokens)
        out.stop_tokens.push_back(static_cast<std::int32_t>(token));
    for (const std::string& text : job_.stop) {
        const std::optional<TokenId> id = prepared_->session().tokenizer.id_of(text);
        if (!id)
            throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" is not one token of this model", text),
                        "--stop takes the text of one token, for example <|im_end|>");
        out.stop_tokens.push_back(*id);
    }
    return out;
}

GenerationRecord GenerationRun::record_of(const GenerationResult& result) const
{
    GenerationRecord out;
    out.prompt = job_.prompt;
    out.token_ids = result.tokens;
    out.generated_text = prepared_->session().tokenizer.decode(result.tokens, Tokenizer::OnSpecial::Skip);
    out.finish_reason = result.stopped ? FinishReason::Stop : FinishReason::Length;
    if (result.decode_steps > 0 && result.decode_seconds > 0)
        out.decode_tokens_per_s = result.decode_steps / result.decode_seconds;
    return out;
}

void GenerationRun::write(RowId parent, const Configuration& point)
{
    const std::string text = format(point);
    const bool first = outcome_.results.empty();
    context_.sink.stage(static_cast<int>(outcome_.results.size()) + 2, static_cast<int>(points_.size()) + 1, text);
    GenerationRecord record;
    record_run(context_.store, prepared_->child(record_, parent, point), [&](RowId run) {
        const std::shared_ptr<const FittedConfiguration> fitted = prepared_->fit(point);
        context_.sink.begin_text(static_cast<int>(outcome_.results.size()), static_cast<int>(points_.size()), text);
        int done = 0;
        const GenerationResult result =
            generate(prepared_->decoder(), fitted, prompt_, sampling(), [&](std::int32_t token) {
                context_.sink.text(prepared_->session().tokenizer.token_bytes(token));
                context_.sink.progress(++done, job_.max_new, "tokens");
                context_.cancel.check();
            });
        context_.sink.end_text();
        if (!result.note.empty())
            context_.sink.warning(result.note);
        record = record_of(result);
        record.run = run;
        if (first) {
            identity_ = fitted;
            identity_result_ = result;
        } else {
            const Agreement same =
                agreement(prepared_->decoder(), identity_, fitted, prompt_, identity_result_, result);
            if (same.first_difference)
                record.first_difference = *same.first_difference;
            record.equal_share = same.equal_share;
            record.kl_mean = same.kl_mean_nats;
        }
        context_.store.put_generation(record);
    });
    context_.sink.committed("generation", record.run);
    outcome_.results.push_back(std::move(record));
    outcome_.configurations.push_back(text);
}

GenerationOutcome GenerationRun::run()
{
    open();
    record_ = run_of(context_.store, RunKind::Generate, prepared_->session(), job_.engine);
    record_.settings_json = nlohmann::json(job_).dump();
    record_.seed = static_cast<std::int64_t>(job_.seed);
    outcome_.run = record_run(context_.store, record_, [&](RowId parent) {
        for (const Configuration& point : points_)
            write(parent, point);
    });
    return std::move(outcome_);
}

} // namespace

GenerationOutcome run_generation(const GenerationSpecification& job, const JobContext& context)
{
    return GenerationRun(job, context).run();
}

} // namespace kvw
