// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/protocol/message.h"

#include <array>
#include <string_view>
#include <utility>

namespace kvw::protocol {

inline constexpr std::array<std::pair<Status, std::string_view>, 3> kStatusNames{
    {{Status::Succeeded, "succeeded"}, {Status::Failed, "failed"}, {Status::Cancelled, "cancelled"}}};

constexpr std::string_view status_name(Status status)
{
    for (const auto& [value, text] : kStatusNames)
        if (value == status)
            return text;
    return "failed";
}

} // namespace kvw::protocol
