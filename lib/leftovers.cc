// See lib/leftovers.h.
#include "lib/leftovers.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <charconv>

namespace lib {
namespace {

constexpr int most_rounds = 1000; // each one kills what it sees; who forks faster than that is out of reach without a cgroup

bool is_in(pid_t pid, std::uint32_t mount_namespace) {
    struct stat st {};
    return ::stat(cat("/proc/", pid, "/ns/mnt").c_str(), &st) == 0 && st.st_ino == mount_namespace;
}

bool kill_round(std::uint32_t mount_namespace) {
    bool found = false;
    for (const std::string& name : files::list(AT_FDCWD, "/proc")) {
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || end != name.data() + name.size() || !is_in(pid, mount_namespace)) continue;
        const auto process = sys::pidfd_open(pid);
        if (process && is_in(pid, mount_namespace)) found = sys::pidfd_send_signal(process->get(), SIGKILL) || found;
    }
    return found;
}

} // namespace

void kill_leftovers(std::uint32_t mount_namespace) noexcept {
    if (mount_namespace == 0) return;
    try {
        for (int round = 0; round < most_rounds && kill_round(mount_namespace); ++round) sys::sleep_for(std::chrono::milliseconds(1));
    } catch (const Error&) {
        return; // no descriptors left, say: the container's end must be recorded all the same
    }
}

} // namespace lib
