// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace kvw {

class Page;

/// The pages in the order of the navigation, which is also Ctrl+1, Ctrl+2, ... A new page is one row.
struct PageRow
{
    std::string_view id; ///< equal to Page::id(); a test holds them together
    Page* (*make)();
};
std::span<const PageRow> pageList();

} // namespace kvw
