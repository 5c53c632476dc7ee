// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvw::protocol {

/// The worker speaks this version in its hello; it changes when an old reader would misunderstand.
inline constexpr int kVersion = 1;
inline constexpr std::size_t kMaxLineBytes = 64 * 1024; ///< of a line, its newline included
inline constexpr std::size_t kMaxTextBytes = 4096;      ///< of a message, hint, warning or piece of text
inline constexpr std::size_t kMaxNameBytes = 256;       ///< of every other string
inline constexpr std::size_t kMaxListItems = 16;        ///< devices, tables

/// First message. `build` is the code's version, `devices` what can be asked for ("cpu", "cuda:0 NVIDIA H200").
struct Hello
{
    int protocol = kVersion;
    std::string version, build;
    std::vector<std::string> devices;
    bool operator==(const Hello&) const = default;
};

/// Stage `index` of `count` begins; index from 0, below count.
struct Stage
{
    int index = 0, count = 1;
    std::string name;
    bool operator==(const Stage&) const = default;
};

/// Of the current stage; 0 <= done, total is 0 where it is not known.
struct Progress
{
    double done = 0, total = 0;
    std::string unit;
    std::optional<double> eta_s;
    bool operator==(const Progress&) const = default;
};

/// A point of a curve. `value` may be NaN or infinite (then null on the line, and NaN when read); `x` is finite.
struct Metric
{
    std::string name;
    double x = 0, value = 0;
    bool operator==(const Metric&) const = default;
};

/// The next piece of a text that is being generated, UTF-8 cut between characters; `index` is the configuration's place
/// in the job, from 0. The pieces are what a person may watch; what counts is in the store once it is committed.
struct Text
{
    int index = 0;
    std::string text;
    bool operator==(const Text&) const = default;
};

/// Rows of these tables of the store are there to be read; `run` where they belong to one.
struct Committed
{
    std::vector<std::string> tables;
    std::optional<std::int64_t> run;
    bool operator==(const Committed&) const = default;
};

struct Warning
{
    std::string message, hint;
    bool operator==(const Warning&) const = default;
};

/// Every two seconds; `elapsed_s` since the hello.
struct Heartbeat
{
    double elapsed_s = 0;
    bool operator==(const Heartbeat&) const = default;
};

enum class Status { Succeeded, Failed, Cancelled };

/// Exactly once, last. `code` is "ok", or the name of the error's kind ("bad_input").
struct Result
{
    Status status = Status::Succeeded;
    std::string code = "ok";
    std::string message, hint;
    bool operator==(const Result&) const = default;
};

/// To the worker: finish the unit of work, commit, exit.
struct Cancel
{
    bool operator==(const Cancel&) const = default;
};

/// A well-formed message of a type that this version does not know; readers ignore it.
struct Unknown
{
    std::string type;
    bool operator==(const Unknown&) const = default;
};

using Message =
    std::variant<Hello, Stage, Progress, Metric, Text, Committed, Warning, Heartbeat, Result, Cancel, Unknown>;

/// Why a line is no message: one sentence, printable, at most a few hundred bytes.
struct ProtocolError
{
    std::string message;
    bool operator==(const ProtocolError&) const = default;
};

using Decoded = std::variant<Message, ProtocolError>;

/// "hello", "stage", ...; that of an Unknown is its own.
std::string type_name(const Message& message);

/// One JSON object and a newline, at most kMaxLineBytes. Texts beyond their limits are cut at a character and end in
/// "...", lists beyond theirs lose their tail, and bytes that are no UTF-8 become U+FFFD: what a worker has to say
/// always arrives. Throws Error{Internal} for a number that the message must not have (a NaN that is no metric's
/// value).
std::string encode(const Message& message);

/// Reads one line, with or without its newline; the line is not trusted. Fields that this version does not know are
/// ignored; missing ones, wrong types, numbers out of range and anything beyond the limits are an error. Never throws
/// but for lack of memory.
Decoded decode(std::string_view line);

} // namespace kvw::protocol
