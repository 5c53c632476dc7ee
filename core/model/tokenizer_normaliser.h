// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/tokenizer_json.h"

#include <memory>
#include <string>
#include <string_view>

namespace kvw {

/// Changes the text before it is cut. Immutable.
class Normaliser
{
public:
    virtual ~Normaliser() = default;
    virtual std::string apply(std::string text) const = 0;
};

/// Prepend, Replace and Sequence. Throws Error{Unsupported} naming any other.
std::unique_ptr<const Normaliser> make_normaliser(const JsonPlace& json);

} // namespace kvw
