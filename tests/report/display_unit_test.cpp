// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/display_unit.h"

#include "core/report/reader_columns.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace kvw {
namespace {

Field field_of(std::string_view unit, Form form)
{
    return {"x", Title("An x"), unit, form, Sense::Neutral, Plot::No, "something"};
}

TEST(DisplayUnit, SharesAreReadInPercent)
{
    for (const Form form : {Form::Percent, Form::PercentChange}) {
        const DisplayUnit unit = display_unit(field_of("1", form));
        EXPECT_EQ(unit.name, "%");
        EXPECT_EQ(unit.shown(0.0011), 0.11) << "the number that a person would write, not 0.11000000000000001";
        EXPECT_EQ(unit.shown(-0.29), -29.0);
        EXPECT_EQ(unit.shown(0), 0);
        EXPECT_EQ(unit.decimals, 2);
    }
}

TEST(DisplayUnit, BytesTakeTheUnitOfTheLargest)
{
    const Field field = field_of("bytes", Form::Bytes);
    EXPECT_EQ(display_unit(field).name, "B");
    EXPECT_EQ(display_unit(field, 10239).name, "B");
    EXPECT_EQ(display_unit(field, 10240).name, "KiB");
    EXPECT_EQ(display_unit(field, 3e9).name, "MiB");
    EXPECT_EQ(display_unit(field, 3e10).name, "GiB");
    EXPECT_EQ(display_unit(field, 3e30).name, "TiB");
    EXPECT_EQ(display_unit(field, 3e9).shown(3133440), 3133440.0 / 1048576) << "exactly: a power of 2";
    EXPECT_EQ(display_unit(field, 5000).decimals, 0);
}

TEST(DisplayUnit, EverythingElseIsReadAsItIs)
{
    EXPECT_EQ(display_unit(field_of("tokens/s", Form::Real)).name, "tokens/s");
    EXPECT_EQ(display_unit(field_of("1", Form::Real)).name, "");
    EXPECT_EQ(display_unit(field_of("nats", Form::Change)).shown(0.1 + 0.2), 0.1 + 0.2);
    EXPECT_EQ(display_unit(field_of("nats", Form::Change)).decimals, -1);
}

TEST(DisplayUnit, WhatIsNotFiniteStays)
{
    const DisplayUnit percent = display_unit(field_of("1", Form::Percent));
    EXPECT_TRUE(std::isnan(percent.shown(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_EQ(percent.shown(-std::numeric_limits<double>::infinity()), -std::numeric_limits<double>::infinity());
}

TEST(ReaderColumns, TitlesAndTextsFollowFromTheField)
{
    EXPECT_EQ(reader_title(field_of("tokens/s", Form::Real)), "An x [tokens/s]");
    EXPECT_EQ(reader_title(field_of("1", Form::Percent)), "An x [%]");
    EXPECT_EQ(reader_title(field_of("", Form::Time)), "An x [UTC]");
    EXPECT_EQ(reader_title(field_of("bytes", Form::Bytes)), "An x") << "the cells have it";
    EXPECT_EQ(reader_text(field_of("bytes", Form::Bytes), Cell(1536.0)), "1.50 KiB");
    EXPECT_EQ(reader_title(field_of("s", Form::Real)), "An x");
    EXPECT_EQ(reader_text(field_of("s", Form::Real), Cell(125.0)), "2 min 05 s");
    EXPECT_EQ(reader_text(field_of("1", Form::Percent), Cell(0.25)), "25.00");
    EXPECT_EQ(reader_text(field_of("1", Form::Whole), Cell(std::int64_t{1234567})), "1234567");
    EXPECT_EQ(reader_align(field_of("1", Form::Whole)), ReaderAlign::Right);
    EXPECT_EQ(reader_align(field_of("", Form::Choice)), ReaderAlign::Left);
    EXPECT_EQ(reader_style(field_of("", Form::Code)), ReaderStyle::Code);
}

} // namespace
} // namespace kvw
