// A host with cgroups for the tests of rootless/cgroup*.cc.
#pragma once

#include "base/unique_fd.h"
#include "rootless/cgroup.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

/// A host laid out in a temporary directory. Its user is whoever runs the test, unless that is root, who may do anything:
/// then everything made with `mine` is given to uid 12345.
class FakeHost {
public:
    FakeHost() {
        std::string name = "/tmp/ctl-cgroup-test-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        root_ = name;
        host_ = {root_, ::geteuid() == 0 ? 12345 : ::geteuid(), "alice", ""};
    }
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;
    ~FakeHost() { files::remove_tree(AT_FDCWD, root_); }

    const rootless::CgroupHost& host() const { return host_; }
    uid_t uid() const { return host_.uid; }
    const std::string& root() const { return root_; }

    void file(const std::string& path, const std::string& text) const {
        const std::string whole = root_ + path;
        sys::ensure_dir(whole.substr(0, whole.rfind('/')), 0755);
        sys::write_all(sys::open(whole, O_WRONLY | O_CREAT | O_TRUNC, 0644).get(), text, whole);
    }
    void mine(const std::string& path) const { REQUIRE(::lchown((root_ + path).c_str(), uid(), static_cast<gid_t>(-1)) == 0); }

    /// The unified hierarchy alone, as systemd mounts it, with the caller in `own`.
    void unified(const std::string& own) const {
        file("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        file("/proc/self/cgroup", "0::" + own + "\n");
        file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
    }
    void cgroup(const std::string& path, const std::string& controllers, const std::string& handed_out,
                const std::string& processes) const {
        const std::string directory = "/sys/fs/cgroup" + path;
        file(directory + "/cgroup.controllers", controllers + "\n");
        file(directory + "/cgroup.subtree_control", handed_out + "\n");
        file(directory + "/cgroup.procs", processes);
    }
    void owned_cgroup(const std::string& path, const std::string& controllers, const std::string& handed_out,
                      const std::string& processes) const {
        cgroup(path, controllers, handed_out, processes);
        mine("/sys/fs/cgroup" + path);
        mine("/sys/fs/cgroup" + path + "/cgroup.procs");
    }
    std::string user_service() const { return cat("/user.slice/user-", uid(), ".slice/user@", uid(), ".service"); }
    std::string runtime_dir() const { return cat("/run/user/", uid()); }

    void bus(const std::string& path) const {
        sys::ensure_dir(root_ + path.substr(0, path.rfind('/')), 0755);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (root_ + path).copy(address.sun_path, sizeof address.sun_path - 1);
        const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    void own_bus() const {
        bus(runtime_dir() + "/bus");
        mine(runtime_dir() + "/bus");
    }
    /// A user's login on a systemd host whose manager has `controllers`.
    void login(const std::string& controllers) const {
        unified(cat("/user.slice/user-", uid(), ".slice/session-1.scope"));
        cgroup(user_service(), controllers, controllers, "");
        own_bus();
    }

private:
    std::string root_;
    rootless::CgroupHost host_;
};

inline rootless::Limits half_a_cpu() {
    rootless::Limits limits;
    limits.cpu_quota = 50000;
    return limits;
}
