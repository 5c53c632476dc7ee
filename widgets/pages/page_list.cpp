// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/page_list.h"

#include "widgets/pages/calibrate_page.h"
#include "widgets/pages/compare_page.h"
#include "widgets/pages/generate_page.h"
#include "widgets/pages/quality_page.h"
#include "widgets/pages/report_page.h"
#include "widgets/pages/spectra_page.h"
#include "widgets/pages/start_page.h"
#include "widgets/pages/throughput_page.h"

namespace kvw {
namespace {

template<typename Kind>
Page* make()
{
    return new Kind;
}

constexpr PageRow kPages[] = {
    {"start", make<StartPage>},     {"calibrate", make<CalibratePage>},   {"spectra", make<SpectraPage>},
    {"quality", make<QualityPage>}, {"throughput", make<ThroughputPage>}, {"generate", make<GeneratePage>},
    {"compare", make<ComparePage>}, {"report", make<ReportPage>},
};

} // namespace

std::span<const PageRow> pageList() { return kPages; }

} // namespace kvw
