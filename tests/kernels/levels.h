// SPDX-License-Identifier: GPL-3.0-or-later
// The levels of instructions, as tests walk through them: a level that a kernel is compiled for is under test by being one.
#pragma once

#include "kernels/cpu/variants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kvw::kernels::test {

template<class Variant>
std::vector<CpuLevel> levels_of()
{
    return {Variants<Variant>::kLevels.begin(), Variants<Variant>::kLevels.end()};
}

/// As a part of a test's name: v3_vnni.
inline std::string word_of(CpuLevel level)
{
    std::string word(name(level));
    std::replace(word.begin(), word.end(), '-', '_');
    return word;
}

inline std::string level_name(const ::testing::TestParamInfo<CpuLevel>& info) { return word_of(info.param); }

/// A test that runs at every level of its kernel that the processor has.
class AtLevel : public ::testing::TestWithParam<CpuLevel>
{
protected:
    void SetUp() override
    {
        if (!cpu_has(GetParam()))
            GTEST_SKIP() << "this processor does not have " << name(GetParam());
    }
};

} // namespace kvw::kernels::test
