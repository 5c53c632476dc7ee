// SPDX-License-Identifier: GPL-3.0-or-later
// What loading refuses, and the small parts beside the decoder: errors of LibTorch, the rotary table, the CUDA half.
#include "core/lm/cuda_half.h"
#include "core/lm/guarded.h"
#include "core/lm/rope_table.h"
#include "core/lm/weights.h"
#include "tests/support/expect_close.h"
#include "tests/support/tiny_decoder.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>

#if defined(__SANITIZE_ADDRESS__)
/// An absurd allocation must fail as without the sanitizer, not end the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

namespace kvw {
namespace {

using test::error_of;
using test::TinyModel;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// The header of FOLDER/model.safetensors changed, the data left alone.
void edit_header(const std::filesystem::path& folder, const std::function<void(nlohmann::json&)>& change)
{
    const std::filesystem::path path = folder / "model.safetensors";
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    nlohmann::json header = nlohmann::json::parse(bytes.substr(8, length));
    change(header);
    const std::string text = header.dump();
    const std::uint64_t size = text.size();
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&size), 8);
    out << text << bytes.substr(8 + length);
}

/// One fp32 of a tensor overwritten.
void poke(const std::filesystem::path& folder, const std::string& name, std::size_t element, float value)
{
    const std::filesystem::path path = folder / "model.safetensors";
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    std::uint64_t length = 0;
    file.read(reinterpret_cast<char*>(&length), 8);
    std::string text(length, ' ');
    file.read(text.data(), static_cast<std::streamsize>(length));
    const auto begin = nlohmann::json::parse(text).at(name).at("data_offsets").at(0).get<std::uint64_t>();
    file.seekp(static_cast<std::streamoff>(8 + length + begin + 4 * element));
    file.write(reinterpret_cast<const char*>(&value), 4);
}

/// Every tensor of a tied and an untied model, with both types.
void for_each_tensor(const std::function<void(const TinyModel&, const std::string&, ComputeType)>& body)
{
    int count = 0;
    for (const bool tied : {true, false}) {
        TinyModel model;
        model.tied = tied;
        for (const auto& [name, shape] : model.shapes())
            for (const ComputeType type : {ComputeType::Fp32, ComputeType::Bf16}) {
                SCOPED_TRACE(name);
                body(model, name, type);
                ++count;
            }
    }
    EXPECT_EQ(count, 2 * (20 + 21));
}

TEST(Loading, AMissingTensorIsNamed)
{
    for_each_tensor([](const TinyModel& model, const std::string& name, ComputeType type) {
        const testing::TemporaryFolder folder;
        model.write(folder.path());
        edit_header(folder.path(), [&](nlohmann::json& header) {
            header["not." + name] = header[name];
            header.erase(name);
        });
        const auto error = error_of([&] { test::open_folder(folder.path(), type); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::BadInput);
        EXPECT_THAT(error->message(), AllOf(HasSubstr("tensor " + name), HasSubstr("not there")));
    });
}

TEST(Loading, AMisshapenTensorIsNamedWithBothShapes)
{
    for_each_tensor([](const TinyModel& model, const std::string& name, ComputeType type) {
        const testing::TemporaryFolder folder;
        model.write(folder.path());
        edit_header(folder.path(), [&](nlohmann::json& header) {
            nlohmann::json& shape = header[name]["shape"];
            const nlohmann::json flat{shape.size() == 1 ? shape[0].get<int>()
                                                        : shape[0].get<int>() * shape[1].get<int>()};
            shape = shape.size() == 1 ? nlohmann::json{1, shape[0]} : flat;
        });
        const auto error = error_of([&] { test::open_folder(folder.path(), type); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::BadInput);
        EXPECT_THAT(error->message(),
                    AllOf(HasSubstr("tensor " + name), HasSubstr("its shape is ["), HasSubstr("was wanted")));
    });
}

TEST(Loading, AShapeThatContradictsTheConfigurationIsRefused)
{
    const testing::TemporaryFolder folder;
    TinyModel model;
    model.write(folder.path());
    model.kv_heads = 4;
    std::ofstream(folder / "config.json") << model.config();
    const auto error = error_of([&] { test::open_folder(folder.path()); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::BadInput);
    EXPECT_THAT(error->message(), AllOf(HasSubstr("k_proj.weight"), HasSubstr("[32, 32]"), HasSubstr("[64, 32]")));
}

TEST(Loading, AWeightThatIsNotFiniteIsNamedWithItsIndex)
{
    for_each_tensor([](const TinyModel& model, const std::string& name, ComputeType type) {
        const testing::TemporaryFolder folder;
        model.write(folder.path());
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
            poke(folder.path(), name, 29, bad);
            const auto error = error_of([&] { test::open_folder(folder.path(), type); });
            ASSERT_TRUE(error) << bad;
            EXPECT_EQ(error->kind(), ErrorKind::BadInput);
            EXPECT_THAT(error->message(),
                        AllOf(HasSubstr("tensor " + name), HasSubstr("element 29 "),
                              HasSubstr(std::isnan(bad) ? "nan" : "-inf")));
        }
        poke(folder.path(), name, 29, 0.5f);
        EXPECT_NO_THROW(test::open_folder(folder.path(), type));
    });
}

TEST(Loading, AnUnknownArchitectureIsUnsupported)
{
    const testing::TemporaryFolder folder;
    TinyModel{}.write(folder.path());
    ModelConfig config = read_model_config(folder.path());
    config.architecture = "GPT2LMHeadModel";
    const auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(folder.path()));
    const auto error = error_of([&] { open_decoder(config, weights, {}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Unsupported);
    EXPECT_THAT(error->message(), HasSubstr("GPT2LMHeadModel"));
    for (const char* known : {"LlamaForCausalLM", "MistralForCausalLM"}) {
        config.architecture = known;
        EXPECT_EQ(open_decoder(config, weights, {})->config().architecture, known);
    }
}

TEST(Loading, ADeviceThatIsNotThereIsSaidInWords)
{
    const testing::TemporaryFolder folder;
    TinyModel{}.write(folder.path());
    const ModelConfig config = read_model_config(folder.path());
    const auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(folder.path()));
    const auto unknown = error_of([&] { open_decoder(config, weights, {ComputeType::Fp32, "tpu"}); });
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->kind(), ErrorKind::InvalidArgument);
    EXPECT_EQ(unknown->message(), "'tpu' is not a device; it may be cpu or cuda");
    if (cuda_state().available)
        GTEST_SKIP() << "this machine has a CUDA device, so nothing is missing";
    EXPECT_FALSE(cuda_state().reason.empty());
    const auto error = error_of([&] { open_decoder(config, weights, {ComputeType::Fp32, "cuda"}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Unsupported);
    EXPECT_THAT(error->message(), AllOf(HasSubstr("cuda is not available"), HasSubstr(cuda_state().reason)));
    EXPECT_THAT(error->hint(), HasSubstr("cpu"));
}

TEST(Guarded, AnAbsurdAllocationIsLackOfMemory)
{
    const auto error =
        error_of([] { guarded("append, layer 7", [] { at::empty({1'000'000'000'000'000}, at::kByte); }); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::OutOfMemory);
    EXPECT_THAT(error->message(), HasSubstr("append, layer 7: "));
    EXPECT_THAT(error->message(), ::testing::Not(HasSubstr("frame #"))) << "the backtrace belongs in the log";
    EXPECT_FALSE(error->hint().empty());
    const auto standard = error_of([] { guarded("here", [] { throw std::bad_alloc(); }); });
    ASSERT_TRUE(standard);
    EXPECT_EQ(standard->kind(), ErrorKind::OutOfMemory);
}

TEST(Guarded, OtherErrorsKeepTheirKind)
{
    const auto kind = [](const std::function<void()>& work) {
        return error_of([&] { guarded("where", work); })->kind();
    };
    EXPECT_EQ(kind([] { at::ones({2, 3}).matmul(at::ones({2, 3})); }), ErrorKind::Internal);
    EXPECT_EQ(kind([] { TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered"); }),
              ErrorKind::DeviceFault);
    EXPECT_EQ(kind([] { TORCH_CHECK(false, "CUDA out of memory. Tried to allocate 2.00 GiB"); }),
              ErrorKind::OutOfMemory);
    EXPECT_EQ(kind([] { throw Error(ErrorKind::Cancelled, "enough"); }), ErrorKind::Cancelled);
    EXPECT_THAT(error_of([] { guarded("where", [] {
                                  at::ones({2, 3}).matmul(at::ones({2, 3}));
                              }); })->message(),
                HasSubstr("where: "));
    EXPECT_NO_THROW(guarded("where", [] {}));
}

ModelConfig rope_config(int head_dim, double theta)
{
    ModelConfig config;
    config.head_dim = head_dim;
    config.rope_theta = theta;
    return config;
}

/// Cosines and sines of positions first..first + count against angles in fp64 from `frequency`. An angle passes two
/// roundings to fp32, of the frequency and of itself, 2^-24 of its size each; the cosine a third.
void expect_angles(RopeTable& table, int half, std::int64_t first, std::int64_t count,
                   const std::function<double(int)>& frequency)
{
    const RopeTable::View view = table.at(first, count);
    for (std::int64_t t = 0; t < count; ++t)
        for (int i = 0; i < half; ++i) {
            const double angle = static_cast<double>(first + t) * frequency(i);
            const double allowed = std::ldexp(angle, -23) * (1 + 1e-6) + std::ldexp(1.0, -24);
            EXPECT_CLOSE(view.cosine[t * half + i], std::cos(angle), allowed, 0)
                << "position " << first + t << ", pair " << i;
            EXPECT_CLOSE(view.sine[t * half + i], std::sin(angle), allowed, 0)
                << "position " << first + t << ", pair " << i;
        }
}

TEST(Rope, TableIsTheClosedFormAtLargePositions)
{
    for (const int head_dim : {2, 16, 64, 128}) {
        for (const double theta : {10000.0, 100000.0, 500000.0, 1e6}) {
            RopeTable table(rope_config(head_dim, theta));
            const auto frequency = [&](int i) { return std::pow(theta, -2.0 * i / head_dim); };
            for (const std::int64_t first :
                 {std::int64_t{0}, std::int64_t{511}, std::int64_t{8190}, std::int64_t{131070}})
                expect_angles(table, head_dim / 2, first, 3, frequency);
            expect_angles(table, head_dim / 2, 5, 2, frequency); // back again
        }
    }
}

TEST(Rope, AnglesAreRoundedAsInFp32)
{
    RopeTable table(rope_config(64, 100000));
    const std::int64_t position = 7999;
    const RopeTable::View view = table.at(position, 1);
    for (int i = 0; i < 32; ++i) {
        const auto frequency = static_cast<float>(std::pow(100000.0, -2.0 * i / 64));
        const float angle = static_cast<float>(position) * frequency;
        EXPECT_EQ(view.cosine[i], static_cast<float>(std::cos(static_cast<double>(angle))));
        EXPECT_EQ(view.sine[i], static_cast<float>(std::sin(static_cast<double>(angle))));
    }
}

TEST(Rope, ScalingByItsDefinition)
{
    ModelConfig config = rope_config(64, 500000);
    config.rope_scaling = RopeScaling{RopeScaling::Kind::Linear, 4, 1, 4, 0};
    RopeTable linear(config);
    const auto plain = [](int i) { return std::pow(500000.0, -2.0 * i / 64); };
    expect_angles(linear, 32, 20000, 2, [&](int i) { return plain(i) / 4; });

    config.rope_scaling = RopeScaling{RopeScaling::Kind::Llama3, 8, 1, 4, 8192};
    RopeTable llama3(config);
    int kept = 0, blended = 0, divided = 0;
    // Turns within the original context decide: at least 4 keep the frequency, at most 1 divides it by 8.
    const auto scaled = [&](int i) {
        const double turns = 8192 * plain(i) / (2 * std::numbers::pi), share = std::clamp((turns - 1) / 3, 0.0, 1.0);
        ++(share == 1 ? kept : share == 0 ? divided : blended);
        return plain(i) * (share + (1 - share) / 8);
    };
    expect_angles(llama3, 32, 100000, 1, scaled);
    EXPECT_GT(kept, 0);
    EXPECT_GT(blended, 0);
    EXPECT_GT(divided, 0);
}

} // namespace
} // namespace kvw
