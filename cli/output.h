// Printing: standard output that notices its errors, tables, sizes and times for humans, JSON, and text of others made
// harmless for a terminal (names, labels, commands and error texts come from images: security row H6).
#pragma once

#include "base/human_size.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Nobody reads our output any more (`ctl ps -a | head -1`): main ends quietly with the status of a SIGPIPE.
class OutputClosed : public std::exception {
public:
    const char* what() const noexcept override { return "standard output was closed"; }
};

/// Writes to standard output. Throws SysError (a full disk), OutputClosed.
void print(std::string_view text);
/// A line on standard error; failing to write one is ignored, there is nowhere to tell it.
void print_notice(std::string_view text);

/// `text` with control characters (C0, DEL, C1), bidirectional controls, line separators and bytes that are no UTF-8
/// written as \n, \t, \xNN or \u{NNNN}.
std::string escaped(std::string_view text);

/// As Podman prints it: "2 minutes", "About an hour", "3 weeks"; negative durations as none.
std::string human_duration(std::int64_t seconds);
/// "2026-11-22 10:00:00.123 +0100 CET": as Go prints a time, in the caller's zone.
std::string go_time(std::int64_t time_ns);
/// "2 minutes ago" for nanoseconds since the epoch.
std::string human_ago(std::int64_t time_ns, std::int64_t now_ns);

/// The first 12 digits of an id.
std::string short_id(std::string_view id);

/// Indented JSON with a line feed at the end, harmless for a terminal as escaped() is.
std::string json_text(const nlohmann::json& document);

/// Columns padded to their widest cell, two blanks between, nothing after the last. Cells are escaped.
class Table {
public:
    /// Without headings no heading line is printed.
    explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
    void add(std::vector<std::string> cells);
    std::string text() const;

private:
    std::vector<std::string> headings_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace cli
