// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of a project with 10,000 runs: filling in, sorting, searching, and every frame of scrolling through them.
#include "tests/report/report_support.h"
#include "widgets/models/record_view.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QScrollBar>

#include <algorithm>
#include <cstdio>

namespace {

using namespace kvw;

constexpr int kRuns = 10'000, kFrames = 400;
constexpr double kLongestFrame_ms = 33;

double ms(const QElapsedTimer& timer) { return static_cast<double>(timer.nsecsElapsed()) / 1e6; }

std::vector<QualityRow> rows()
{
    std::vector<QualityRow> out;
    for (int i = 0; i < kRuns; ++i) {
        QualityRow row = kvw::testing::sample_quality();
        row.record.run = row.source.run.id = i + 1;
        row.record.configuration =
            "k=kq:" + std::to_string(32 + i % 33) + "+int" + std::to_string(2 + i % 7) + " sinks=4";
        row.record.ppl = 15 + (i * 7919 % 10007) * 1e-3;
        out.push_back(row);
    }
    return out;
}

/// Milliseconds of each frame of a way through the whole table.
std::vector<double> scroll(RecordPanel& panel)
{
    QImage screen(panel.size(), QImage::Format_ARGB32_Premultiplied);
    std::vector<double> frames;
    QScrollBar* bar = panel.view()->verticalScrollBar();
    for (int frame = 0; frame < kFrames; ++frame) {
        QElapsedTimer timer;
        timer.start();
        bar->setValue(bar->maximum() * frame / (kFrames - 1));
        panel.render(&screen);
        frames.push_back(ms(timer));
    }
    std::sort(frames.begin(), frames.end());
    return frames;
}

} // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication application(argc, argv);
    const std::vector<QualityRow> all = rows();
    QStringList columns;
    for (const char* name : {"run", "configuration", "ppl", "rel_ppl", "rel_ppl_lo", "rel_ppl_hi", "kl_mean", "kl_p99",
                             "top1", "bits_per_value", "cache_bytes", "protocol", "window_tokens", "started_at"})
        columns.append(QLatin1String(name));
    RecordPanel panel(QStringLiteral("Quality"));
    panel.resize(1280, 860);
    panel.show();
    QElapsedTimer timer;
    const auto step = [&](const char* what) {
        std::printf("%-28s %8.1f ms\n", what, ms(timer));
        timer.restart();
    };
    timer.start();
    panel.records()->setSource(
        make_table(std::span<const QualityRow>()).columns,
        [&](ColumnChoice only) { return make_table(std::span<const QualityRow>(all), only); }, columns);
    step("filling in 10,000 runs");
    panel.view()->sortByColumn(2, Qt::DescendingOrder);
    step("sorting by a number");
    panel.view()->sortByColumn(1, Qt::AscendingOrder);
    step("sorting by words");
    panel.filter()->setSearch(QStringLiteral("int4 kq:40"));
    step("searching for two words");
    panel.filter()->setSearch({});
    step("showing all again");
    const std::vector<double> frames = scroll(panel);
    std::printf("%-28s %8.1f ms median, %.1f ms p99, %.1f ms longest (at most %.0f)\n", "frames of scrolling",
                frames[frames.size() / 2], frames[frames.size() * 99 / 100], frames.back(), kLongestFrame_ms);
    return frames.back() <= kLongestFrame_ms ? 0 : 1;
}
