// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/run.h"
#include "core/store/fields.h"

#include <string>
#include <unordered_map>

namespace kvw {

/// Reads runs with the rows that they point to; each model, text and environment is fetched once.
class ProvenanceReader
{
public:
    explicit ProvenanceReader(const Connection& connection) : connection_(connection) {}

    /// The columns of table run that read() takes.
    static std::string columns();
    Provenance read(sql::RowReader& row);

private:
    const Connection& connection_;
    std::unordered_map<std::string, ModelRecord> models_;
    std::unordered_map<std::string, TextRecord> texts_;
    std::unordered_map<RowId, EnvironmentRecord> environments_;
};

} // namespace kvw
