// Acting on a CgroupPlan: scopes, control files, processes moved, and what is read from them afterwards.
#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/files.h"
#include "base/helper_process.h"
#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <sstream>

namespace rootless {

namespace cgroup_tree {

void write_control(const std::string& path, std::string_view text) {
    sys::write_all(sys::open(path, O_WRONLY).get(), text, path);
}

} // namespace cgroup_tree

namespace {

using namespace std::chrono_literals;
using cgroup_tree::write_control;

/// 0 or the errno of the write, for the callers that have another way.
[[nodiscard]] int try_write_control(const std::string& path, std::string_view text) {
    try {
        write_control(path, text);
        return 0;
    } catch (const SysError& e) {
        return e.err();
    }
}

/// The number after `key` in a flat keyed file such as memory.events; nullopt without such a line.
std::optional<std::int64_t> find_value(std::string_view text, const std::string& key) {
    std::istringstream lines{std::string(text)};
    std::string name;
    for (std::int64_t value = 0; lines >> name >> value;)
        if (name == key) return value;
    return std::nullopt;
}

/// Runs ctl-scope with `arguments`; its complaint becomes the Error.
void run_scope_helper(const CgroupPlan& plan, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--bus", plan.bus});
    HelperProcess helper(plan.scope_helper, std::move(arguments));
    const auto complaint = helper.finish();
    if (complaint)
        throw Error("cannot limit the container: ", complaint->empty() ? cat(helper.path(), " failed without saying why") : *complaint);
}

/// Directory of the plan's scope if a process is in it; "" otherwise.
std::string scope_of(const CgroupPlan& plan, pid_t pid) {
    const auto own = find_cgroup(pid);
    return own ? cgroup_tree::up_to(*own, plan.unit) : std::string();
}

/// The monitor, and with it the container's process unless that is to follow, into a scope of their own; its directory.
std::string enter_scope(const CgroupPlan& plan, pid_t monitor, std::optional<pid_t> pid) {
    if (std::string scope = scope_of(plan, monitor); !scope.empty()) return scope; // the container is being restarted
    std::vector<std::string> words{"start", plan.unit, plan.description, plan.slice, std::to_string(monitor)};
    if (pid) words.push_back(std::to_string(*pid));
    run_scope_helper(plan, std::move(words));
    std::string scope = scope_of(plan, monitor);
    if (scope.empty()) throw Error("cannot limit the container: systemd started ", plan.unit, " without the monitor in it");
    return scope;
}

/// The directories down to the plan's base, with the controllers handed down as far as that is allowed: what is missing in the end
/// is seen there.
void make_parents(CgroupPlan& plan) {
    const std::string top = cgroup_tree::read_hierarchies("").unified;
    const std::vector<std::string> wanted = plan.limits.controllers();
    std::string directory = top;
    while (directory != plan.base) {
        for (const std::string& controller : wanted) (void)try_write_control(directory + "/cgroup.subtree_control", "+" + controller);
        directory = plan.base.substr(0, plan.base.find('/', directory.size() + 1));
        if (::mkdir(directory.c_str(), 0755) == 0) {
            if (plan.made_above.empty()) plan.made_above = directory;
        } else if (errno != EEXIST) {
            throw SysError{errno, cat("make ", directory)};
        }
    }
}

/// Those that were made for the container and that nobody else is in by now.
void remove_parents(const CgroupPlan& plan) {
    if (plan.made_above.empty()) return;
    for (std::string directory = plan.base; directory.starts_with(plan.made_above); directory.resize(directory.rfind('/')))
        if (::rmdir(directory.c_str()) != 0) return;
}

/// A fresh directory: the counters of a run that was killed before it tidied up must not be taken for ours.
void make_leaf(const CgroupPlan& plan) {
    const std::string directory = plan.directory();
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) {
        if (errno == EBUSY) throw Error("cgroup ", directory, " still has processes of an earlier run; end them first");
        throw SysError{errno, cat("remove ", directory)};
    }
    sys::mkdir_at(AT_FDCWD, directory, 0755);
}

/// Moves whatever sits in `base` itself, us included, to the monitor's leaf. A process that ends meanwhile is no error.
void vacate(const std::string& base) {
    const std::string leaf = base + "/" + cgroup_tree::monitor_leaf;
    sys::ensure_dir(leaf, 0755);
    for (const std::string& pid : cgroup_tree::words(files::read(base + "/cgroup.procs"))) {
        const int error = try_write_control(leaf + "/cgroup.procs", pid);
        if (error != 0 && error != ESRCH) throw SysError{error, cat("move process ", pid, " to ", leaf)};
    }
}

/// Hands the controllers the limits need to the children of plan.base, and those that tell us more where they are there.
void enable_controllers(const CgroupPlan& plan, const Limits& limits) {
    const auto available = cgroup_tree::words(files::read(plan.base + "/cgroup.controllers"));
    const auto has = [&](const std::string& name) {
        return std::find(available.begin(), available.end(), name) != available.end();
    };
    std::vector<std::string> wanted = limits.controllers();
    for (const std::string& name : wanted)
        if (!has(name)) throw Error("cannot limit the container: the controller ", name, " is missing from ", plan.base);
    for (const char* name : {"memory", "pids"}) // memory.events tells of OOM kills
        if (!plan.alone && has(name) && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.emplace_back(name);
    if (wanted.empty()) return;

    const std::string file = plan.base + "/cgroup.subtree_control";
    const std::string text = "+" + cgroup_tree::join(wanted, " +");
    const int error = try_write_control(file, text);
    if (error == 0) return;
    if (error == EBUSY && plan.alone)
        throw Error("cannot limit the container: ", plan.base, " has processes of its own, so it hands out no controllers; name another "
                    "linux.cgroupsPath");
    if (error != EBUSY) throw SysError{error, cat("write ", text, " to ", file)};
    vacate(plan.base); // "no internal processes"
    write_control(file, text);
}

/// rmdir from the leaves up: control files go with their directory. The first errno but ENOENT, or 0.
int remove_directories(const std::string& directory) {
    int first_error = 0;
    const auto remember = [&](int error) {
        if (first_error == 0) first_error = error;
    };
    for (const std::string& name : files::list(AT_FDCWD, directory)) {
        const auto found = sys::find_stat_at(AT_FDCWD, directory + "/" + name);
        if (found && S_ISDIR(found->st_mode)) remember(remove_directories(directory + "/" + name));
    }
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) remember(errno);
    return first_error;
}

/// Waits until cgroup.events has `key value`, or the cgroup is gone; the kernel notifies changes. False when it took too long.
[[nodiscard]] bool wait_for_event(const std::string& directory, const char* key, std::int64_t value, std::chrono::milliseconds patience) {
    const std::string path = directory + "/cgroup.events";
    const auto events = sys::try_open(path, O_RDONLY);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (events) {
        char text[256];
        const ssize_t count = ::pread(events->get(), text, sizeof text, 0);
        if (count <= 0 || find_value({text, static_cast<std::size_t>(count)}, key) == value) return true;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left <= 0ms) return false;
        pollfd poll{events->get(), POLLPRI, 0};
        ::poll(&poll, 1, static_cast<int>(left.count()));
    }
    return true;
}

void set_frozen(const CgroupPlan& plan, bool frozen) {
    if (plan.base.empty()) throw Error("the container has no control group");
    const std::string value = frozen ? "1" : "0";
    write_control(plan.directory() + "/cgroup.freeze", value);
    if (wait_for_event(plan.directory(), "frozen", frozen ? 1 : 0, 10s)) return;
    if (frozen) (void)try_write_control(plan.directory() + "/cgroup.freeze", "0");
    throw Error("the processes in ", plan.directory(), " did not ", frozen ? "stop" : "go on", " within 10 s");
}

} // namespace

std::optional<std::string> find_cgroup(pid_t pid) {
    std::string own = cgroup_tree::read_hierarchies("", std::to_string(pid)).own;
    if (own.empty()) return std::nullopt;
    return own;
}

void place(CgroupPlan& plan, pid_t pid) {
    if (plan.manager == CgroupManager::none) return;
    if (plan.manager == CgroupManager::systemd)
        plan.base = plan.alone ? enter_scope(plan, pid, std::nullopt) : enter_scope(plan, ::getpid(), pid);
    else if (plan.alone) make_parents(plan);
    make_leaf(plan);
    plan.made = true;
    write_control(plan.directory() + "/cgroup.procs", std::to_string(pid));
    if (plan.vacate) vacate(plan.base);
    enable_controllers(plan, plan.limits);
    cgroup_tree::write_limits(plan.directory(), plan.limits);
    if (find_cgroup(pid) != plan.directory())
        throw Error("cannot limit the container: its process did not stay in ", plan.directory());
}

void change_limits(const CgroupPlan& plan, const Limits& limits) {
    if (plan.manager == CgroupManager::none || plan.base.empty())
        throw Error("the container was started without limits, so it has no cgroup of its own");
    enable_controllers(plan, limits);
    cgroup_tree::write_limits(plan.directory(), limits);
}

namespace {

/// To the plan's cgroup or one below it.
void attach_to(const CgroupPlan& plan, const std::string& directory, pid_t pid) {
    // An ordinary user moves processes only within a subtree of her own, and a login shell is outside of the subtree of
    // her systemd: that one is allowed to ask the system's for the move.
    const int error = try_write_control(directory + "/cgroup.procs", std::to_string(pid));
    if (error == 0) return;
    if (plan.manager != CgroupManager::systemd || (error != EACCES && error != EPERM))
        throw SysError{error, cat("move process ", pid, " to ", directory)};
    run_scope_helper(plan, {"attach", plan.unit, directory.substr(plan.base.size()), std::to_string(pid)});
    if (find_cgroup(pid) != directory) throw Error("cannot limit the process: systemd did not move it to ", directory);
}

} // namespace

void attach(const CgroupPlan& plan, pid_t pid, pid_t beside) {
    if (plan.manager == CgroupManager::none) return;
    const std::string theirs = find_cgroup(beside).value_or("");
    attach_to(plan, theirs.starts_with(plan.directory() + "/") ? theirs : plan.directory(), pid);
}

bool can_move(const CgroupPlan& plan, pid_t pid, uid_t uid) {
    if (uid == ::getuid()) return true;
    const std::string own = find_cgroup(pid).value_or("");
    if (plan.manager == CgroupManager::cgroupfs) return own == plan.base || own.starts_with(plan.base + "/");
    return !cgroup_tree::up_to(own, cat("user@", ::getuid(), ".service")).empty();
}

void move_in(CgroupPlan& plan, pid_t monitor, const std::function<std::vector<pid_t>()>& processes) {
    if (plan.manager == CgroupManager::systemd) plan.base = enter_scope(plan, monitor, std::nullopt);
    make_leaf(plan);
    constexpr int most_rounds = 100;
    for (int round = 0; round < most_rounds; ++round) {
        bool all_in = true;
        for (const pid_t pid : processes()) {
            if (find_cgroup(pid) == plan.directory()) continue;
            all_in = false;
            try {
                attach_to(plan, plan.directory(), pid);
            } catch (const Error&) {
                if (find_cgroup(pid)) throw; // it has not just ended
            }
        }
        if (all_in) return;
    }
    throw Error("the container makes processes faster than they can be moved to ", plan.directory());
}

void freeze(const CgroupPlan& plan) { set_frozen(plan, true); }
void thaw(const CgroupPlan& plan) { set_frozen(plan, false); }

bool is_frozen(const CgroupPlan& plan) {
    if (plan.manager == CgroupManager::none || plan.base.empty()) return false;
    return find_value(files::find(plan.directory() + "/cgroup.events").value_or(""), "frozen") == 1;
}

bool kill_all(const CgroupPlan& plan) {
    if (plan.manager == CgroupManager::none || plan.base.empty()) return false;
    const int error = try_write_control(plan.directory() + "/cgroup.kill", "1");
    if (error != 0 && error != ENOENT) throw SysError{error, cat("kill the processes in ", plan.directory())};
    return error == 0;
}

void remove_cgroup(const CgroupPlan& plan) {
    if (plan.manager == CgroupManager::none || plan.base.empty()) return;
    if (plan.alone && !plan.made) return remove_parents(plan);
    kill_all(plan);
    (void)wait_for_event(plan.directory(), "populated", 0, 5s); // what is left then makes rmdir fail, and that is said
    const int error = remove_directories(plan.directory());
    if (error != 0) throw SysError{error, cat("remove ", plan.directory())};
    remove_parents(plan);
}

CgroupWatch::CgroupWatch(const CgroupPlan& plan) {
    if (plan.manager == CgroupManager::none || plan.base.empty()) return;
    auto events = sys::try_open(plan.directory() + "/memory.events", O_RDONLY);
    if (!events) return;
    events_ = std::move(*events);
    oom_kills();
}

std::int64_t CgroupWatch::oom_kills() noexcept {
    char text[512]; // five to six lines of a name and a number
    const ssize_t count = events_ ? ::pread(events_.get(), text, sizeof text, 0) : -1;
    if (count <= 0) return oom_kills_;
    const std::string_view lines(text, static_cast<std::size_t>(count));
    constexpr std::string_view key = "oom_kill ";
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        const std::string_view line = lines.substr(at, end - at);
        if (line.starts_with(key)) std::from_chars(line.data() + key.size(), line.data() + line.size(), oom_kills_);
        at = end + 1;
    }
    return oom_kills_;
}

} // namespace rootless
