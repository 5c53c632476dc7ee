// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer_json.h"

#include <memory>
#include <string>
#include <string_view>

namespace kvw {

/// Normalises a text that comes in parts. Not for two threads at once.
class NormaliserStage
{
public:
    virtual ~NormaliserStage() = default;
    /// A new text.
    virtual void begin() = 0;
    /// What `text`, whole characters after those before, adds to the normalised text for certain; after the `last`, the
    /// rest. What was given out in a row is Normaliser::apply() of the whole.
    virtual std::string feed(std::string_view text, bool last) = 0;
};

/// Changes the text before it is cut. Immutable.
class Normaliser
{
public:
    virtual ~Normaliser() = default;
    virtual std::string apply(std::string text) const = 0;
    /// For texts in parts; must not outlive this. Null where only the whole text decides: patterns with \G, \K or \R.
    virtual std::unique_ptr<NormaliserStage> stage() const = 0;
};

/// NFC, Prepend, Replace and Sequence. Throws Error{Unsupported} naming any other.
std::unique_ptr<const Normaliser> make_normaliser(const JsonPlace& json);

} // namespace kvw
