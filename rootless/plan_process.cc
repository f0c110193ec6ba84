// The process half of a plan; see rootless/plan.h.
#include "base/process_title.h"
#include "rootless/caps.h"
#include "rootless/plan.h"

#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace rootless {
namespace {

struct RlimitName {
    const char* name;
    int resource;
};
constexpr RlimitName rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},     {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},   {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},   {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_RSS", RLIMIT_RSS},       {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},   {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}, {"RLIMIT_STACK", RLIMIT_STACK}};

/// What this kernel knows of them.
std::uint64_t capability_mask(const std::vector<std::string>& names) {
    std::uint64_t mask = 0;
    for (const std::string& name : names)
        if (const auto number = find_capability(name); number && *number <= last_cap()) mask |= cap_bit(*number);
    return mask;
}

struct Word {
    const char* name;
    std::uint32_t value;
};
constexpr std::uint32_t sched_iso = 4; // reserved, in no kernel (linux/sched.h)
constexpr Word scheduler_policies[] = {{"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
                                       {"SCHED_BATCH", SCHED_BATCH},  {"SCHED_ISO", sched_iso},   {"SCHED_IDLE", SCHED_IDLE},
                                       {"SCHED_DEADLINE", SCHED_DEADLINE}};
constexpr Word scheduler_flags[] = {{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK}, {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
                                    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},       {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
                                    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},     {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
                                    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX}};
constexpr Word io_classes[] = {{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT}, {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE}, {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE}};

template <std::size_t N>
std::uint32_t word_value(const Word (&words)[N], const std::string& name, const char* field) {
    const auto* found = std::ranges::find_if(words, [&](const Word& w) { return name == w.name; });
    if (found == std::end(words)) throw Error(field, ": unknown word \"", name, "\"");
    return found->value;
}

/// "0-3,7" as a mask. Throws Error naming the field.
void set_cpus(CpuMask& mask, const std::string& list, const char* field) {
    constexpr std::size_t most = sizeof(CpuMask) * 8, bits = 8 * sizeof mask[0];
    const char* at = list.data();
    const char* const end = at + list.size();
    const auto fail = [&] { throw Error(field, ": \"", list, "\" is no list of processors such as 0-3,7"); };
    const auto number = [&] {
        std::size_t value = 0;
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc() || value >= most) fail();
        at = next;
        return value;
    };
    for (;;) {
        const std::size_t first = number();
        std::size_t last = first;
        if (at != end && *at == '-') {
            ++at;
            last = number();
        }
        if (last < first) fail();
        for (std::size_t cpu = first; cpu <= last; ++cpu) mask[cpu / bits] |= 1UL << cpu % bits;
        if (at == end) return;
        if (*at++ != ',') fail();
    }
}

} // namespace

void ChildProgram::set_process(const oci::Process& process, const PlanExtras& extras, bool is_exec) {
    if (process.args.empty()) throw Error("process.args: empty");
    ProcessPlan& p = plan_.process;
    groups_.assign(process.user.additional_gids.begin(), process.user.additional_gids.end());
    for (const oci::Rlimit& limit : process.rlimits) {
        const auto* known = std::find_if(std::begin(rlimit_names), std::end(rlimit_names),
                                         [&](const RlimitName& n) { return limit.type == n.name; });
        if (known == std::end(rlimit_names)) throw Error("process.rlimits: unknown type \"", limit.type, "\"");
        limits_.push_back({known->resource, limit.soft, limit.hard});
    }
    cwd_ = process.cwd;
    p.cwd = keep(cwd_);
    p.uid = process.user.uid;
    p.gid = process.user.gid;
    p.groups = groups_;
    p.set_groups = !extras.single_id && !extras.keep_groups;
    p.umask = process.user.umask.value_or(0022);
    p.capabilities = {capability_mask(process.capabilities.bounding), capability_mask(process.capabilities.effective),
                      capability_mask(process.capabilities.permitted), capability_mask(process.capabilities.inheritable),
                      capability_mask(process.capabilities.ambient), last_cap()};
    p.capabilities.ambient &= p.capabilities.permitted & p.capabilities.inheritable; // the kernel has no others (capabilities(7))
    p.no_new_privileges = process.no_new_privileges;
    p.seccomp = extras.seccomp;
    p.seccomp_flags = extras.seccomp_flags;
    p.limits = limits_;
    if (process.oom_score_adj) p.oom_score_adj = keep(std::to_string(*process.oom_score_adj));
    p.new_keyring = extras.new_keyring;
    preserved_ = extras.preserved_fds;
    p.preserved = preserved_;
    p.init = extras.init;
    p.title = process_title_room();
    p.terminal = process.terminal;
    p.rows = extras.rows;
    p.columns = extras.columns;
    std::copy(std::begin(extras.stdio), std::end(extras.stdio), std::begin(p.stdio));
    p.argv = const_cast<char* const*>(keep_pointers(process.args));
    p.envp = const_cast<char* const*>(keep_pointers(process.env));
    set_scheduling(process, is_exec);
    set_label(process);
    set_candidates(process, extras.program);
}

void ChildProgram::set_personality(const std::string& domain) {
    if (domain.empty()) return;
    if (domain != "LINUX" && domain != "LINUX32") throw Error("linux.personality: unknown domain \"", domain, "\"");
    plan_.process.personality = domain == "LINUX32" ? PER_LINUX32 : PER_LINUX;
}

/// execvp(3)'s search, done beforehand: a command with a slash is itself, others are looked for along PATH.
void ChildProgram::set_candidates(const oci::Process& process, const std::string& program) {
    command_ = program.empty() ? process.args[0] : program;
    std::vector<std::string> candidates;
    if (command_.find('/') != std::string::npos) {
        candidates.push_back(command_);
    } else {
        std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (const std::string& variable : process.env)
            if (variable.starts_with("PATH=")) path = variable.substr(5);
        for (std::size_t start = 0; start <= path.size() && !command_.empty();) {
            const std::size_t end = std::min(path.find(':', start), path.size());
            const std::string dir = path.substr(start, end - start);
            candidates.push_back(cat(dir.empty() ? "." : dir, "/", command_));
            start = end + 1;
        }
    }
    plan_.process.candidates = keep_pointers(candidates);
}

std::vector<std::string> unknown_capabilities(const oci::Capabilities& caps) {
    std::vector<std::string> unknown;
    for (const auto* set : {&caps.bounding, &caps.effective, &caps.permitted, &caps.inheritable, &caps.ambient})
        for (const std::string& name : *set) {
            const auto number = find_capability(name);
            if ((!number || *number > last_cap()) && std::ranges::find(unknown, name) == unknown.end()) unknown.push_back(name);
        }
    return unknown;
}

/// What is said of scheduling, in the kernel's terms.
void ChildProgram::set_scheduling(const oci::Process& process, bool is_exec) {
    ProcessPlan& p = plan_.process;
    if (const auto& wanted = process.scheduler) {
        scheduler_.policy = word_value(scheduler_policies, wanted->policy, "process.scheduler.policy");
        for (const std::string& flag : wanted->flags) scheduler_.flags |= word_value(scheduler_flags, flag, "process.scheduler.flags");
        scheduler_.nice = wanted->nice;
        scheduler_.priority = static_cast<std::uint32_t>(wanted->priority);
        scheduler_.runtime = wanted->runtime;
        scheduler_.deadline = wanted->deadline;
        scheduler_.period = wanted->period;
        p.scheduler = &scheduler_;
    }
    if (const auto& wanted = process.io_priority)
        p.io_priority = static_cast<int>(word_value(io_classes, wanted->io_class, "process.ioPriority.class") << IOPRIO_CLASS_SHIFT) | wanted->priority;
    if (!is_exec || !process.exec_cpu_affinity) return; // the specification has it for exec alone
    if (const std::string& list = process.exec_cpu_affinity->initial; !list.empty()) {
        set_cpus(initial_cpus_, list, "process.execCPUAffinity.initial");
        p.initial_cpus = &initial_cpus_;
    }
    if (const std::string& list = process.exec_cpu_affinity->final; !list.empty()) {
        set_cpus(final_cpus_, list, "process.execCPUAffinity.final");
        p.final_cpus = &final_cpus_;
    }
}

/// AppArmor's profile or SELinux's label. Throws Error where the kernel has not the module switched on.
void ChildProgram::set_label(const oci::Process& process) {
    ProcessPlan& p = plan_.process;
    if (!process.apparmor_profile.empty()) {
        if (::access("/sys/kernel/security/apparmor", F_OK) != 0 && ::access("/proc/self/attr/apparmor/exec", F_OK) != 0)
            throw Error("process.apparmorProfile: \"", process.apparmor_profile, "\" cannot be applied: this kernel has AppArmor not switched on");
        p.lsm_file = ::access("/proc/self/attr/apparmor/exec", F_OK) == 0 ? "/proc/self/attr/apparmor/exec" : "/proc/self/attr/exec";
        p.lsm_label = keep("exec " + process.apparmor_profile);
    }
    if (process.selinux_label.empty()) return;
    if (::access("/sys/fs/selinux/enforce", F_OK) != 0)
        throw Error("process.selinuxLabel: \"", process.selinux_label, "\" cannot be applied: this kernel has SELinux not switched on");
    p.lsm_file = "/proc/self/attr/exec";
    p.lsm_label = keep(process.selinux_label);
}

} // namespace rootless
