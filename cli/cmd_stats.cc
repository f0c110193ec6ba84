// ctl stats.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/processes.h"
#include "lib/stats.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace cli {
namespace {

using lib::ContainerStats;
using nlohmann::json;

constexpr const char* unknown = "--";
constexpr const char* clear_screen = "\033[H\033[2J";

/// "3.092MB": four significant digits, steps of 1000.
std::string size_text(std::uint64_t bytes) {
    static constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1000;
    char text[32];
    std::snprintf(text, sizeof text, "%.4g%s", value, units[unit]);
    return text;
}

std::string percent_text(double percent) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f%%", percent);
    return text;
}

/// One container's numbers with the rates since the look before.
struct Sample {
    const ContainerStats& now;
    double cpu = 0;     ///< per cent of one core since the look before
    double average = 0; ///< since the start
};

double cpu_percent(std::uint64_t cpu_ns, std::int64_t wall_ns) {
    return wall_ns <= 0 ? 0 : 100.0 * static_cast<double>(cpu_ns) / static_cast<double>(wall_ns);
}

Sample sample_of(const ContainerStats& now, const std::map<std::string, ContainerStats>& before) {
    Sample sample{now};
    if (!now.running) return sample;
    sample.average = cpu_percent(now.cpu_ns, now.taken - now.started);
    const auto last = before.find(now.id);
    const bool same_run = last != before.end() && last->second.started == now.started && last->second.cpu_ns <= now.cpu_ns;
    sample.cpu = same_run ? cpu_percent(now.cpu_ns - last->second.cpu_ns, now.taken - last->second.taken) : sample.average;
    return sample;
}

std::string pair_text(const std::optional<std::uint64_t>& a, const std::optional<std::uint64_t>& b) {
    return cat(a ? size_text(*a) : unknown, " / ", b ? size_text(*b) : unknown);
}

std::string memory_percent(const ContainerStats& stats) {
    if (!stats.memory_limit || *stats.memory_limit == 0) return unknown;
    return percent_text(100.0 * static_cast<double>(stats.memory) / static_cast<double>(*stats.memory_limit));
}

/// What the table, the JSON and the templates show.
struct Texts {
    std::string id, name, cpu, average, cpu_time, memory, memory_percent, net, block, pids;
};

Texts texts_of(const Sample& sample, bool truncate) {
    const ContainerStats& s = sample.now;
    Texts texts{truncate ? short_id(s.id) : s.id, s.name, unknown, unknown, unknown, cat(unknown, " / ", unknown), unknown,
                cat(unknown, " / ", unknown), cat(unknown, " / ", unknown), unknown};
    if (!s.running) return texts;
    texts.cpu = percent_text(sample.cpu);
    texts.average = percent_text(sample.average);
    texts.cpu_time = lib::go_duration(static_cast<std::int64_t>(s.cpu_ns));
    texts.memory = pair_text(s.memory, s.memory_limit);
    texts.memory_percent = memory_percent(s);
    texts.net = pair_text(s.net_received, s.net_sent);
    texts.block = pair_text(s.block_read, s.block_written);
    texts.pids = std::to_string(s.pids);
    return texts;
}

json json_document(const Texts& t) {
    return {{"id", t.id},          {"name", t.name},         {"cpu_time", t.cpu_time}, {"cpu_percent", t.cpu},
            {"avg_cpu", t.average}, {"mem_usage", t.memory}, {"mem_percent", t.memory_percent},
            {"net_io", t.net},     {"block_io", t.block},    {"pids", t.pids}};
}

json template_document(const Sample& sample, const Texts& t) {
    const ContainerStats& s = sample.now;
    return {{"ID", t.id},
            {"ContainerID", s.id},
            {"Name", t.name},
            {"CPU", sample.cpu},
            {"CPUPerc", t.cpu},
            {"AvgCPU", sample.average},
            {"AVGCPU", t.average},
            {"CPUNano", s.cpu_ns},
            {"CPUSystemNano", s.cpu_system_ns},
            {"Duration", s.cpu_ns},
            {"Up", t.cpu_time},
            {"UpTime", t.cpu_time},
            {"SystemNano", s.taken},
            {"MemUsage", t.memory},
            {"MemUsageBytes", t.memory},
            {"MemLimit", s.memory_limit.value_or(0)},
            {"MemPerc", t.memory_percent},
            {"NetIO", t.net},
            {"BlockIO", t.block},
            {"BlockInput", s.block_read},
            {"BlockOutput", s.block_written},
            {"PIDs", s.pids},
            {"PIDS", t.pids}};
}

constexpr std::pair<std::string_view, std::string_view> headings[] = {
    {"CPUPerc", "CPU %"},   {"MemUsage", "MEM USAGE / LIMIT"}, {"MemUsageBytes", "MEM USAGE / LIMIT"}, {"MemPerc", "MEM %"},
    {"NetIO", "NET IO"},    {"BlockIO", "BLOCK IO"},           {"PIDS", "PIDS"},                       {"AVGCPU", "AVG CPU %"},
    {"UpTime", "CPU TIME"}, {"Up", "CPU TIME"},
};

std::string table_text(const std::vector<Texts>& rows) {
    Table table({"ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET IO", "BLOCK IO", "PIDS", "CPU TIME", "AVG CPU %"});
    for (const Texts& t : rows)
        table.add({t.id, t.name, t.cpu, t.memory, t.memory_percent, t.net, t.block, t.pids, t.cpu_time, t.average});
    return table.text();
}

std::string report(const std::vector<ContainerStats>& list, const std::map<std::string, ContainerStats>& before,
                   const std::optional<std::string>& format, bool truncate) {
    std::vector<Texts> rows;
    std::vector<json> documents;
    const std::optional<Format> parsed = format ? std::optional(Format::parse(*format)) : std::nullopt;
    for (const ContainerStats& stats : list) {
        const Sample sample = sample_of(stats, before);
        rows.push_back(texts_of(sample, truncate));
        if (parsed) documents.push_back(parsed->is_json() ? json_document(rows.back()) : template_document(sample, rows.back()));
    }
    if (!parsed) return table_text(rows);
    FormatContext context = default_context();
    context.headings = headings;
    return parsed->render_all(documents, context);
}

} // namespace

int cmd_stats(const ParsedCommand& command, const Globals& globals) {
    const bool all = command.is_on("all"), stream = !command.is_on("no-stream");
    const auto interval = std::chrono::seconds(parse_integer("interval", command.find("interval").value_or("5"), 1));
    const auto format = command.find("format");
    if (format) Format::parse(*format);
    const bool clear = stream && !command.is_on("no-reset") && ::isatty(STDOUT_FILENO) == 1;
    const lib::Engine engine = globals.make_engine();
    const auto names = arguments_with_latest(command, 0, [&] { return container_ids(engine, Running::or_not); });
    if (all && !names.empty()) throw Error("stats: --all and names exclude each other");
    std::map<std::string, ContainerStats> before;
    for (;;) {
        const auto list = lib::container_stats(engine, names, all);
        print((clear ? clear_screen : "") + report(list, before, format, !command.is_on("no-trunc")));
        const bool over = !names.empty() && std::none_of(list.begin(), list.end(), [](const auto& s) { return s.running; });
        if (!stream || over) return 0;
        before.clear();
        for (const ContainerStats& stats : list) before.emplace(stats.id, stats);
        sys::sleep_for(interval);
    }
}

} // namespace cli
