// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/grid.h"

#include "core/config/place.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace kvw {
namespace {

using config::PlacedError;
using config::quoted;

constexpr std::uint64_t kVeryMany = std::numeric_limits<std::uint64_t>::max();
constexpr int kMaxNesting = 16;
constexpr std::uint64_t kMaxExpandedBytes = 64u << 20; // of all points' texts together

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) { return a > kVeryMany - b ? kVeryMany : a + b; }
std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b)
{
    return a != 0 && b > kVeryMany / a ? kVeryMany : a * b;
}

struct Range
{
    std::int64_t first = 0, last = 0, step = 1; ///< step > 0; counts down where last < first
    std::uint64_t count() const
    {
        return static_cast<std::uint64_t>((last < first ? first - last : last - first) / step) + 1;
    }
    std::int64_t at(std::uint64_t index) const
    {
        const auto way = static_cast<std::int64_t>(index) * step;
        return last < first ? first - way : first + way;
    }
};

struct Piece;
/// Pieces one after the other; its points are the product of theirs, the leftmost varying slowest.
struct Sequence
{
    std::vector<Piece> pieces;
    std::uint64_t count = 1;
};

/// A literal text, a range, or a set of sequences.
struct Piece
{
    std::size_t offset = 0; ///< in the grid's text
    std::string_view literal;
    std::optional<Range> range;
    std::vector<Sequence> choices;
    std::uint64_t count = 1;
};

/// The text of one point and where each of its bytes comes from.
struct Point
{
    std::string text;
    std::vector<std::size_t> origin;
};

class GridReader
{
public:
    explicit GridReader(std::string_view text) : text_(text) {}

    std::vector<Sequence> read()
    {
        std::vector<Sequence> grids;
        for (;;) {
            const std::size_t start = offset_;
            grids.push_back(sequence(0));
            if (text_.substr(start, offset_ - start).find_first_not_of(' ') == std::string_view::npos)
                fail(start, "a grid is missing here", "the uncompressed cache is written identity");
            if (offset_ == text_.size())
                return grids;
            ++offset_; // the ";"
        }
    }

private:
    /// Up to the end or ";" outside a set, and to "|" or ")" inside one.
    Sequence sequence(int nesting)
    {
        Sequence result;
        while (offset_ < text_.size()) {
            const char c = text_[offset_];
            if (nesting > 0 ? (c == '|' || c == ')') : c == ';')
                return result;
            if (c == '(')
                add(result, set(nesting + 1));
            else if (c == '|' || c == ')' || c == ';')
                fail(offset_, misplaced(c), "a set is written (a|b|c) or (first..last..step)");
            else
                add(result, literal());
        }
        return result;
    }

    static std::string misplaced(char c)
    {
        return c == ';' ? "\";\" stands inside a set, and it separates grids"
                        : fmt::format("\"{}\" stands outside a set", c);
    }

    static void add(Sequence& sequence, Piece piece)
    {
        sequence.count = saturating_multiply(sequence.count, piece.count);
        sequence.pieces.push_back(std::move(piece));
    }

    Piece literal()
    {
        const std::size_t end = std::min(text_.find_first_of("(|);", offset_), text_.size());
        Piece piece;
        piece.offset = offset_;
        piece.literal = text_.substr(offset_, end - offset_);
        offset_ = end;
        return piece;
    }

    Piece set(int nesting)
    {
        Piece piece;
        piece.offset = offset_;
        piece.count = 0;
        if (nesting > kMaxNesting)
            fail(offset_, fmt::format("sets are nested more than {} deep", kMaxNesting));
        do {
            ++offset_; // "(" or "|"
            piece.choices.push_back(choice(nesting));
            piece.count = saturating_add(piece.count, piece.choices.back().count);
            if (offset_ == text_.size())
                fail(piece.offset, "this \"(\" is never closed", "a set is written (a|b|c) or (first..last..step)");
        } while (text_[offset_] == '|');
        ++offset_; // ")"
        return piece;
    }

    Sequence choice(int nesting)
    {
        const std::size_t start = offset_;
        Sequence result = sequence(nesting);
        const std::string_view text = text_.substr(start, offset_ - start);
        if (result.pieces.size() != 1 || text.find("..") == std::string_view::npos
            || !result.pieces.front().choices.empty())
            return result;
        Piece piece;
        piece.offset = start;
        piece.range = range(start, text);
        piece.count = piece.range->count();
        Sequence ranged;
        add(ranged, std::move(piece));
        return ranged;
    }

    Range range(std::size_t start, std::string_view text)
    {
        std::vector<std::int64_t> numbers;
        for (std::string_view rest = text;;) {
            const std::size_t end = std::min(rest.find(".."), rest.size());
            numbers.push_back(whole_number(start, text, rest.substr(0, end)));
            if (end == rest.size())
                break;
            rest.remove_prefix(end + 2);
        }
        if (numbers.size() > 3)
            fail(start, fmt::format("{} has too many parts for a range", quoted(text)),
                 "a range is first..last or first..last..step");
        Range range{numbers[0], numbers[1], numbers.size() == 3 ? numbers[2] : 1};
        if (range.step == 0)
            fail(start, fmt::format("the range {} has the step 0", quoted(text)),
                 "a range is first..last or first..last..step");
        return range;
    }

    std::int64_t whole_number(std::size_t start, std::string_view range, std::string_view digits) const
    {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
            fail(start,
                 fmt::format("{} is not a range: {} is not a whole number up to {}", quoted(range), quoted(digits),
                             std::numeric_limits<std::uint32_t>::max()),
                 "a range is first..last or first..last..step, alone between \"(\", \"|\" and \")\"");
        return value;
    }

    [[noreturn]] void fail(std::size_t offset, std::string sentence, std::string hint = {}) const
    {
        throw PlacedError(ErrorKind::InvalidArgument, text_, offset, std::move(sentence), std::move(hint));
    }

    std::string_view text_;
    std::size_t offset_ = 0;
};

void append(Point& point, std::string_view text, std::size_t offset, bool from_text)
{
    for (std::size_t i = 0; i < text.size(); ++i)
        point.origin.push_back(from_text ? offset + i : offset);
    point.text += text;
}

/// Appends the index-th text of the sequence.
void write(const Sequence& sequence, std::uint64_t index, Point& point)
{
    std::uint64_t later = sequence.count;
    for (const Piece& piece : sequence.pieces) {
        later /= piece.count;
        std::uint64_t own = index / later;
        index %= later;
        if (piece.range) {
            append(point, std::to_string(piece.range->at(own)), piece.offset, false);
        } else if (piece.choices.empty()) {
            append(point, piece.literal, piece.offset, true);
        } else {
            auto choice = piece.choices.begin();
            for (; own >= choice->count; ++choice)
                own -= choice->count;
            write(*choice, own, point);
        }
    }
}

Configuration parse_point(std::string_view grid, const Point& point)
{
    try {
        return parse_configuration(point.text);
    } catch (const PlacedError& error) {
        const std::size_t offset = error.offset() < point.origin.size() ? point.origin[error.offset()]
            : point.origin.empty()                                      ? 0
                                                                        : point.origin.back() + 1;
        throw PlacedError(error.kind(), grid, std::min(offset, grid.size()),
                          fmt::format("the point {} is not a configuration: its column {}: {}", quoted(point.text),
                                      config::column_of(point.text, error.offset()), error.sentence()),
                          error.hint());
    }
}

void check_size(std::string_view text, const std::vector<Sequence>& grids)
{
    std::uint64_t count = 0;
    for (const Sequence& grid : grids)
        count = saturating_add(count, grid.count);
    if (count > kMaxGridPoints)
        throw PlacedError(
            ErrorKind::InvalidArgument, text, 0,
            count == kVeryMany
                ? fmt::format("the grid has more than {} points; at most {} are allowed", kVeryMany, kMaxGridPoints)
                : fmt::format("the grid has {} points; at most {} are allowed", count, kMaxGridPoints),
            "take larger steps, or sweep in parts");
    if (count * text.size() > kMaxExpandedBytes)
        throw PlacedError(
            ErrorKind::InvalidArgument, text, 0,
            fmt::format("{} points of a text of {} bytes are more than this program expands", count, text.size()),
            "sweep in parts");
}

} // namespace

std::vector<Configuration> expand_grid(std::string_view text)
{
    if (text.size() > config::kMaxTextBytes)
        throw PlacedError(
            ErrorKind::InvalidArgument, text, 0,
            fmt::format("the grid has {} bytes, more than the {} allowed", text.size(), config::kMaxTextBytes));
    const std::vector<Sequence> grids = GridReader(text).read();
    check_size(text, grids);
    std::vector<Configuration> points;
    std::unordered_set<std::string> seen;
    for (const Sequence& grid : grids) {
        for (std::uint64_t index = 0; index < grid.count; ++index) {
            Point point;
            write(grid, index, point);
            Configuration configuration = parse_point(text, point);
            if (seen.insert(format(configuration)).second)
                points.push_back(std::move(configuration));
        }
    }
    return points;
}

std::string format_grid(std::span<const Configuration> points)
{
    std::string text;
    for (const Configuration& point : points) {
        if (!text.empty())
            text += "; ";
        text += format(point);
    }
    return text;
}

} // namespace kvw
