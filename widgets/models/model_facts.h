// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>

#include "core/model/model_config.h"
#include "widgets/models/text.h"

#include <cstdint>
#include <functional>
#include <variant>

namespace kvw {

/// What a model folder says of itself, without its weights being read.
struct ModelFacts
{
    ModelConfig config;
    std::uint64_t weight_bytes = 0; ///< of the files
    int weight_files = 0;

    /// What a calibration or measurement holds at once, about: weights in `bytes_per_value`, keys and values of
    /// `window` tokens, sums of moments.
    double needed_bytes(double bytes_per_value, int window) const;
};

/// Reads config.json and the headers of the weights. A sentence when the folder is no model that can be used.
std::variant<ModelFacts, Problem> checkModel(const QString& folder);

/// The same away from the GUI thread, since a folder may lie on a slow disk; `done` is called on the GUI thread unless
/// `receiver` is gone by then.
void checkModelLater(const QString& folder, QObject* receiver,
                     std::function<void(const std::variant<ModelFacts, Problem>&)> done);

/// What a text file is: its size, or why it cannot be used.
struct TextFacts
{
    std::int64_t bytes = 0;
};
std::variant<TextFacts, Problem> checkText(const QString& file);

/// The sample model and the example project that scripts/start makes, beside the build or installed; empty when they
/// are not there.
QString sampleModelFolder();
QString exampleProject();

} // namespace kvw
