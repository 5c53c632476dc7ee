// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"
#include "core/measure/protocol.h"

#include <memory>
#include <string>

namespace kvw::kernels::cuda {
struct Operations;
}

namespace kvw {

/// The cache that windows of a text are scored with, of one configuration and a number of sequences: the CPU's, or the store
/// of a device's kernels.
class MeasuredPast
{
public:
    MeasuredPast() = default;
    virtual ~MeasuredPast() = default;
    MeasuredPast(const MeasuredPast&) = delete;
    MeasuredPast& operator=(const MeasuredPast&) = delete;

    virtual Past& past() = 0;
    /// Before a batch of windows.
    virtual void clear() = 0;
    /// After one: ends what the protocol leaves open, so that ledger and share are of a cache at rest.
    virtual void settle() = 0;
    virtual Ledger ledger() const = 0;
    virtual double raw_token_share() const = 0;
    /// Pairs of a query and a coded token that were read since clear().
    virtual std::int64_t coded_reads() const = 0;
    /// How many of them a window must have, from the definitions alone.
    virtual std::int64_t predicted_reads() const = 0;
    virtual bool on_device() const = 0;
    /// Makes zero of what is stored from now on, before it is read; on a device only.
    virtual void wreck() = 0;
};

struct MeasuredPastOptions
{
    int sequences = 1;
    int window_tokens = 0;
    Protocol protocol;
    ReadAs read_as = ReadAs::Compressed;
    const kernels::cuda::Operations* maybe_kernels = nullptr; ///< as choose_device() takes them
};

/// `maybe_why_not` as choose_device() sets it.
std::unique_ptr<MeasuredPast> open_measured_past(const Decoder& decoder,
                                                 const std::shared_ptr<const FittedConfiguration>& fitted,
                                                 const MeasuredPastOptions& options, std::string& maybe_why_not);

} // namespace kvw
