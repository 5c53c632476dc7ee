// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/safetensors.h"

#include "core/base/error.h"
#include "core/model/json_file.h"
#include "core/model/mapped_file.h"
#include "core/model/safetensors_header.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace kvw {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and so must the machine be");

constexpr std::uint64_t kMaxIndexBytes = 64u << 20;
constexpr std::size_t kMaxShards = 10000;

struct Located
{
    std::size_t file = 0; ///< index into the mapped files
    TensorEntry entry;
};

std::optional<StoredType> stored_type(const std::string& type)
{
    if (type == "F32")
        return StoredType::F32;
    if (type == "F16")
        return StoredType::F16;
    if (type == "BF16")
        return StoredType::BF16;
    return std::nullopt;
}

/// A shard's name must be a plain file name: an index from the network must not reach outside its folder.
bool is_plain_name(const std::string& name)
{
    return !name.empty() && name.size() <= 255 && name.front() != '.'
        && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

class Digest
{
public:
    Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        if (!context_)
            throw Error(ErrorKind::OutOfMemory, "no memory for a SHA-256");
        require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
    }
    void add(const void* data, std::size_t size) { require(EVP_DigestUpdate(context_.get(), data, size)); }
    void add(const std::string& text) { add(text.c_str(), text.size() + 1); } // with the NUL, which ends the field
    std::string finish()
    {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        require(EVP_DigestFinal_ex(context_.get(), digest, &size));
        std::string text;
        for (unsigned i = 0; i < size; ++i)
            text += fmt::format("{:02x}", digest[i]);
        return text;
    }

private:
    static void require(int ok)
    {
        if (ok != 1)
            throw Error(ErrorKind::Internal, "OpenSSL refused to compute a SHA-256");
    }
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

} // namespace

struct WeightFiles::Impl
{
    std::vector<MappedFile> files;
    std::map<std::string, Located> tensors;

    void add(const std::filesystem::path& path)
    {
        files.emplace_back(path);
        const std::size_t index = files.size() - 1;
        for (auto& [name, entry] : read_safetensors_header(files.back().bytes(), path.string())) {
            const auto [place, is_new] = tensors.try_emplace(name, Located{index, entry});
            if (!is_new)
                throw Error(ErrorKind::BadInput,
                            fmt::format("{}: tensor \"{}\": it stands in {} too", path.string(), name,
                                        files[place->second.file].path().filename().string()),
                            "download the shards again");
        }
    }

    void open_shards(const std::filesystem::path& index);
};

void WeightFiles::Impl::open_shards(const std::filesystem::path& index)
{
    const nlohmann::json json = read_json_object(index, kMaxIndexBytes);
    const auto found = json.find("weight_map");
    if (found == json.end() || !found->is_object() || found->empty())
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: weight_map is not an object that maps tensors to files", index.string()));
    std::set<std::string> shards;
    for (const auto& [name, shard] : found->items()) {
        if (!shard.is_string() || !is_plain_name(shard.get<std::string>()))
            throw Error(ErrorKind::BadInput,
                        fmt::format("{}: tensor \"{}\": {} is not the name of a file in this folder", index.string(),
                                    name, shard.dump(-1, ' ', true).substr(0, 80)));
        shards.insert(shard.get<std::string>());
    }
    if (shards.size() > kMaxShards)
        throw Error(
            ErrorKind::BadInput,
            fmt::format("{}: {} shards, and at most {} were wanted", index.string(), shards.size(), kMaxShards));
    for (const std::string& shard : shards) {
        const std::filesystem::path path = index.parent_path() / shard;
        if (!std::filesystem::exists(path))
            throw Error(ErrorKind::NotFound,
                        fmt::format("{}: no such file, and {} names it", path.string(), index.filename().string()),
                        "download the missing shard");
        add(path);
    }
    for (const auto& [name, shard] : found->items()) {
        const auto tensor = tensors.find(name);
        if (tensor == tensors.end() || files[tensor->second.file].path().filename() != shard.get<std::string>())
            throw Error(ErrorKind::BadInput,
                        fmt::format("{}: tensor \"{}\": it is said to be in {}, and is not there", index.string(), name,
                                    shard.get<std::string>()),
                        "download the index and the shards again");
    }
}

WeightFiles WeightFiles::open(const std::filesystem::path& folder)
{
    if (!std::filesystem::is_directory(folder))
        throw Error(ErrorKind::NotFound, fmt::format("{}: no such folder", folder.string()),
                    "name the folder of a Hugging Face model");
    auto impl = std::make_unique<Impl>();
    const std::filesystem::path single = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
    if (std::filesystem::exists(single))
        impl->add(single);
    else if (std::filesystem::exists(index))
        impl->open_shards(index);
    else
        throw Error(
            ErrorKind::NotFound,
            fmt::format("{}: neither model.safetensors nor model.safetensors.index.json is there", folder.string()),
            "name the folder of a Hugging Face model with safetensors weights");
    return WeightFiles(std::move(impl));
}

bool WeightFiles::contains(const std::string& name) const { return impl_->tensors.contains(name); }

WeightView WeightFiles::get(const std::string& name, std::span<const std::int64_t> shape) const
{
    const auto found = impl_->tensors.find(name);
    if (found == impl_->tensors.end())
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: tensor {} is not there", impl_->files.front().path().parent_path().string(), name),
                    "are config.json and the weights of the same model?");
    const auto& [index, entry] = found->second;
    const MappedFile& file = impl_->files[index];
    if (!std::equal(shape.begin(), shape.end(), entry.shape.begin(), entry.shape.end()))
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: tensor {}: its shape is [{}], and [{}] was wanted", file.path().string(), name,
                                fmt::join(entry.shape, ", "), fmt::join(shape, ", ")),
                    "are config.json and the weights of the same model?");
    const auto type = stored_type(entry.type);
    if (!type)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("{}: tensor {}: the type {} is not supported", file.path().string(), name, entry.type),
                    "supported are F32, F16 and BF16");
    return WeightView{*type, entry.shape, file.bytes().subspan(entry.begin, entry.end - entry.begin), file.path()};
}

std::vector<std::string> WeightFiles::names() const
{
    std::vector<std::string> names;
    for (const auto& [name, tensor] : impl_->tensors)
        names.push_back(name);
    return names;
}

std::uint64_t WeightFiles::total_bytes() const
{
    std::uint64_t total = 0;
    for (const auto& [name, tensor] : impl_->tensors)
        total += tensor.entry.end - tensor.entry.begin;
    return total;
}

std::vector<std::filesystem::path> WeightFiles::files() const
{
    std::vector<std::filesystem::path> paths;
    for (const MappedFile& file : impl_->files)
        paths.push_back(file.path());
    return paths;
}

std::string WeightFiles::content_hash() const
{
    Digest digest;
    for (const auto& [name, tensor] : impl_->tensors) {
        digest.add(name);
        digest.add(tensor.entry.type);
        digest.add(fmt::format("{}", fmt::join(tensor.entry.shape, ",")));
        const auto bytes =
            impl_->files[tensor.file].bytes().subspan(tensor.entry.begin, tensor.entry.end - tensor.entry.begin);
        digest.add(bytes.data(), bytes.size());
    }
    return digest.finish();
}

void WeightFiles::release_pages() const noexcept
{
    for (const MappedFile& file : impl_->files)
        file.release_pages();
}

WeightFiles::WeightFiles(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WeightFiles::WeightFiles(WeightFiles&&) noexcept = default;
WeightFiles& WeightFiles::operator=(WeightFiles&&) noexcept = default;
WeightFiles::~WeightFiles() = default;

} // namespace kvw
