// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pretokenizer_regex.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <algorithm>

namespace kvw {

RegexScan::RegexScan(const Regex& regex) : regex_(&regex), look_back_(regex.look_back())
{
    if (!regex.scans())
        throw Error(ErrorKind::Internal, "a pattern that cannot be matched in parts");
}

void RegexScan::begin()
{
    current_ = 1 - current_; // a swap would move short strings and end their views
    buffer().clear();
    dropped_ = done_ = from_ = try_again_ = 0;
    last_end_.reset();
    open_ = false;
}

/// The offset so many characters before `offset`, or the beginning.
std::size_t RegexScan::before(std::size_t offset, std::size_t characters)
{
    const std::string& text = buffer();
    while (offset > 0 && characters > 0) {
        --offset;
        if (!utf8::is_continuation(text[offset]))
            --characters;
    }
    return offset;
}

void RegexScan::forget_done()
{
    const std::size_t count = std::min(done_, before(from_, look_back_));
    if (2 * count < buffer().size()) // so that every byte is moved about once
        return;
    buffer().erase(0, count);
    dropped_ += count;
    done_ -= count;
    from_ -= count;
    try_again_ -= std::min(try_again_, count);
    if (last_end_)
        last_end_ = *last_end_ >= count ? std::optional(*last_end_ - count) : std::nullopt;
}

/// Writes out what stands before `end`; nothing when that is nothing and no span is open.
void RegexScan::emit(std::size_t end, bool match, bool ends, std::vector<Part>& out)
{
    if (!match && done_ == end && !(open_ && ends))
        return;
    out.push_back({std::string_view(buffer()).substr(done_, end - done_), dropped_ + done_, match, !open_, ends});
    open_ = !ends;
    done_ = end;
}

void RegexScan::feed(std::string_view text, bool last, std::vector<Part>& out)
{
    out.clear();
    forget_done();
    std::string& all = buffer();
    all += text;
    const std::size_t size = all.size();
    if (!last && size < try_again_)
        return;
    // As Regex::spans() does it, but before the end is known nothing is looked for directly at the end.
    while (last ? from_ <= size : from_ < size) {
        Regex::Span found;
        const auto subject = last ? Regex::Subject::Whole : Regex::Subject::Growing;
        const Regex::Outcome outcome = regex_->search(all, from_, subject, found);
        if (outcome == Regex::Outcome::Undecided) {
            from_ = found.begin;
            break;
        }
        if (outcome == Regex::Outcome::None || (!last && found.begin >= size)) {
            from_ = size;
            break;
        }
        if (found.begin == found.end && last_end_ == found.end) {
            from_ += from_ < size ? utf8::decode_at(all, from_).bytes : 1;
            continue;
        }
        from_ = found.end;
        last_end_ = found.end;
        emit(found.begin, false, true, out);
        emit(found.end, true, true, out);
    }
    emit(last ? size : from_, false, last, out);
    try_again_ = size + (size - std::min(from_, size));
}

} // namespace kvw
