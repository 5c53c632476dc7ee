// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/job.h"
#include "tests/measure/measure_support.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_decoder.h"
#include "tests/tokenizer/tokenizer_support.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw::jobs_test {

using test::error_of;

/// Keeps what a job says.
class RecordingSink final : public ProgressSink
{
public:
    void stage(int index, int count, std::string_view name) override
    {
        EXPECT_GE(index, 1);
        EXPECT_LE(index, count);
        stages.emplace_back(name);
        if (on_stage)
            on_stage(index, count);
    }
    void progress(double, double, std::string_view) override {}
    void metric(std::string_view, double, double) override {}
    void committed(std::string_view, std::int64_t) override {}
    void warning(std::string_view sentence) override { warnings.emplace_back(sentence); }
    void remark(std::string_view) override {}
    void begin_text(int, int, std::string_view) override {}
    void text(std::string_view) override {}
    void end_text() override {}

    std::function<void(int index, int count)> on_stage;
    std::vector<std::string> stages, warnings;
};

/// A model of random weights whose tokens are the printable characters, two texts that it said itself (so that its cache
/// tells on its predictions) with no block of tokens in common, and a store.
class JobTest : public ::testing::Test
{
protected:
    static constexpr int kWindow = 32;

    JobTest()
    {
        constexpr int calibrated = 8, measured = 4;
        const std::unique_ptr<Decoder> decoder = test::open_folder(write_model("model", 1));
        std::string said;
        for (const std::int32_t token : test::spoken_text(*decoder, calibrated + measured, kWindow))
            said += static_cast<char>(kFirst + token);
        folder_.write("calibration.txt", said.substr(0, calibrated * kWindow));
        folder_.write("measured.txt", said.substr(calibrated * kWindow));
    }

    std::filesystem::path write_model(const std::string& name, std::uint64_t seed) const
    {
        test::TinyModel tiny;
        tiny.vocab = kLast - kFirst + 1;
        tiny.write(folder_ / name, seed);
        std::vector<std::string> characters;
        for (int c = kFirst; c <= kLast; ++c) {
            characters.emplace_back();
            append_byte_characters(characters.back(), std::string(1, static_cast<char>(c)));
        }
        tokenizer_test::Json json = tokenizer_test::byte_level_json();
        json["model"] = tokenizer_test::words_json(characters, {})["model"];
        folder_.write(name + "/tokenizer.json", json.dump());
        return folder_ / name;
    }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    EngineOptions engine(const std::string& model = "model") const
    {
        EngineOptions out;
        out.model = folder_ / model;
        out.type = "fp32";
        out.threads = 1;
        return out;
    }
    CalibrateSpecification calibration(const std::string& model = "model") const
    {
        CalibrateSpecification out;
        out.engine = engine(model);
        out.text = path("calibration.txt");
        out.tokens = 256;
        out.window = kWindow;
        return out;
    }
    QualitySpecification quality(std::vector<std::string> configurations) const
    {
        QualitySpecification out;
        out.engine = engine();
        out.text = path("measured.txt");
        out.tokens = 64;
        out.window = kWindow;
        out.configurations = std::move(configurations);
        return out;
    }
    QualitySpecification sweep(const std::string& grid) const
    {
        QualitySpecification out = quality({});
        out.grid = grid;
        return out;
    }
    JobContext context() { return {store_, sink_, cancel_}; }

    /// The error that `action` must end with: its kind, and words that its message and its hint hold.
    static void expect_refused(const std::function<void()>& action, ErrorKind kind, const std::string& message,
                               const std::string& hint)
    {
        const std::optional<Error> error = error_of(action);
        ASSERT_TRUE(error) << message;
        EXPECT_EQ(error->kind(), kind) << error->message();
        EXPECT_THAT(error->message(), ::testing::HasSubstr(message));
        EXPECT_THAT(error->hint(), ::testing::HasSubstr(hint));
    }

    static constexpr char kFirst = ' ', kLast = '~';

    testing::TemporaryFolder folder_;
    Store store_ = Store::open(folder_ / "p.kvw");
    RecordingSink sink_;
    CancelFlag cancel_;
};

} // namespace kvw::jobs_test
