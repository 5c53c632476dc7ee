// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

namespace kvw {

/// The SQLite connection of a store, its transactions, and the one place where SQLite's errors become ours.
class Connection
{
public:
    /// Query: opened for writing, so that lock files are cleaned up, and not used for it. ReadOnly: the system does not
    /// allow writing. Immutable: neither that nor lock files beside it, and nobody else has it open.
    enum class Mode { Create, ReadWrite, Query, ReadOnly, Immutable };

    /// Opens the file and reads nothing of it yet. Throws as guarded() does.
    Connection(const std::filesystem::path& file, Mode mode, int busy_timeout_ms);

    SQLite::Database& database() const noexcept { return *database_; }
    /// The file as the user named it, for messages.
    const std::string& name() const noexcept { return name_; }
    /// The file itself: absolute, symbolic links followed.
    const std::filesystem::path& path() const noexcept { return path_; }
    Mode mode() const noexcept { return mode_; }
    /// Whether the system lets this connection write to the file.
    bool writable() const;

    /// The file's first bytes and its length, through SQLite and without any lock or change. (Opening the file beside
    /// SQLite would drop this process' locks on it when it is closed again.)
    struct Head
    {
        std::array<unsigned char, 100> bytes{};
        std::int64_t file_bytes = 0;

        /// Big endian, as SQLite's file format (1.3) has them.
        std::int64_t number(std::size_t at, std::size_t size) const;
        /// Length that the file has when no log or journal is beside it; 0 when the header does not say.
        std::int64_t stated_bytes() const;
    };
    Head head() const;

    /// work(), with SQLite's errors translated: "FILE: DOING: what happened".
    template<typename Work>
    auto guarded(std::string_view doing, Work&& work) const -> decltype(work())
    {
        check_unchanged();
        forget_system_error();
        try {
            return work();
        } catch (const SQLite::Exception& error) {
            fail(doing, error);
        } catch (const std::bad_alloc&) {
            fail_memory(doing);
        }
    }

    /// guarded(), all reads of `work` from one state of the store.
    template<typename Work>
    auto read(std::string_view doing, Work&& work) const -> decltype(work())
    {
        return guarded(doing, [&] { return in_scope(Scope::Read, work); });
    }

    /// guarded(), as one transaction; inside transaction() as a part of it that is undone alone when `work` throws.
    template<typename Work>
    auto write(std::string_view doing, Work&& work) -> decltype(work())
    {
        check_writable();
        return guarded(doing, [&] { return in_scope(Scope::Write, work); });
    }

    /// Several writes as one: all of them or none.
    void transaction(const std::function<void()>& work);
    bool in_transaction() const noexcept { return in_transaction_; }

    /// The sentence that a write to this read-only store is refused with; set by open().
    void set_read_only_reason(std::string reason) { read_only_reason_ = std::move(reason); }

    /// `changed` rows, or Error{InvalidArgument}: there is no `what` with that number.
    void require_changed(int changed, std::string_view what, std::int64_t number) const;

private:
    class Scope
    {
    public:
        enum Kind { Read, Write };
        Scope(const Connection& connection, Kind kind);
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        ~Scope();
        void commit();

    private:
        const Connection& connection_;
        const char* end_ = nullptr;  ///< the statement that keeps what was done; null: the outer transaction does
        const char* undo_ = nullptr; ///< the one that does not
    };

    template<typename Work>
    auto in_scope(typename Scope::Kind kind, Work&& work) const -> decltype(work())
    {
        Scope scope(*this, kind);
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            scope.commit();
        } else {
            auto result = work();
            scope.commit();
            return result;
        }
    }

    [[noreturn]] void fail(std::string_view doing, const SQLite::Exception& error) const;
    [[noreturn]] void fail_memory(std::string_view doing) const;
    void forget_system_error() const noexcept;
    void note_system_error() const noexcept;
    bool disk_is_full() const noexcept;
    void check_writable() const;
    void check_unchanged() const;
    void check_still_open() const;
    std::int64_t stamp() const;

    std::string name_;
    std::filesystem::path path_;
    Mode mode_;
    int busy_timeout_ms_;
    std::string read_only_reason_;
    std::unique_ptr<SQLite::Database> database_;
    bool in_transaction_ = false;
    mutable int system_error_ = 0; ///< errno of a call that failed
    std::int64_t stamp_ = 0;       ///< of an immutable file when it was opened
};

} // namespace kvw
