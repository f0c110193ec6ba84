// See lib/leftovers.h.
#include "lib/leftovers.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <charconv>
#include <functional>
#include <sstream>
#include <string>

namespace lib {
namespace {

constexpr int most_rounds = 1000; // each one kills what it sees; who forks faster than that is out of reach without a cgroup

bool is_in(pid_t pid, std::uint32_t mount_namespace) {
    struct stat st {};
    return ::stat(cat("/proc/", pid, "/ns/mnt").c_str(), &st) == 0 && st.st_ino == mount_namespace;
}

using Belongs = std::function<bool(pid_t)>;

bool kill_round(const Belongs& belongs) {
    bool found = false;
    for (const std::string& name : files::list(AT_FDCWD, "/proc")) {
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || end != name.data() + name.size() || !belongs(pid)) continue;
        const auto process = sys::pidfd_open(pid);
        if (process && belongs(pid)) found = sys::pidfd_send_signal(process->get(), SIGKILL) || found;
    }
    return found;
}

void kill_all(const Belongs& belongs) noexcept {
    try {
        for (int round = 0; round < most_rounds && kill_round(belongs); ++round) sys::sleep_for(std::chrono::milliseconds(1));
    } catch (const Error&) {
        return; // no descriptors left, say: the container's end must be recorded all the same
    }
}

/// Whether files of a container's directory are mounted where the process is, such as its /etc/hosts.
bool sees_files_of(pid_t pid, const std::string& container_id) {
    try {
        std::istringstream lines(files::find(cat("/proc/", pid, "/mountinfo")).value_or(""));
        const std::string own = cat("/", container_id, "/");
        for (std::string line; std::getline(lines, line);) {
            std::istringstream fields(line);
            std::string id, parent, device, root; // the mounted part of its file system
            if (fields >> id >> parent >> device >> root && root.find(own) != std::string::npos) return true;
        }
    } catch (const SysError&) {
        return false; // it has ended meanwhile
    }
    return false;
}

} // namespace

UniqueFd hold_mount_namespace(pid_t pid, std::uint32_t number) noexcept {
    if (number == 0) return {};
    UniqueFd held(::open(cat("/proc/", pid, "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
    struct stat st {};
    return held && ::fstat(held.get(), &st) == 0 && st.st_ino == number ? std::move(held) : UniqueFd();
}

void kill_leftovers(UniqueFd held, std::uint32_t mount_namespace, const std::string& container_id) noexcept {
    if (mount_namespace == 0) return;
    kill_all([&](pid_t pid) { return is_in(pid, mount_namespace) && (held || sees_files_of(pid, container_id)); });
}

void end_leftovers_of_lost(const ContainerDir& dir, const ContainerState& state) noexcept {
    if (!state.lost) return;
    if (state.cgroup.manager != rootless::CgroupManager::none) (void)rootless::kill_all(state.cgroup);
    if (state.mount_namespace == 0) return;
    // The state is looked at last: a run that somebody has begun meanwhile, and whose namespace may have got the same number, is
    // on record before anything of the container is mounted for it.
    kill_all([&](pid_t pid) { return is_in(pid, state.mount_namespace) && sees_files_of(pid, dir.id()) && dir.load_state().lost; });
}

} // namespace lib
