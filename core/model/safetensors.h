// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvw {

enum class StoredType { F32, F16, BF16 };

/// One tensor of a mapped file. `bytes` is valid as long as a WeightFiles that made it lives.
struct WeightView
{
    StoredType type = StoredType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes; ///< row-major, little-endian; may be unaligned
    std::filesystem::path file;
};

/// The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json names, mapped
/// read-only. Everything of the headers is checked on opening: length of the header against the file, JSON, types,
/// shape times width against offsets, offsets in range, neither overlapping nor leaving a hole, names of the index.
/// Throws Error{BadInput} "FILE: tensor NAME: ..." with the numbers that disagree, {NotFound} for a missing file or shard,
/// {Unsupported} for a type other than F32, F16, BF16 in a tensor that is asked for.
class WeightFiles
{
public:
    static WeightFiles open(const std::filesystem::path& folder);

    bool contains(const std::string& name) const;
    /// Throws Error{BadInput} when there is none, or when its shape is not `shape` (both are printed).
    WeightView get(const std::string& name, std::span<const std::int64_t> shape) const;
    std::vector<std::string> names() const;
    std::uint64_t total_bytes() const;
    std::vector<std::filesystem::path> files() const;
    /// SHA-256 over names, types, shapes and contents in the order of the names: the model's identity in the store.
    /// Independent of the sharding.
    std::string content_hash() const;
    /// Tells the kernel that pages read so far may go, so that a mapped file does not count twice beside the copies.
    void release_pages() const noexcept;

    WeightFiles(WeightFiles&&) noexcept;
    WeightFiles& operator=(WeightFiles&&) noexcept;
    ~WeightFiles();

private:
    struct Impl;
    explicit WeightFiles(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace kvw
