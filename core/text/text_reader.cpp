// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/text_reader.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/text/text_documents.h"
#include "core/text/text_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// A sequence of UTF-8 lacks so many bytes of its end at most.
constexpr std::size_t kMostCut = 3;

} // namespace

TextReader::TextReader(const std::filesystem::path& path, std::size_t piece_bytes)
    : path_(path),
      piece_bytes_(std::max<std::size_t>(piece_bytes, 1)),
      json_lines_(is_json_lines(path)),
      file_(open_to_read(path)),
      documents_(json_lines_ ? 0 : 1)
{}

/// Reads into block_, after what was cut of a character before; false when there is nothing more.
bool TextReader::read_block()
{
    if (ended_)
        return false;
    block_.erase(0, whole_);
    block_offset_ += whole_;
    whole_ = 0;
    const std::size_t kept = block_.size();
    block_.resize(kept + piece_bytes_);
    file_.read(block_.data() + kept, static_cast<std::streamsize>(piece_bytes_));
    const auto count = static_cast<std::size_t>(file_.gcount());
    block_.resize(kept + count);
    if (file_.bad())
        throw Error(ErrorKind::BadInput, fmt::format("{}: reading stopped after {} bytes", path_.string(), file_bytes_),
                    "look at the disk");
    const std::string_view fresh = std::string_view(block_).substr(kept);
    digest_.update(fresh);
    for (std::size_t i = 0; i < count && file_bytes_ + i < first_.size(); ++i)
        first_[file_bytes_ + i] = fresh[i];
    file_bytes_ += count;
    ended_ = count < piece_bytes_;
    require_utf8(ended_);
    if (ended_)
        hash_ = digest_.finish_hex();
    return true;
}

/// Sets whole_; throws unless what follows it is the beginning of a character that the next block may complete.
void TextReader::require_utf8(bool at_end)
{
    whole_ = utf8::first_invalid(block_).value_or(block_.size());
    if (whole_ == block_.size() || (!at_end && block_.size() - whole_ <= kMostCut))
        return;
    const std::string_view first(first_.data(), first_.size());
    const bool utf16 = first == "\xFF\xFE" || first == "\xFE\xFF";
    throw Error(ErrorKind::BadInput,
                fmt::format("{}: not valid UTF-8 at byte {} (0x{:02X}){}", path_.string(), block_offset_ + whole_,
                            static_cast<unsigned char>(block_[whole_]), utf16 ? "; it looks like UTF-16" : ""),
                "convert it, for example: iconv -f " + std::string(utf16 ? "UTF-16" : "LATIN1") + " -t UTF-8");
}

std::string_view TextReader::next()
{
    out_.clear();
    while (read_block()) {
        std::string_view text = std::string_view(block_).substr(0, whole_);
        if (block_offset_ == 0 && text.starts_with(kByteOrderMark))
            text.remove_prefix(kByteOrderMark.size());
        if (json_lines_) {
            take_lines(text);
            text = out_;
        }
        any_text_ = any_text_ || !text.empty();
        if (!text.empty())
            return text;
    }
    if (!any_text_)
        throw Error(ErrorKind::BadInput, fmt::format("{}: holds no text", path_.string()),
                    "give a file with text in it");
    return {};
}

void TextReader::read_rest()
{
    while (read_block()) {}
}

void TextReader::take_lines(std::string_view text)
{
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        line_ += text.substr(0, end);
        take_line();
        text.remove_prefix(end + 1);
    }
    line_ += text;
    if (ended_ && !line_.empty())
        take_line();
}

void TextReader::take_line()
{
    const std::string document = document_of(path_, ++line_number_, line_);
    line_.clear();
    if (document.empty())
        return;
    if (documents_++ > 0)
        out_ += "\n\n";
    out_ += document;
}

} // namespace kvw
