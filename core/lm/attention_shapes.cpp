// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/lm/past.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {

AttentionShapes::AttentionShapes(std::vector<AttentionShape> layers) : layers_(std::move(layers))
{
    if (layers_.empty())
        throw Error(ErrorKind::Internal, "attention of no layers");
    static_cast<HeadShape&>(*this) = layers_.front();
    for (int i = 0; i < this->layers(); ++i)
        if (static_cast<const HeadShape&>(layers_[static_cast<std::size_t>(i)]) != *this)
            throw Error(
                ErrorKind::Unsupported,
                fmt::format("the heads of layer {} are not those of layer 0, and this program wants the same in all "
                            "layers",
                            i));
}

AttentionShapes::AttentionShapes(int layers, const AttentionShape& shape)
    : AttentionShapes(std::vector<AttentionShape>(static_cast<std::size_t>(layers), shape))
{}

std::int64_t AttentionShapes::shortest_window() const
{
    std::int64_t shortest = 0;
    for (const AttentionShape& layer : layers_)
        if (layer.attention_window > 0 && (shortest == 0 || layer.attention_window < shortest))
            shortest = layer.attention_window;
    return shortest;
}

} // namespace kvw
