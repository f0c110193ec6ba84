// `process` of config.json; see base/oci/runtime_spec.h.
#include "base/oci/json_text.h"
#include "base/oci/runtime_spec_parts.h"

#include <nlohmann/json.hpp>

#include <set>

namespace oci::spec {
namespace {

using nlohmann::json;

User read_user(const Fields& object) {
    User user{id(object, "uid"), id(object, "gid"), std::nullopt, {}};
    if (const auto umask = object.number("umask", 0777)) user.umask = static_cast<std::uint32_t>(*umask);
    if (const json* gids = object.find("additionalGids")) {
        if (!gids->is_array()) throw Error(object.at("additionalGids"), ": expected a list of numbers");
        for (const json& gid : *gids) {
            if (!gid.is_number_unsigned() || gid.get<std::uint64_t>() >= std::numeric_limits<std::uint32_t>::max())
                throw Error(object.at("additionalGids"), ": expected a list of 32-bit numbers");
            user.additional_gids.push_back(gid.get<std::uint32_t>());
        }
    }
    return user;
}

std::vector<Rlimit> read_rlimits(const Fields& object) {
    std::vector<Rlimit> limits;
    std::set<std::string> seen;
    for (const Fields& entry : object.objects("rlimits")) {
        Rlimit limit{entry.required_text("type"), required_number(entry, "soft"), required_number(entry, "hard")};
        check_word(entry, "type", limit.type,
                   {"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE",
                    "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING",
                    "RLIMIT_STACK"});
        if (!seen.insert(limit.type).second) throw Error(entry.at("type"), ": ", limit.type, " is there twice");
        if (limit.soft > limit.hard) throw Error(entry.at("soft"), ": ", limit.soft, " is above the hard limit of ", limit.hard);
        limits.push_back(std::move(limit));
    }
    return limits;
}

/// What belongs to one policy is refused with another, as the kernel would ignore it.
void check_scheduler(const Fields& object, const Scheduler& scheduler) {
    if (scheduler.policy == "SCHED_ISO") refuse(object, "policy", "Linux has no SCHED_ISO");
    const bool real_time = scheduler.policy == "SCHED_FIFO" || scheduler.policy == "SCHED_RR";
    if (real_time && (scheduler.priority < 1 || scheduler.priority > 99))
        throw Error(object.at("priority"), ": ", scheduler.priority, " is out of range, which is 1 to 99 for ", scheduler.policy);
    if (!real_time && scheduler.priority != 0) throw Error(object.at("priority"), ": ", scheduler.policy, " has none");
    const bool deadline = scheduler.policy == "SCHED_DEADLINE";
    if (!deadline && (scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0))
        throw Error(object.at(scheduler.runtime != 0 ? "runtime" : scheduler.deadline != 0 ? "deadline" : "period"), ": ",
                    scheduler.policy, " has none");
    if (!deadline) return;
    if (scheduler.runtime == 0) throw Error(object.at("runtime"), ": SCHED_DEADLINE needs one");
    if (scheduler.deadline < scheduler.runtime) throw Error(object.at("deadline"), ": must be at least the runtime");
    if (scheduler.period != 0 && scheduler.period < scheduler.deadline) throw Error(object.at("period"), ": must be at least the deadline");
}

Scheduler read_scheduler(const Fields& object) {
    Scheduler scheduler;
    scheduler.policy = object.required_text("policy");
    check_word(object, "policy", scheduler.policy,
               {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"});
    scheduler.nice = signed_number<std::int32_t>(object, "nice", -20, 19).value_or(0);
    scheduler.priority = signed_number<std::int32_t>(object, "priority").value_or(0);
    scheduler.flags = texts(object, "flags");
    for (const std::string& flag : scheduler.flags)
        check_word(object, "flags", flag,
                   {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
                    "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"});
    scheduler.runtime = object.number("runtime").value_or(0);
    scheduler.deadline = object.number("deadline").value_or(0);
    scheduler.period = object.number("period").value_or(0);
    check_scheduler(object, scheduler);
    return scheduler;
}

IoPriority read_io_priority(const Fields& object) {
    IoPriority priority;
    priority.io_class = object.required_text("class");
    check_word(object, "class", priority.io_class, {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"});
    const auto level = signed_number<int>(object, "priority", 0, 7);
    if (!level) throw Error(object.at("priority"), ": missing");
    priority.priority = *level;
    return priority;
}

/// "0-3,7": numbers and ranges. No machine has more than the 8192 CPUs that the kernel can be built for.
bool is_cpu_list(const std::string& list) {
    constexpr unsigned most = 8191;
    std::size_t at = 0;
    const auto number = [&]() -> std::optional<unsigned> {
        unsigned value = 0;
        const std::size_t first = at;
        for (; at < list.size() && list[at] >= '0' && list[at] <= '9' && value <= most; ++at) value = value * 10 + static_cast<unsigned>(list[at] - '0');
        if (at == first || value > most) return std::nullopt;
        return value;
    };
    while (true) {
        const auto first = number();
        if (!first) return false;
        if (at < list.size() && list[at] == '-') {
            ++at;
            const auto last = number();
            if (!last || *last < *first) return false;
        }
        if (at == list.size()) return true;
        if (list[at++] != ',') return false;
    }
}

std::string cpu_list(const Fields& object, const char* name) {
    std::string list = object.text(name);
    if (!list.empty() && !is_cpu_list(list)) throw Error(object.at(name), ": \"", printable(list), "\" is no list of CPUs such as 0-3,7");
    return list;
}

ConsoleSize read_console_size(const Fields& object) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint16_t>::max();
    return {static_cast<std::uint16_t>(required_number(object, "height", most)),
            static_cast<std::uint16_t>(required_number(object, "width", most))};
}

} // namespace

Process read_process(const Fields& object) {
    Process process;
    process.terminal = object.flag("terminal");
    // Without a terminal it MUST be ignored, whatever it is.
    if (process.terminal)
        if (const auto size = object.object("consoleSize")) process.console_size = read_console_size(*size);
    if (const auto user = object.object("user")) process.user = read_user(*user);
    process.args = texts(object, "args");
    if (process.args.empty()) throw Error(object.at("args"), ": missing: there is nothing to run");
    process.env = texts(object, "env");
    process.cwd = object.required_text("cwd");
    check_absolute(object, "cwd", process.cwd);
    if (const auto caps = object.object("capabilities"))
        process.capabilities = {texts(*caps, "bounding"), texts(*caps, "effective"), texts(*caps, "inheritable"),
                                texts(*caps, "permitted"), texts(*caps, "ambient")};
    process.rlimits = read_rlimits(object);
    process.no_new_privileges = object.flag("noNewPrivileges");
    process.oom_score_adj = signed_number<int>(object, "oomScoreAdj", -1000, 1000);
    if (const auto scheduler = object.object("scheduler")) process.scheduler = read_scheduler(*scheduler);
    if (const auto priority = object.object("ioPriority")) process.io_priority = read_io_priority(*priority);
    if (const auto affinity = object.object("execCPUAffinity"))
        process.exec_cpu_affinity = CpuAffinity{cpu_list(*affinity, "initial"), cpu_list(*affinity, "final")};
    process.apparmor_profile = object.text("apparmorProfile");
    process.selinux_label = object.text("selinuxLabel");
    return process;
}

} // namespace oci::spec

namespace oci {

Process parse_process(const std::string& text, const std::string& file) {
    const nlohmann::json document = parse_json_text(text, file);
    spec::refuse_nul(document, file + ": process");
    return spec::read_process(Fields(document, file));
}

} // namespace oci
