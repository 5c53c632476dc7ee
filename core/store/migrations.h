// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/connection.h"

#include <span>
#include <string>
#include <string_view>

namespace kvw {

/// One step of the store's tables, from version - 1 to version. The file resources/migrations/0007_words.sql is version
/// 7 with the name "0007_words"; docs/store.md has the rules for writing one.
struct Migration
{
    int version;
    std::string_view name;
    std::string_view sql;
};

/// Those of this program, by version from 1. Compiled in by cmake/KvwMigrations.cmake.
std::span<const Migration> built_in_migrations() noexcept;

/// The version that a store has after the last of them; 0 for none.
int newest_version(std::span<const Migration> migrations) noexcept;

/// What a store says of itself.
struct StoreVersion
{
    int version = 0;            ///< user_version; 0: no tables yet
    int minimum_compatible = 0; ///< the oldest version whose programs can read it; 0 when version is 0
};
/// Throws Error{BadInput} when meta is missing or has no whole number there.
StoreVersion read_version(const Connection& connection);

/// Runs what the store lacks, each in one transaction with the new version number. Another process may be doing the
/// same: whoever comes second finds it done. A migration that fails leaves the store at the version before it.
void migrate(Connection& connection, std::span<const Migration> migrations);

/// The row of meta, or empty.
std::string meta_value(const Connection& connection, std::string_view name);
void put_meta_value(Connection& connection, std::string_view name, std::string_view value);

} // namespace kvw
