// See lib/top.h. Names of users and groups come from the container's own files, read as texts through its root.
#include "lib/top.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_files.h"
#include "lib/processes.h"
#include "lib/time_point.h"
#include "rootless/caps.h"

#include <sys/sysmacros.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

namespace lib {
namespace {

/// id → name, from a text like /etc/passwd or /etc/group: both have the name first and the id third.
std::map<std::uint32_t, std::string> names_by_id(const std::string& text) {
    std::map<std::uint32_t, std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string name, password, id;
        std::getline(fields, name, ':');
        std::getline(fields, password, ':');
        std::getline(fields, id, ':');
        if (!name.empty() && !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos)
            names.try_emplace(static_cast<std::uint32_t>(std::stoul(id)), name);
    }
    return names;
}

/// What the rows of one table have in common.
struct Context {
    std::map<std::uint32_t, std::string> users, groups, host_users, host_groups;
    std::string uid_map, gid_map;
    std::int64_t ticks = ::sysconf(_SC_CLK_TCK); ///< per second
    std::int64_t since_boot = 0;                 ///< ns
    std::int64_t now = 0;                        ///< ns since the epoch

    std::string user(std::uint32_t id) const { return name_of(users, map_id(uid_map, id)); }
    std::string group(std::uint32_t id) const { return name_of(groups, map_id(gid_map, id)); }
    static std::string name_of(const std::map<std::uint32_t, std::string>& names, std::uint32_t id) {
        const auto found = names.find(id);
        return found == names.end() ? std::to_string(id) : found->second;
    }
    std::int64_t nanoseconds(std::uint64_t count) const { return static_cast<std::int64_t>(count) * (1'000'000'000 / ticks); }
    std::int64_t age(const ProcessInfo& p) const { return std::max<std::int64_t>(0, since_boot - nanoseconds(p.start_ticks)); }
};

std::string list_of(const std::vector<gid_t>& ids, const std::function<std::string(std::uint32_t)>& name) {
    std::string text;
    for (const gid_t id : ids) text += (text.empty() ? "" : ",") + name(id);
    return text;
}

std::string capabilities(std::uint64_t set) {
    if (set == 0) return "none";
    if ((set & rootless::all_caps()) == rootless::all_caps()) return "full";
    std::string text;
    for (const std::string& name : rootless::capability_names(set))
        text += (text.empty() ? "" : ",") + (name.starts_with("CAP_") ? name.substr(4) : name);
    return text;
}

std::string tty(int device) {
    const unsigned number = major(static_cast<dev_t>(device));
    if (number >= 136 && number <= 143) return cat("pts/", (number - 136) * 256 + minor(static_cast<dev_t>(device)));
    if (number == 4) return cat("tty", minor(static_cast<dev_t>(device)));
    return "?";
}

std::string seccomp(int mode) { return mode == 0 ? "disabled" : mode == 1 ? "strict" : "filter"; }

std::string cpu_percent(const ProcessInfo& p, const Context& c) {
    const std::int64_t age = c.age(p);
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", age == 0 ? 0.0 : 100.0 * static_cast<double>(c.nanoseconds(p.user_ticks + p.system_ticks)) / static_cast<double>(age));
    return text;
}

std::string label(const ProcessInfo& p) {
    std::string text;
    try {
        text = files::find(cat("/proc/", p.pid, "/attr/current")).value_or("");
    } catch (const Error&) {
        return "?"; // no security module, or not ours to look at
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
    return text.empty() ? "?" : text;
}

std::string start_time(const ProcessInfo& p, const Context& c) {
    const auto text = format_rfc3339(c.now - c.age(p));
    return {text.data(), text.size()};
}

struct Column {
    const char* name;
    const char* code; ///< ps's, may be null
    const char* heading;
    std::string (*value)(const ProcessInfo&, const Context&);
};

using P = const ProcessInfo&;
using C = const Context&;
const Column columns[] = {
    {"args", "%a", "COMMAND", [](P p, C) { return p.command; }},
    {"capamb", nullptr, "AMBIENT CAPS", [](P p, C) { return capabilities(p.cap_ambient); }},
    {"capbnd", nullptr, "BOUNDING CAPS", [](P p, C) { return capabilities(p.cap_bounding); }},
    {"capeff", nullptr, "EFFECTIVE CAPS", [](P p, C) { return capabilities(p.cap_effective); }},
    {"capinh", nullptr, "INHERITED CAPS", [](P p, C) { return capabilities(p.cap_inheritable); }},
    {"capprm", nullptr, "PERMITTED CAPS", [](P p, C) { return capabilities(p.cap_permitted); }},
    {"comm", "%c", "COMMAND", [](P p, C) { return p.name; }},
    {"etime", "%t", "ELAPSED", [](P p, C c) { return go_duration(c.age(p)); }},
    {"group", "%G", "GROUP", [](P p, C c) { return c.group(p.effective_gid); }},
    {"groups", nullptr, "GROUPS", [](P p, C c) { return list_of(p.groups, [&](std::uint32_t id) { return c.group(id); }); }},
    {"hgroup", nullptr, "HGROUP", [](P p, C c) { return Context::name_of(c.host_groups, p.effective_gid); }},
    {"hgroups", nullptr, "HGROUPS", [](P p, C c) { return list_of(p.groups, [&](std::uint32_t id) { return Context::name_of(c.host_groups, id); }); }},
    {"hpid", nullptr, "HPID", [](P p, C) { return std::to_string(p.pid); }},
    {"huser", nullptr, "HUSER", [](P p, C c) { return Context::name_of(c.host_users, p.effective_uid); }},
    {"label", nullptr, "LABEL", [](P p, C) { return label(p); }},
    {"nice", "%n", "NI", [](P p, C) { return std::to_string(p.nice); }},
    {"pcpu", "%C", "%CPU", [](P p, C c) { return cpu_percent(p, c); }},
    {"pgid", "%r", "PGID", [](P p, C) { return std::to_string(p.inner_group); }},
    {"pid", "%p", "PID", [](P p, C) { return std::to_string(p.inner_pids.empty() ? p.pid : p.inner_pids.back()); }},
    {"ppid", "%P", "PPID", nullptr}, // needs the other rows
    {"rgroup", "%g", "RGROUP", [](P p, C c) { return c.group(p.real_gid); }},
    {"rss", nullptr, "RSS", [](P p, C) { return std::to_string(p.resident / 1024); }},
    {"ruser", "%u", "RUSER", [](P p, C c) { return c.user(p.real_uid); }},
    {"seccomp", nullptr, "SECCOMP", [](P p, C) { return seccomp(p.seccomp); }},
    {"state", nullptr, "STATE", [](P p, C) { return std::string(1, p.state); }},
    {"stime", nullptr, "STIME", [](P p, C c) { return start_time(p, c); }},
    {"time", "%x", "TIME", [](P p, C c) { return go_duration(c.nanoseconds(p.user_ticks + p.system_ticks)); }},
    {"tty", "%y", "TTY", [](P p, C) { return tty(p.tty); }},
    {"user", "%U", "USER", [](P p, C c) { return c.user(p.effective_uid); }},
    {"vsz", "%z", "VSZ", [](P p, C) { return std::to_string(p.virtual_size / 1024); }},
};

const Column* find_column(const std::string& word) {
    for (const Column& column : columns)
        if (word == column.name || (column.code != nullptr && word == column.code)) return &column;
    return nullptr;
}

/// ps's ways to say "everything".
bool is_everything(const std::string& word) {
    for (const char* known : {"aux", "-aux", "-ef", "ef", "-e", "-f", "-A", "ax", "-ax", "a", "x", "u"})
        if (word == known) return true;
    return false;
}

std::vector<const Column*> choose_columns(const std::vector<std::string>& words) {
    std::vector<const Column*> chosen;
    for (const std::string& word : words) {
        if (is_everything(word) || word == "--" || word == "-o" || word == "o" || word == "-eo") continue;
        std::string separated = word;
        std::replace(separated.begin(), separated.end(), ',', ' ');
        std::istringstream names(separated);
        for (std::string name; names >> name;) {
            const Column* column = find_column(name);
            if (column == nullptr) {
                std::string known;
                for (const std::string& d : top_descriptors()) known += (known.empty() ? "" : " ") + d;
                throw Error("unknown column \"", name, "\"; known are ", known);
            }
            chosen.push_back(column);
        }
    }
    if (chosen.empty())
        for (const char* name : {"user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"}) chosen.push_back(find_column(name));
    return chosen;
}

Context make_context(const ContainerRecord& record, const ContainerState& state) {
    Context context;
    const JoinTarget target = find_join_target(record, state);
    context.users = names_by_id(read_running(target, state, "/etc/passwd"));
    context.groups = names_by_id(read_running(target, state, "/etc/group"));
    context.host_users = names_by_id(files::find("/etc/passwd").value_or(""));
    context.host_groups = names_by_id(files::find("/etc/group").value_or(""));
    context.uid_map = files::find(cat("/proc/", target.pid, "/uid_map")).value_or("");
    context.gid_map = files::find(cat("/proc/", target.pid, "/gid_map")).value_or("");
    struct timespec boot {};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    context.since_boot = boot.tv_sec * 1'000'000'000 + boot.tv_nsec;
    context.now = sys::realtime_ns();
    return context;
}

/// As the container sees it: 0 for a parent outside.
std::string parent_pid(const ProcessInfo& process, const std::vector<ProcessInfo>& all) {
    for (const ProcessInfo& other : all)
        if (other.pid == process.parent && other.inner_pids.size() == process.inner_pids.size())
            return std::to_string(other.inner_pids.empty() ? other.pid : other.inner_pids.back());
    return "0";
}

} // namespace

std::vector<std::string> top_descriptors() {
    std::vector<std::string> names;
    for (const Column& column : columns) names.emplace_back(column.name);
    return names;
}

TopTable top_container(Engine& engine, const std::string& id_or_name, const std::vector<std::string>& words) {
    const std::vector<const Column*> chosen = choose_columns(words);
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerState state = dir.load_state();
    const Context context = make_context(dir.load_record(), state);
    const std::vector<ProcessInfo> processes = container_processes(state);
    TopTable table;
    for (const Column* column : chosen) table.headings.emplace_back(column->heading);
    for (const ProcessInfo& process : processes) {
        std::vector<std::string>& row = table.rows.emplace_back();
        for (const Column* column : chosen)
            row.push_back(column->value == nullptr ? parent_pid(process, processes) : column->value(process, context));
    }
    return table;
}

} // namespace lib
