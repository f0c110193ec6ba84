// Which user namespace a container begins in; see rootless/surroundings.h.
#include "rootless/surroundings.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/child_internal.h"

#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <sstream>

namespace rootless {
namespace {

struct NamespaceType {
    std::string_view type; ///< in the runtime spec
    std::string_view file; ///< below /proc/PID/ns
    int flag;
};
constexpr NamespaceType namespace_types[] = {
    {"user", "user", CLONE_NEWUSER},     {"mount", "mnt", CLONE_NEWNS}, {"pid", "pid", CLONE_NEWPID},
    {"network", "net", CLONE_NEWNET},    {"ipc", "ipc", CLONE_NEWIPC},  {"uts", "uts", CLONE_NEWUTS},
    {"cgroup", "cgroup", CLONE_NEWCGROUP}, {"time", "time", CLONE_NEWTIME}};

/// The user namespace that owns one; for a user namespace its parent is another question.
UniqueFd owner_of(const OpenNamespace& found) {
    if (found.flag == CLONE_NEWUSER) return sys::dup(found.fd.get());
    UniqueFd owner(::ioctl(found.fd.get(), NS_GET_USERNS));
    if (!owner) throw SysError{errno, cat("find out who owns ", found.words)};
    return owner;
}

/// The outermost user namespace on the way from `user` that is not the caller's: made by the caller's processes themselves.
UniqueFd outermost(int user, int own) {
    UniqueFd here = sys::dup(user);
    for (;;) {
        UniqueFd parent(::ioctl(here.get(), NS_GET_PARENT));
        if (!parent) throw SysError{errno, "find out in which user namespace another one lies"};
        if (is_same_namespace(parent.get(), own)) return here;
        here = std::move(parent);
    }
}

UniqueFd own_user_namespace() { return sys::open("/proc/self/ns/user", O_RDONLY); }

/// Runs `body` in a forked child; its descriptors and errors stay there. The caller is single-threaded.
pid_t fork_body(const std::function<int()>& body) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid > 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_code::engine_error);
    try {
        ::_exit(body());
    } catch (const std::exception&) {
        ::_exit(exit_code::engine_error);
    }
}

std::vector<IdRange> read_map(pid_t pid, const char* name) {
    const std::string path = cat("/proc/", pid, "/", name);
    std::istringstream lines(sys::read_to_end(sys::open(path, O_RDONLY).get(), 1 << 16, path));
    std::vector<IdRange> ranges;
    for (IdRange r{}; lines >> r.inside >> r.outside >> r.count;) ranges.push_back(r);
    return ranges;
}

std::vector<IdRange> express(const std::vector<IdRange>& ranges, const std::vector<IdRange>& parent, const char* kind) {
    std::vector<IdRange> result;
    for (IdRange rest : ranges) {
        while (rest.count > 0) {
            const auto around = std::ranges::find_if(parent, [&](const IdRange& p) {
                return rest.outside >= p.outside && rest.outside - p.outside < p.count;
            });
            if (around == parent.end())
                throw Error(kind, " ", rest.inside, " of the container would be ", rest.outside,
                            " of this machine, which the user namespace around it does not have");
            const std::uint32_t skipped = rest.outside - around->outside;
            const std::uint32_t count = std::min(rest.count, around->count - skipped);
            result.push_back({rest.inside, around->inside + skipped, count});
            rest = {rest.inside + count, rest.outside + count, rest.count - count};
        }
    }
    return result;
}

/// In a child of copy_mount's: as the container sees it.
UniqueFd copy_inside(int container_pidfd, const std::string& path, long magic) {
    if (::setns(container_pidfd, CLONE_NEWUSER | CLONE_NEWNS) != 0) throw SysError{errno, "enter the container"};
    struct open_how how {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const UniqueFd place(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    struct statfs fs {};
    if (!place || ::fstatfs(place.get(), &fs) != 0) throw SysError{errno, path};
    if (fs.f_type != magic) throw Error(path, ": another file system than expected");
    UniqueFd tree(static_cast<int>(::syscall(SYS_open_tree, place.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)));
    if (!tree) throw SysError{errno, cat("copy the mount ", path)};
    return tree;
}

/// All of `joined` belong to one user namespace; with others no process could have rights in each.
UniqueFd common_owner(const std::vector<OpenNamespace>& joined) {
    UniqueFd owner = owner_of(joined.front());
    for (const OpenNamespace& other : joined)
        if (!is_same_namespace(owner.get(), owner_of(other).get()))
            throw Error(joined.front().words, " and ", other.words, " belong to different user namespaces, and no process can "
                        "join both; start one of the containers with --userns=container:OTHER");
    return owner;
}

/// Joining what the caller's own user namespace owns: root's business.
Surroundings join_own(const IdMaps& maps, const IdMaps& store, std::vector<OpenNamespace> joined) {
    if (::geteuid() != 0)
        throw Error("cannot join ", joined.front().words, ": it is not one of yours, and only the administrator may join it");
    Surroundings s;
    s.has_outer = true;
    s.nested = express_in(maps, store);
    for (OpenNamespace& n : joined) {
        s.joins.push_back({n.fd.get(), n.flag});
        s.foreign |= n.flag;
        s.opened.push_back(std::move(n.fd));
    }
    return s;
}

} // namespace

int namespace_flag(std::string_view type) {
    const auto* found = std::ranges::find(namespace_types, type, &NamespaceType::type);
    return found == std::end(namespace_types) ? 0 : found->flag;
}

std::string_view namespace_file(int flag) { return std::ranges::find(namespace_types, flag, &NamespaceType::flag)->file; }

OpenNamespace open_namespace(const std::string& path, int flag, std::string words) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) throw SysError{errno, cat("open ", words)};
    const int type = ::ioctl(fd.get(), NS_GET_NSTYPE);
    if (type != flag) throw Error(path, " is no ", namespace_file(flag), " namespace", type < 0 ? "" : " but one of another kind");
    return {flag, std::move(fd), std::move(words)};
}

bool is_same_namespace(int fd, int other_fd) {
    const struct stat a = sys::fstat(fd, "a namespace"), b = sys::fstat(other_fd, "a namespace");
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_own_namespace(const OpenNamespace& found) {
    return is_same_namespace(found.fd.get(), sys::open(cat("/proc/self/ns/", namespace_file(found.flag)), O_RDONLY).get());
}

IdMaps read_id_maps(const OpenNamespace& user) {
    Pipe entered = sys::pipe();
    Pipe done = sys::pipe();
    const pid_t pid = fork_body([&] {
        done.write.reset();
        if (::setns(user.fd.get(), CLONE_NEWUSER) != 0) return 1;
        char byte = 0;
        sys::write_all(entered.write.get(), {&byte, 1}, "id map handshake");
        return static_cast<int>(sys::read_some(done.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "id map handshake"));
    });
    entered.write.reset();
    done.read.reset();
    OnExit reap([&] {
        done.write.reset();
        sys::wait_child(pid);
    });
    char byte = 0;
    if (sys::read_some(entered.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "id map handshake") != 1)
        throw Error("cannot enter ", user.words, ": it is not one of yours");
    return {read_map(pid, "uid_map"), read_map(pid, "gid_map")};
}

bool denies_groups(const OpenNamespace& user) {
    const pid_t pid = fork_body([&] {
        if (::setns(user.fd.get(), CLONE_NEWUSER) != 0) return 0;
        return sys::read_to_end(sys::open("/proc/self/setgroups", O_RDONLY).get(), 16, "setgroups").starts_with("deny") ? 1 : 0;
    });
    const int status = sys::wait_child(pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

IdMaps express_in(const IdMaps& maps, const IdMaps& parent) {
    return {express(maps.uids, parent.uids, "user"), express(maps.gids, parent.gids, "group")};
}

std::vector<int> Surroundings::descriptors() const {
    std::vector<int> numbers;
    for (const UniqueFd& fd : opened) numbers.push_back(fd.get());
    for (const auto& [path, fd] : trees) numbers.push_back(fd.get());
    return numbers;
}

UniqueFd top_userns(pid_t pid) {
    return outermost(sys::open(cat("/proc/", pid, "/ns/user"), O_RDONLY).get(), own_user_namespace().get());
}

Surroundings find_surroundings(const IdMaps& maps, const IdMaps& store, std::vector<OpenNamespace> joined, int mounts_in) {
    Surroundings s;
    if (joined.empty() && mounts_in >= 0) {
        s.has_outer = s.outer_mounts = true;
        s.before.push_back({s.opened.emplace_back(sys::dup(mounts_in)).get(), CLONE_NEWUSER});
        s.nested = s.in_mounts = express_in(maps, store);
        return s;
    }
    if (joined.empty()) {
        if (normalized(maps) == normalized(store) || store.is_single()) return s;
        s.has_outer = s.fresh = s.outer_mounts = true;
        s.nested = s.in_mounts = express_in(maps, store);
        return s;
    }
    UniqueFd owner = common_owner(joined);
    const UniqueFd own = own_user_namespace();
    if (is_same_namespace(owner.get(), own.get())) return join_own(maps, store, std::move(joined));
    UniqueFd top = outermost(owner.get(), own.get());
    const IdMaps around = read_id_maps({CLONE_NEWUSER, sys::dup(owner.get()), "the user namespace of " + joined.front().words});
    s.has_outer = true;
    s.new_user = normalized(around) != normalized(maps);
    if (s.new_user) {
        try {
            s.nested = express_in(maps, around);
        } catch (Error& e) {
            e.add_context(cat("cannot join ", joined.front().words));
            throw;
        }
    }
    s.outer_mounts = s.new_user || !is_same_namespace(top.get(), owner.get());
    if (s.outer_mounts) {
        s.before.push_back({top.get(), CLONE_NEWUSER});
        s.in_mounts = express_in(maps, read_id_maps({CLONE_NEWUSER, sys::dup(top.get()), "the user namespace around a shared one"}));
    }
    if (!s.outer_mounts || !is_same_namespace(top.get(), owner.get())) s.joins.push_back({owner.get(), CLONE_NEWUSER});
    for (OpenNamespace& n : joined) {
        if (n.flag == CLONE_NEWUSER) continue;
        s.joins.push_back({n.fd.get(), n.flag});
        if (s.new_user) s.foreign |= n.flag;
        s.opened.push_back(std::move(n.fd));
    }
    s.opened.push_back(std::move(owner));
    s.opened.push_back(std::move(top));
    return s;
}

UniqueFd copy_mount(int container_pidfd, const std::string& path, long magic) {
    SocketPair channel = sys::socket_pair(SOCK_STREAM);
    const pid_t pid = fork_body([&] {
        sys::send_fd(channel.theirs.get(), copy_inside(container_pidfd, path, magic).get(), "hand over a mount");
        return 0;
    });
    channel.theirs.reset();
    UniqueFd tree = sys::receive_fd(channel.ours.get());
    sys::wait_child(pid);
    return tree;
}

} // namespace rootless
