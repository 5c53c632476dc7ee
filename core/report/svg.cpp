// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/svg.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstdint>

namespace kvw {
namespace {

[[noreturn]] void refuse(std::string_view why)
{
    throw Error(ErrorKind::InvalidArgument, fmt::format("a figure cannot stand in a report: {}", why),
                "export the figure again");
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The element's text from "<svg" to "</svg>".
std::string_view element_of(std::string_view svg)
{
    for (;;) {
        while (!svg.empty() && is_blank(svg.front()))
            svg.remove_prefix(1);
        const std::string_view end = svg.starts_with("<?") ? "?>"
            : svg.starts_with("<!--")                      ? "-->"
            : svg.starts_with("<!")                        ? ">"
                                                           : "";
        if (end.empty())
            break;
        if (svg.starts_with("<!") && svg.substr(0, svg.find('>')).find('[') != std::string_view::npos)
            refuse("its document type has declarations of its own");
        const std::size_t at = svg.find(end);
        if (at == std::string_view::npos)
            refuse("it is cut off");
        svg.remove_prefix(at + end.size());
    }
    if (svg.starts_with("\xEF\xBB\xBF"))
        svg.remove_prefix(3);
    const bool begins = svg.starts_with("<svg") && svg.size() > 4 && (is_blank(svg[4]) || svg[4] == '>');
    const std::size_t last = svg.rfind("</svg>");
    if (!begins || last == std::string_view::npos)
        refuse("it is not an SVG document");
    return svg.substr(0, last + 6);
}

/// What no figure of ours has and what could do something in a reader's browser.
void require_harmless(std::string_view svg)
{
    std::string lower(svg);
    for (char& c : lower)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    static constexpr std::array words{"<script", "<foreignobject", "javascript:", "<!entity", "<iframe", "<!doctype"};
    for (const char* word : words)
        if (lower.find(word) != std::string::npos)
            refuse(fmt::format("it has \"{}\" in it", word));
    for (std::size_t at = lower.find(" on"); at != std::string::npos; at = lower.find(" on", at + 1)) {
        std::size_t end = at + 3;
        while (end < lower.size() && lower[end] >= 'a' && lower[end] <= 'z')
            ++end;
        const std::size_t open = lower.rfind('<', at), closed = lower.rfind('>', at);
        const bool in_tag = closed == std::string::npos || open > closed;
        if (end > at + 3 && lower.substr(end, 2) == "=\"" && in_tag)
            refuse(fmt::format("it has the event attribute \"{}\"", lower.substr(at + 1, end - at - 1)));
    }
    for (std::size_t at = lower.find("href=\""); at != std::string::npos; at = lower.find("href=\"", at + 1)) {
        const std::string_view target = std::string_view(lower).substr(at + 6);
        if (!target.starts_with('#') && !target.starts_with("data:image/"))
            refuse("it refers to something outside itself");
    }
}

void replace_all(std::string& text, std::string_view from, const std::string& to)
{
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

} // namespace

std::string inline_svg(std::string_view svg, std::string_view prefix)
{
    std::string out(element_of(svg));
    require_harmless(out);
    const std::string name(prefix);
    replace_all(out, " id=\"", " id=\"" + name);
    replace_all(out, "url(#", "url(#" + name);
    replace_all(out, "href=\"#", "href=\"#" + name);
    return out;
}

} // namespace kvw
