// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kvw {

/// The <svg> element of an SVG document, to be put into HTML: without XML declaration, document type and comments
/// before it, `prefix` before every id and every reference to one, so that several can stand in one file.
/// Throws Error{InvalidArgument} for what is no SVG document, and for scripts, event attributes, foreign content, and
/// references to anything outside the document: a figure of ours has none.
std::string inline_svg(std::string_view svg, std::string_view prefix);

} // namespace kvw
