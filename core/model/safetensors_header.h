// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace kvw {

/// A tensor as the header of a safetensors file names it; begin and end count bytes from the file's start.
struct TensorEntry
{
    std::string type; ///< "F32", "BF16", "I64", ...
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0;
};

inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000; ///< the format's own limit

/// Reads the header at the start of `file` and checks all of it: its length, JSON, types, shapes, that each tensor has
/// shape times width bytes, and that the tensors fill the rest of the file without overlap or hole.
///     file = length of the header (8 bytes, little-endian) | header (JSON) | tensors
/// Source: the format's description in the repository huggingface/safetensors.
/// Throws Error{BadInput} "PLACE: tensor NAME: ...".
std::map<std::string, TensorEntry> read_safetensors_header(std::span<const std::byte> file, const std::string& place);

} // namespace kvw
