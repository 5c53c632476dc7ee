// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/model/safetensors.h"
#include "tests/support/temporary_folder.h"

#include <array>
#include <optional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvw {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string length_field(std::uint64_t length)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(length >> (8 * i) & 0xFF);
    return bytes;
}

std::string file_bytes(std::string_view header, std::string_view data)
{
    return length_field(header.size()).append(header).append(data);
}

/// Two tensors: "a" F32 [2, 3] in bytes 0..24, "b" BF16 [4] in bytes 24..32.
Json good_header()
{
    return Json{{"__metadata__", {{"format", "pt"}}},
                {"a", {{"dtype", "F32"}, {"shape", {2, 3}}, {"data_offsets", {0, 24}}}},
                {"b", {{"dtype", "BF16"}, {"shape", {4}}, {"data_offsets", {24, 32}}}}};
}

const std::string kData = "abcdefghijklmnopqrstuvwx01234567";

std::optional<Error> error_of_folder(const TemporaryFolder& folder)
{
    try {
        WeightFiles::open(folder.path());
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

std::optional<Error> error_of_file(std::string_view bytes)
{
    TemporaryFolder folder;
    folder.write("model.safetensors", bytes);
    return error_of_folder(folder);
}

void expect_bad_file(std::string_view bytes, const std::string& says)
{
    const auto error = error_of_file(bytes);
    ASSERT_TRUE(error) << "accepted; wanted: " << says;
    EXPECT_EQ(error->kind(), ErrorKind::BadInput);
    EXPECT_THAT(error->message(), HasSubstr("model.safetensors: "));
    EXPECT_THAT(error->message(), HasSubstr(says));
}

/// The good header with one field changed.
void expect_bad(const std::string& tensor, const std::string& field, const Json& value, const std::string& says)
{
    Json header = good_header();
    header[tensor][field] = value;
    expect_bad_file(file_bytes(header.dump(), kData), says);
}

TEST(Safetensors, AGoodFileIsRead)
{
    TemporaryFolder folder;
    folder.write("model.safetensors", file_bytes(good_header().dump() + "   ", kData));
    const WeightFiles files = WeightFiles::open(folder.path());
    EXPECT_THAT(files.names(), ElementsAre("a", "b"));
    EXPECT_EQ(files.total_bytes(), 32u);
    EXPECT_THAT(files.files(), ElementsAre(folder.path() / "model.safetensors"));
    EXPECT_TRUE(files.contains("a"));
    EXPECT_FALSE(files.contains("__metadata__"));
    files.release_pages();
    const WeightView a = files.get("a", std::array<std::int64_t, 2>{2, 3});
    EXPECT_EQ(a.type, StoredType::F32);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size()), kData.substr(0, 24));
    const WeightView b = files.get("b", std::array<std::int64_t, 1>{4});
    EXPECT_EQ(b.type, StoredType::BF16);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(b.bytes.data()), b.bytes.size()), kData.substr(24));
}

TEST(Safetensors, NothingAtAllAndEmptyTensorsAreAllowed)
{
    EXPECT_FALSE(error_of_file(file_bytes("{}", "")));
    EXPECT_FALSE(error_of_file(file_bytes(R"({"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},)"
                                          R"("s":{"dtype":"F16","shape":[],"data_offsets":[0,2]}})",
                                          "xy")));
}

TEST(Safetensors, WhatIsAskedForMustFit)
{
    TemporaryFolder folder;
    Json header = good_header();
    header["b"]["dtype"] = "I16";
    folder.write("model.safetensors", file_bytes(header.dump(), kData));
    const WeightFiles files = WeightFiles::open(folder.path());
    const auto error_of = [&](const std::string& name, std::vector<std::int64_t> shape) -> Error {
        try {
            files.get(name, shape);
        } catch (const Error& error) {
            return error;
        }
        return Error(ErrorKind::Internal, "accepted");
    };
    EXPECT_EQ(error_of("c", {1}).kind(), ErrorKind::BadInput);
    EXPECT_THAT(error_of("c", {1}).message(), HasSubstr("tensor c is not there"));
    EXPECT_THAT(error_of("a", {3, 2}).message(), HasSubstr("its shape is [2, 3], and [3, 2] was wanted"));
    EXPECT_THAT(error_of("a", {2}).message(), HasSubstr("[2] was wanted"));
    EXPECT_THAT(error_of("a", {2, 3, 1}).message(), HasSubstr("[2, 3, 1] was wanted"));
    EXPECT_EQ(error_of("b", {4}).kind(), ErrorKind::Unsupported);
    EXPECT_THAT(error_of("b", {4}).message(), HasSubstr("I16"));
}

TEST(Safetensors, MissingFiles)
{
    TemporaryFolder folder;
    const auto empty = error_of_folder(folder);
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->kind(), ErrorKind::NotFound);
    EXPECT_THAT(empty->message(), HasSubstr("neither model.safetensors nor"));
    try {
        WeightFiles::open(folder.path() / "nowhere");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    }
    std::filesystem::create_directory(folder.path() / "model.safetensors");
    const auto directory = error_of_folder(folder);
    ASSERT_TRUE(directory);
    EXPECT_EQ(directory->kind(), ErrorKind::BadInput);
    EXPECT_THAT(directory->message(), HasSubstr("not a regular file"));
}

TEST(Safetensors, LengthsThatLie)
{
    const std::string header = good_header().dump();
    expect_bad_file("", "the file is empty");
    expect_bad_file("1234567", "the file has 7 bytes");
    expect_bad_file(length_field(0), "does not begin with \"{\"");
    expect_bad_file(length_field(0) + header, "does not begin with \"{\"");
    expect_bad_file(length_field(header.size() + 1) + header,
                    "bytes, and " + std::to_string(header.size()) + " are left");
    expect_bad_file(length_field(100'000'001) + header, "100000001 bytes, and 100000000 are the most");
    expect_bad_file(length_field(~0ull) + header, "18446744073709551615 bytes");
    expect_bad_file(length_field(~0ull - 7) + header + kData, "18446744073709551608 bytes");
    expect_bad_file(length_field(header.size() - 1) + header + kData, "not JSON");
    expect_bad_file(length_field(header.size() + 4) + header + kData, "not JSON");
}

TEST(Safetensors, EveryTruncationIsRefused)
{
    const std::string whole = file_bytes(good_header().dump(), kData);
    for (std::size_t size = 0; size < whole.size(); ++size)
        ASSERT_TRUE(error_of_file(whole.substr(0, size))) << size;
    EXPECT_FALSE(error_of_file(whole));
}

TEST(Safetensors, HeadersThatAreNoTensors)
{
    expect_bad_file(file_bytes("not json", ""), "does not begin with \"{\"");
    expect_bad_file(file_bytes("{oops}", ""), "not JSON");
    expect_bad_file(file_bytes("[]", ""), "does not begin");
    expect_bad_file(file_bytes("{\"a\":3}", ""), "tensor \"a\": its entry is not an object");
    expect_bad_file(file_bytes("{\"a\":{}}", ""), "dtype is missing");
    expect_bad_file(file_bytes(R"({"__metadata__":{"x":1}})", ""), "__metadata__");
    expect_bad_file(file_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                               R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                               "xy"),
                    "the key \"a\" stands twice");
    expect_bad_file(file_bytes(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "x"),
                    "\"dtype\" stands twice");
    expect_bad_file(file_bytes("{\"\xFF\":1}", ""), "not JSON");
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100000; ++i)
        deep += '[';
    expect_bad_file(file_bytes(deep, ""), "nested more than 64 deep");
}

TEST(Safetensors, TypesAndShapes)
{
    expect_bad("a", "dtype", "F33", "tensor \"a\": the type \"F33\" is unknown");
    expect_bad("a", "dtype", 32, "dtype is not a string");
    expect_bad("a", "dtype", "BF16", "BF16 of shape [2, 3] takes 12 bytes, and its offsets span 24");
    expect_bad("a", "shape", Json::array({-2, -3}), "shape has -2");
    expect_bad("a", "shape", Json::array({2.0, 3}), "shape has 2.0");
    expect_bad("a", "shape", Json::array({"2", 3}), "shape has \"2\"");
    expect_bad("a", "shape", 6, "shape is not a list");
    expect_bad("a", "shape", Json::array({2, 4}), "takes 32 bytes");
    expect_bad("a", "shape", Json::array({18446744073709551615ull}), "shape has 18446744073709551615");
    expect_bad("a", "shape", Json::array({4294967296, 4294967296}), "more elements than can be counted");
    expect_bad("a", "shape", Json::array({9223372036854775807, 2}), "more elements than can be counted");
    expect_bad("a", "shape", Json(std::vector<int>(17, 1)), "at most 16 numbers");
}

TEST(Safetensors, Offsets)
{
    expect_bad("b", "data_offsets", Json::array({20, 28}),
               "tensor \"b\": it begins at 20 and overlaps the one before, which ends at 24");
    expect_bad("b", "data_offsets", Json::array({0, 8}), "overlaps");
    expect_bad("b", "data_offsets", Json::array({25, 33}), "it ends at 33, and the file has 32 bytes of tensors");
    expect_bad("b", "data_offsets", Json::array({32, 24}), "it begins at 32 and ends before, at 24");
    expect_bad("b", "data_offsets", Json::array({-8, 0}), "data_offsets has -8");
    expect_bad("b", "data_offsets", Json::array({24, 32.0}), "data_offsets has 32.0");
    expect_bad("b", "data_offsets", Json::array({24}), "not a pair");
    expect_bad("b", "data_offsets", Json::array({18446744073709551608ull, 18446744073709551615ull}),
               "data_offsets has");
    Json header = good_header();
    header["b"] = {{"dtype", "BF16"}, {"shape", {3}}, {"data_offsets", {26, 32}}};
    expect_bad_file(file_bytes(header.dump(), kData), "a hole of 2 bytes stands before it, at 24");
    expect_bad_file(file_bytes(good_header().dump(), kData + "x"), "1 bytes after the last tensor belong to none");
    header.erase("b");
    expect_bad_file(file_bytes(header.dump(), kData), "8 bytes after the last tensor");
}

/// Shard one has "a", shard two "b".
struct Shards
{
    TemporaryFolder folder;
    Json index = {{"metadata", {{"total_size", 32}}},
                  {"weight_map", {{"a", "one.safetensors"}, {"b", "two.safetensors"}}}};

    Shards()
    {
        folder.write("one.safetensors", file_bytes(Json{{"a", good_header()["a"]}}.dump(), kData.substr(0, 24)));
        folder.write("two.safetensors",
                     file_bytes(R"({"b":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})", kData.substr(24)));
        write_index();
    }
    void write_index() const { folder.write("model.safetensors.index.json", index.dump()); }

    void expect_bad(ErrorKind kind, const std::string& says) const
    {
        const auto error = error_of_folder(folder);
        ASSERT_TRUE(error) << "accepted; wanted: " << says;
        EXPECT_EQ(error->kind(), kind) << error->message();
        EXPECT_THAT(error->message(), HasSubstr(says));
    }
};

TEST(SafetensorsShards, AreReadAsOne)
{
    const Shards shards;
    const WeightFiles files = WeightFiles::open(shards.folder.path());
    EXPECT_THAT(files.names(), ElementsAre("a", "b"));
    EXPECT_EQ(files.files().size(), 2u);
    const WeightView b = files.get("b", std::array<std::int64_t, 1>{4});
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(b.bytes.data()), b.bytes.size()), kData.substr(24));
    EXPECT_EQ(b.file.filename(), "two.safetensors");
}

TEST(SafetensorsShards, TheHashDoesNotDependOnThem)
{
    const Shards shards;
    TemporaryFolder single, other;
    single.write("model.safetensors", file_bytes(good_header().dump(), kData));
    std::string changed = kData;
    changed.back() ^= 1;
    other.write("model.safetensors", file_bytes(good_header().dump(), changed));
    const std::string hash = WeightFiles::open(shards.folder.path()).content_hash();
    EXPECT_EQ(hash.size(), 64u);
    EXPECT_EQ(hash, WeightFiles::open(single.path()).content_hash());
    EXPECT_NE(hash, WeightFiles::open(other.path()).content_hash());
}

TEST(SafetensorsShards, WhatIsWrongIsNamed)
{
    {
        const Shards shards;
        std::filesystem::remove(shards.folder.path() / "two.safetensors");
        shards.expect_bad(ErrorKind::NotFound,
                          "two.safetensors: no such file, and model.safetensors.index.json names it");
    }
    {
        Shards shards;
        shards.index["weight_map"]["c"] = "one.safetensors";
        shards.write_index();
        shards.expect_bad(ErrorKind::BadInput, "tensor \"c\": it is said to be in one.safetensors, and is not there");
    }
    {
        Shards shards;
        shards.index["weight_map"]["a"] = "two.safetensors";
        shards.index["weight_map"]["b"] = "one.safetensors";
        shards.write_index();
        shards.expect_bad(ErrorKind::BadInput, "and is not there");
    }
    {
        const Shards shards;
        shards.folder.write("two.safetensors", file_bytes(good_header().dump(), kData));
        shards.expect_bad(ErrorKind::BadInput, "tensor \"a\": it stands in one.safetensors too");
    }
    {
        const Shards shards;
        shards.folder.write("two.safetensors", "short");
        shards.expect_bad(ErrorKind::BadInput, "two.safetensors: the file has 5 bytes");
    }
}

TEST(SafetensorsShards, IndexesThatAreNone)
{
    Shards shards;
    for (const char* name : {"../one.safetensors", "/etc/passwd", "", "..", ".hidden", "a\\b"}) {
        shards.index["weight_map"]["a"] = name;
        shards.write_index();
        shards.expect_bad(ErrorKind::BadInput, "is not the name of a file in this folder");
    }
    shards.index["weight_map"]["a"] = 3;
    shards.write_index();
    shards.expect_bad(ErrorKind::BadInput, "tensor \"a\": 3 is not the name of a file");
    for (const char* index : {"{}", R"({"weight_map":{}})", R"({"weight_map":[]})"}) {
        shards.folder.write("model.safetensors.index.json", index);
        shards.expect_bad(ErrorKind::BadInput, "weight_map");
    }
    shards.folder.write("model.safetensors.index.json",
                        R"({"weight_map":{"a":"one.safetensors","a":"two.safetensors"}})");
    shards.expect_bad(ErrorKind::BadInput, "\"a\" stands twice");
    shards.folder.write("model.safetensors.index.json", "");
    shards.expect_bad(ErrorKind::BadInput, "not JSON");
}

TEST(Safetensors, DamagedFilesAreReadOrRefused)
{
    std::mt19937_64 generator(7);
    const std::string whole = file_bytes(good_header().dump(), kData);
    TemporaryFolder folder;
    int refused = 0, read = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = whole;
        for (std::size_t changes = 1 + generator() % 3; changes > 0; --changes) {
            const std::size_t at = generator() % (bytes.size() - 1);
            if (generator() % 2)
                bytes[at] = static_cast<char>(generator());
            else
                bytes.erase(at, 1);
        }
        folder.write("model.safetensors", bytes);
        try {
            const WeightFiles files = WeightFiles::open(folder.path());
            EXPECT_EQ(files.content_hash().size(), 64u); // touches every byte
            ++read;
        } catch (const Error& error) {
            ASSERT_EQ(error.kind(), ErrorKind::BadInput);
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000);
    EXPECT_GT(read, 20);
}

} // namespace
} // namespace kvw
