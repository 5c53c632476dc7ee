// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/pipe_sink.h"

#include "core/base/utf8.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace kvw {
namespace {

constexpr double kPeriod_s = 0.1;

} // namespace

bool PipeSink::may_send(const std::string& kind)
{
    const std::lock_guard lock(mutex_);
    const double now = watch_.seconds();
    const auto [last, first] = last_s_.try_emplace(kind, now);
    if (!first && now - last->second < kPeriod_s)
        return false;
    last->second = now;
    return true;
}

void PipeSink::send(const protocol::Message& message)
{
    std::string line = protocol::encode(message);
    const std::lock_guard lock(mutex_);
    std::string_view rest = line;
    while (!rest.empty() && !broken_) {
        const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            broken_ = true;
            cancel_.set();
        }
    }
}

void PipeSink::stage(int index, int count, std::string_view name)
{
    {
        const std::lock_guard lock(mutex_);
        stage_start_s_ = watch_.seconds();
        last_s_.erase("progress");
    }
    send(protocol::Stage{index - 1, std::max(count, index), std::string(name)});
}

void PipeSink::progress(double done, double total, std::string_view unit)
{
    if (done < total && !may_send("progress"))
        return;
    protocol::Progress message{done, total, std::string(unit), {}};
    const double elapsed = watch_.seconds() - stage_start_s_;
    if (done > 0 && total >= done)
        message.eta_s = elapsed * (total - done) / done;
    send(message);
}

void PipeSink::metric(std::string_view name, double x, double value)
{
    if (may_send("metric " + std::string(name)))
        send(protocol::Metric{std::string(name), x, value});
}

void PipeSink::remark(std::string_view sentence)
{
    const std::lock_guard lock(mutex_);
    std::fwrite(sentence.data(), 1, sentence.size(), stderr);
    std::fputc('\n', stderr);
}

void PipeSink::begin_text(int index, int, std::string_view)
{
    text_index_ = index;
    pending_text_.clear();
}

void PipeSink::text(std::string_view piece)
{
    pending_text_ += piece;
    if (pending_text_.size() >= protocol::kMaxTextBytes / 2 || may_send("text"))
        send_text(Rest::Keep);
}

void PipeSink::end_text() { send_text(Rest::Send); }

void PipeSink::send_text(Rest incomplete)
{
    while (!pending_text_.empty()) {
        std::size_t end = std::min(pending_text_.size(), protocol::kMaxTextBytes);
        if (incomplete == Rest::Keep || end < pending_text_.size())
            end = utf8::complete_size(std::string_view(pending_text_).substr(0, end));
        if (end == 0)
            return;
        send(protocol::Text{text_index_, pending_text_.substr(0, end)});
        pending_text_.erase(0, end);
    }
}

void PipeSink::committed(std::string_view table, std::int64_t run)
{
    send(protocol::Committed{{std::string(table)}, run});
}

void PipeSink::warning(std::string_view sentence) { send(protocol::Warning{std::string(sentence), {}}); }

} // namespace kvw
