// User namespaces and id maps, see rootless/userns.h.
#include "rootless/userns.h"

#include "base/error.h"
#include "base/files.h"
#include "base/helper_process.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>

namespace rootless {
namespace {

/// The setuid helpers are taken from system directories only, and only when root owns them: $PATH is the user's.
std::string find_map_helper(const std::string& name) {
    for (const char* dir : {"/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"}) {
        const std::string path = cat(dir, "/", name);
        struct stat st {};
        if (::stat(path.c_str(), &st) == 0 && st.st_uid == 0 && ::access(path.c_str(), X_OK) == 0) return path;
    }
    throw Error(name, " is not installed (Debian: package uidmap); install it, or use the single-id mode (ctl --single-id), ",
                "which runs images that need one user only");
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<IdRange> subordinate_ranges(const std::string& file, const Paths& paths, std::uint32_t own) {
    auto ranges = parse_subids(files::find(file).value_or(""), paths.user, paths.uid);
    if (ranges.empty())
        throw Error("user ", paths.user, " has no subordinate ids: ", file, " needs a line like \"", paths.user,
                    ":100000:65536\" (the administrator can add it with usermod --add-sub",
                    file.ends_with("uid") ? "u" : "g", "ids 100000-165535 ", paths.user,
                    "); without it, ctl --single-id runs images that need one user only");
    ranges.insert(ranges.begin(), IdRange{0, own, 1});
    return ranges;
}

/// Root's containers get the ids that root itself sees.
std::vector<IdRange> mirrored_ranges(const char* map_file) {
    std::vector<IdRange> ranges;
    std::istringstream lines(sys::read_to_end(sys::open(map_file, O_RDONLY).get(), 1 << 20, map_file));
    for (IdRange r{}; lines >> r.inside >> r.outside >> r.count;) ranges.push_back({r.inside, r.inside, r.count});
    return ranges;
}

void start_map_helper(std::optional<HelperProcess>& helper, const std::string& name, pid_t target, const std::vector<IdRange>& ranges) {
    std::vector<std::string> words{std::to_string(target)};
    for (const IdRange& r : ranges)
        for (std::uint32_t n : {r.inside, r.outside, r.count}) words.push_back(std::to_string(n));
    helper.emplace(find_map_helper(name), std::move(words));
}

void finish_map_helper(HelperProcess& helper) {
    const auto complaint = helper.finish();
    if (complaint)
        throw Error(helper.path(), " refused the id map: ", complaint->empty() ? "no reason given" : *complaint,
                    "; it must be setuid root or have cap_setuid/cap_setgid, and the ranges must be in /etc/subuid and /etc/subgid");
}

void write_map_file(pid_t pid, const char* name, std::string_view text) {
    const std::string path = cat("/proc/", pid, "/", name);
    sys::write_all(sys::open(path, O_WRONLY).get(), text, path);
}

void verify_map(pid_t pid, const char* name, const std::vector<IdRange>& wanted) {
    const std::string path = cat("/proc/", pid, "/", name);
    std::istringstream lines(sys::read_to_end(sys::open(path, O_RDONLY).get(), 1 << 16, path));
    std::vector<IdRange> found;
    for (IdRange r{}; lines >> r.inside >> r.outside >> r.count;) found.push_back(r);
    if (found != wanted) throw Error(path, ": the kernel shows another map than the one written");
}

/// What a failed body leaves for the parent: exit code, then the text.
void report(int fd, int code, const char* text) noexcept {
    const std::string_view view(text);
    ssize_t ignored = ::write(fd, &code, sizeof code);
    ignored = ::write(fd, view.data(), view.size());
    (void)ignored;
}

void become_root(Groups groups) {
    if (groups == Groups::dropped) ::setgroups(0, nullptr); // EPERM in single-id mode, where the groups stay and setgroups is denied for good
    if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0)
        throw SysError{errno, "become root of the user namespace"};
}

/// Makes the namespaces in the child, waits for the maps, becomes its root.
void enter_new_userns(int ready_fd, int go_fd, Groups groups) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        throw SysError{errno, "make a user namespace (see /proc/sys/user/max_user_namespaces and, on Ubuntu, "
                              "kernel.apparmor_restrict_unprivileged_userns)"};
    char byte = 0;
    sys::write_all(ready_fd, {&byte, 1}, "id map handshake");
    if (sys::read_some(go_fd, std::as_writable_bytes(std::span(&byte, 1)), "id map handshake") != 1) ::_exit(125);
    become_root(groups);
}

/// The same with one that there is, which has its maps.
void enter_existing_userns(int userns, int ready_fd, Groups groups) {
    if (::setns(userns, CLONE_NEWUSER) != 0) throw SysError{errno, "enter a container's user namespace"};
    if (::unshare(CLONE_NEWNS) != 0) throw SysError{errno, "make a mount namespace"};
    become_root(groups);
    char byte = 0;
    sys::write_all(ready_fd, {&byte, 1}, "handshake");
}

std::vector<IdRange> normalized(std::vector<IdRange> ranges) {
    std::ranges::sort(ranges, {}, &IdRange::inside);
    std::vector<IdRange> result;
    for (const IdRange& r : ranges) {
        IdRange* const last = result.empty() ? nullptr : &result.back();
        if (last != nullptr && last->inside + last->count == r.inside && last->outside + last->count == r.outside)
            last->count += r.count;
        else if (r.count > 0)
            result.push_back(r);
    }
    return result;
}

} // namespace

IdMaps normalized(IdMaps maps) { return {normalized(std::move(maps.uids)), normalized(std::move(maps.gids))}; }

std::string map_text(const std::vector<IdRange>& ranges) {
    std::string text;
    for (const IdRange& r : ranges) text += cat(r.inside, " ", r.outside, " ", r.count, "\n");
    return text;
}

std::vector<IdRange> parse_subids(const std::string& text, const std::string& user, std::uint32_t uid) {
    std::vector<IdRange> ranges;
    std::uint32_t next = 1;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string owner = line.substr(0, first);
        const auto start = parse_id(std::string_view(line).substr(first + 1, second - first - 1));
        const auto count = parse_id(std::string_view(line).substr(second + 1));
        if ((owner != user && owner != std::to_string(uid)) || !start || !count || *count == 0) continue;
        if (*count > UINT32_MAX - next || *start > UINT32_MAX - *count) continue;
        ranges.push_back({next, *start, *count});
        next += *count;
    }
    return ranges;
}

IdMaps load_id_maps(const Paths& paths, IdPolicy policy) {
    if (paths.uid == 0) return {mirrored_ranges("/proc/self/uid_map"), mirrored_ranges("/proc/self/gid_map")};
    if (policy == IdPolicy::single) return {{{0, paths.uid, 1}}, {{0, paths.gid, 1}}};
    return {subordinate_ranges("/etc/subuid", paths, paths.uid), subordinate_ranges("/etc/subgid", paths, paths.gid)};
}

IdMapWriter::IdMapWriter(pid_t pid, IdMaps maps) : pid_(pid), maps_(std::move(maps)) {
    if (::geteuid() == 0) {
        write_map_file(pid_, "uid_map", map_text(maps_.uids));
        write_map_file(pid_, "gid_map", map_text(maps_.gids));
    } else if (maps_.is_single()) {
        write_map_file(pid_, "setgroups", "deny"); // user_namespaces(7): required before an unprivileged gid_map write
        write_map_file(pid_, "uid_map", map_text(maps_.uids));
        write_map_file(pid_, "gid_map", map_text(maps_.gids));
    } else {
        start_map_helper(uids_, "newuidmap", pid_, maps_.uids);
        start_map_helper(gids_, "newgidmap", pid_, maps_.gids);
    }
}

void IdMapWriter::finish() {
    if (uids_) finish_map_helper(*uids_);
    if (gids_) finish_map_helper(*gids_);
    verify_map(pid_, "uid_map", maps_.uids);
    verify_map(pid_, "gid_map", maps_.gids);
}

pid_t fork_in_userns(const UserNamespace& userns, const std::function<int()>& body, Groups groups) {
    Pipe ready = sys::pipe();
    Pipe go = sys::pipe();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        go.write.reset();
        ready.read.reset();
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(125);
        try {
            if (userns.existing >= 0) enter_existing_userns(userns.existing, ready.write.get(), groups);
            else enter_new_userns(ready.write.get(), go.read.get(), groups);
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // the change of ids cleared it
            ::_exit(body());
        } catch (const Error& e) {
            report(ready.write.get(), e.exit_code, e.what());
        } catch (const std::exception& e) {
            report(ready.write.get(), exit_code::engine_error, e.what());
        }
        ::_exit(exit_code::engine_error);
    }
    ready.write.reset();
    go.read.reset();
    OnExit reap([&] { sys::kill_and_reap(pid); });
    char byte = 0;
    if (sys::read_some(ready.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "id map handshake") != 1)
        throw Error("the helper process ended before its id maps were written");
    if (byte != 0) { // an error report instead: its exit code's first byte, the rest, the text
        std::string rest = sys::read_to_end(ready.read.get(), 1 << 16, "error report");
        throw Error(rest.size() > 3 ? rest.substr(3) : "cannot make a user namespace");
    }
    if (userns.maps != nullptr) {
        write_id_maps(pid, *userns.maps);
        sys::write_all(go.write.get(), {&byte, 1}, "id map handshake");
    }
    reap.disarm();
    return pid;
}

void enter_userns(const IdMaps& maps) {
    Pipe ready = sys::pipe();
    Pipe go = sys::pipe();
    const pid_t self = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        go.read.reset();
        ready.write.reset();
        try {
            char byte = 0;
            if (sys::read_some(ready.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "id map handshake") != 1) ::_exit(125);
            write_id_maps(self, maps);
            sys::write_all(go.write.get(), {&byte, 1}, "id map handshake");
            ::_exit(0);
        } catch (const std::exception& e) {
            const std::string text = cat("x", e.what()); // anything but the byte of success
            ssize_t ignored = ::write(go.write.get(), text.data(), text.size());
            (void)ignored;
        }
        ::_exit(exit_code::engine_error);
    }
    go.write.reset();
    ready.read.reset();
    OnExit reap([&] {
        ready.write.reset();
        sys::wait_child(pid);
    });
    enter_new_userns(ready.write.get(), go.read.get(), Groups::kept);
}

void run_in_userns(const UserNamespace& userns, const std::function<void()>& body, Groups groups) {
    Pipe errors = sys::pipe();
    const pid_t pid = fork_in_userns(userns, [&] {
        try {
            body();
            return 0;
        } catch (const Error& e) {
            report(errors.write.get(), e.exit_code, e.what());
        } catch (const std::exception& e) {
            report(errors.write.get(), exit_code::engine_error, e.what());
        }
        return int{exit_code::engine_error};
    }, groups);
    errors.write.reset();
    const std::string text = sys::read_to_end(errors.read.get(), 1 << 16, "error report");
    const int status = sys::wait_child(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (text.size() <= sizeof(int)) throw Error("a helper process ended without saying why (wait status ", status, ")");
    Error error(text.substr(sizeof(int)));
    text.copy(reinterpret_cast<char*>(&error.exit_code), sizeof(int));
    throw error;
}

} // namespace rootless
