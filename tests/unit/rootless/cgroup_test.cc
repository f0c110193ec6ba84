#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

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

using rootless::CgroupHost;
using rootless::CgroupManager;
using rootless::CgroupPlan;
using rootless::CgroupRequest;
using rootless::Limits;

namespace {

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

    const CgroupHost& host() const { return host_; }
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
    CgroupHost host_;
};

Limits half_a_cpu() {
    Limits limits;
    limits.cpu_quota = 50000;
    return limits;
}

CgroupRequest request_for(const Limits& limits) {
    CgroupRequest request;
    request.container_id = "0123456789abcdef0123456789abcdef";
    request.description = "ctl container web";
    request.limits = limits;
    request.scope_helper = "/usr/libexec/ctl/ctl-scope";
    return request;
}

CgroupPlan plan_on(const FakeHost& fake, const Limits& limits) { return prepare_cgroup(request_for(limits), fake.host()); }

std::string refusal(const FakeHost& fake, const Limits& limits) {
    try {
        plan_on(fake, limits);
    } catch (const Error& e) {
        return e.what();
    }
    return "not refused";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("no limit needs no cgroup, even where nothing is mounted") {
    const FakeHost fake;
    Limits limits;
    CHECK(plan_on(fake, limits).manager == CgroupManager::none);
    limits.memory = -1; // the runtime spec's "unlimited"
    limits.pids = -1;
    limits.cpu_quota = -1;
    limits.cpu_burst = 0;
    limits.cpu_idle = 0;
    CHECK(plan_on(fake, limits).manager == CgroupManager::none);
    CHECK(plan_on(fake, limits).directory().empty());
}

TEST_CASE("each limit names its controller") {
    Limits limits = half_a_cpu();
    limits.memory = 1 << 20;
    limits.pids = 5;
    CHECK(limits.controllers() == std::vector<std::string>{"cpu", "memory", "pids"});
    Limits others;
    others.cpu_shares = 2;
    others.cpuset_mems = "0";
    others.memory_low = 1;
    others.read_iops = {{8, 0, 1}};
    others.files = {{"hugetlb.2MB.max", "1"}, {"cgroup.max.depth", "1"}};
    CHECK(others.controllers() == std::vector<std::string>{"cpu", "cpuset", "memory", "io", "hugetlb"});
    CHECK(others.option_of("cpu") == "--cpu-shares");
    CHECK(others.option_of("cpuset") == "--cpuset-mems");
    CHECK(others.option_of("memory") == "--memory-reservation");
    CHECK(others.option_of("io") == "--device-read-iops");
    CHECK(others.option_of("hugetlb") == "--cgroup-conf");
    Limits documents;
    documents.pids = 0; // nobody may be added
    documents.hugepages = {{"2MB", 0}};
    documents.rdma = {{"mlx5_1", 1, {}}};
    documents.cpu_idle = 1;
    CHECK(documents.controllers() == std::vector<std::string>{"cpu", "pids", "hugetlb", "rdma"});
    CHECK(documents.option_of("cpu") == "linux.resources.cpu.idle");
    CHECK(documents.option_of("hugetlb") == "linux.resources.hugepageLimits");
    CHECK(documents.option_of("rdma") == "linux.resources.rdma");
    documents.cpu_burst = 1;
    CHECK(documents.option_of("cpu") == "linux.resources.cpu.burst");
}

TEST_CASE("shares and weights of cgroup v1 are mapped from end to end") {
    CHECK(rootless::cpu_weight(2) == 1);
    CHECK(rootless::cpu_weight(1024) == 39);
    CHECK(rootless::cpu_weight(262144) == 10000);
    CHECK(rootless::cpu_weight(0) == 1);
    CHECK(rootless::io_weight(10) == 1);
    CHECK(rootless::io_weight(1000) == 10000);
}

/// A plan whose container's cgroup is a directory of plain files, which show what was written last.
class FakeLeaf {
public:
    explicit FakeLeaf(const FakeHost& fake) : fake_(fake) {
        plan.manager = CgroupManager::cgroupfs;
        plan.base = fake.root() + "/sys/fs/cgroup/box";
        plan.leaf = "container";
        fake.file("/sys/fs/cgroup/box/cgroup.controllers", "cpu cpuset io memory pids hugetlb rdma\n");
        fake.file("/sys/fs/cgroup/box/cgroup.subtree_control", "");
        for (const char* name : {"cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.cpus.effective", "cpuset.mems",
                                 "cpuset.mems.effective", "memory.max", "memory.low", "memory.swap.max",
                                 "memory.high", "pids.max", "io.max", "io.weight", "cpu.max.burst", "cpu.idle",
                                 "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "hugetlb.1GB.max", "rdma.max"})
            fake.file(std::string("/sys/fs/cgroup/box/container/") + name, "");
    }
    std::string text(const std::string& name) const { return files::read(plan.directory() + "/" + name); }
    CgroupPlan plan;

private:
    const FakeHost& fake_;
};

TEST_CASE("every limit is written to its control file") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    Limits limits = half_a_cpu();
    limits.cpu_shares = 1024;
    limits.cpuset_cpus = "0-1";
    limits.cpuset_mems = "0";
    limits.memory = 64 << 20;
    limits.memory_low = 32 << 20;
    limits.memory_swap = 96 << 20;
    limits.pids = 7;
    limits.io_weight = 1000;
    limits.write_bps = {{8, 16, 1024}};
    limits.files = {{"memory.high", "123"}};
    rootless::change_limits(leaf.plan, limits);
    CHECK(leaf.text("cpu.max") == "50000 100000");
    CHECK(leaf.text("cpu.weight") == "39");
    CHECK(leaf.text("cpuset.cpus") == "0-1");
    CHECK(leaf.text("cpuset.mems") == "0");
    CHECK(leaf.text("memory.max") == std::to_string(64 << 20));
    CHECK(leaf.text("memory.low") == std::to_string(32 << 20));
    CHECK(leaf.text("memory.swap.max") == std::to_string(32 << 20));
    CHECK(leaf.text("pids.max") == "7");
    CHECK(leaf.text("io.weight") == "default 10000");
    CHECK(leaf.text("io.max") == "8:16 wbps=1024");
    CHECK(leaf.text("memory.high") == "123");
    CHECK(files::read(leaf.plan.base + "/cgroup.subtree_control") == "+cpu +cpuset +memory +pids +io");
}

TEST_CASE("limits that only a document has are written to their control files") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    Limits limits;
    limits.cpu_burst = 5000;
    limits.cpu_shares = 1024;
    limits.cpu_idle = 1;
    limits.pids = 0;
    limits.hugepages = {{"2MB", 6 << 20}, {"1GB", 0}};
    limits.rdma = {{"mlx5_1", 3, 10000}};
    rootless::change_limits(leaf.plan, limits);
    CHECK(leaf.text("cpu.max.burst") == "5000");
    CHECK(leaf.text("cpu.weight") == "39");
    CHECK(leaf.text("cpu.idle") == "1");
    CHECK(leaf.text("pids.max") == "0");
    CHECK(leaf.text("hugetlb.2MB.max") == std::to_string(6 << 20));
    CHECK(leaf.text("hugetlb.2MB.rsvd.max") == std::to_string(6 << 20));
    CHECK(leaf.text("hugetlb.1GB.max") == "0"); // and a kernel without its reservations is no error
    CHECK(leaf.text("rdma.max") == "mlx5_1 hca_handle=3 hca_object=10000");
    limits.cpu_quota = 4999;
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits),
                         "cannot limit the container: linux.resources.cpu.burst 5000 is more than the quota of 4999", Error);
    CHECK(leaf.text("cpu.max").empty());
    const FakeLeaf again(fake); // the files are empty again
    limits = {};
    limits.cpu_burst = 0;
    limits.cpu_idle = 0;
    limits.rdma = {{"mlx4_0", {}, 7}};
    rootless::change_limits(leaf.plan, limits);
    CHECK(leaf.text("cpu.max.burst") == "0");
    CHECK(leaf.text("cpu.idle") == "0");
    CHECK(leaf.text("rdma.max") == "mlx4_0 hca_object=7");
    limits.hugepages = {{"16MB", 0}};
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits),
                         doctest::Contains("cannot limit the container: linux.resources.hugepageLimits 16MB 0: open "), Error);
    limits.hugepages = {{"2MB", 3 << 20}}; // the plain file shows what was written, where the kernel shows whole pages
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits), doctest::Contains("hugetlb.2MB.max shows \"3145728\""), Error);
}

TEST_CASE("a limit below what is in use is refused where that is asked for") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    fake.file("/sys/fs/cgroup/box/container/memory.current", "8388608\n");
    Limits limits;
    limits.memory = 4 << 20;
    limits.memory_check = true;
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits), doctest::Contains("it uses 8388608"), Error);
    CHECK(leaf.text("memory.max").empty());
    limits.memory = 8 << 20;
    rootless::change_limits(leaf.plan, limits);
    CHECK(leaf.text("memory.max") == "8388608");
}

TEST_CASE("processors that the cgroup above may not use are no limit that holds") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    fake.file("/sys/fs/cgroup/box/cpuset.cpus.effective", "0-3\n");
    fake.file("/sys/fs/cgroup/box/container/cpuset.cpus.effective", "0-3\n");
    Limits limits;
    limits.cpuset_cpus = "7";
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits),
                         "cannot limit the container: --cpuset-cpus 7 (there are 0-3): only 0-3 can be used in the cgroup it would be in", Error);
    limits.cpuset_cpus = "0-2,3,7";
    CHECK_NOTHROW(rootless::change_limits(leaf.plan, limits));
}

TEST_CASE("a control file that is not there is named with the option that asked for it") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    Limits limits;
    limits.files = {{"memory.nonsense", "1"}};
    CHECK_THROWS_WITH_AS(rootless::change_limits(leaf.plan, limits),
                         doctest::Contains("cannot limit the container: --cgroup-conf memory.nonsense=1: open "), Error);
}

TEST_CASE("a limit that is taken away is written as such, and the others stay") {
    const FakeHost fake;
    const FakeLeaf leaf(fake);
    Limits limits;
    limits.cpu_quota = -1;
    limits.memory = -1;
    limits.memory_swap = -1;
    limits.pids = -1;
    limits.read_bps = {{8, 0, 0}};
    rootless::change_limits(leaf.plan, limits);
    CHECK(leaf.text("cpu.max") == "max 100000");
    CHECK(leaf.text("memory.max") == "max");
    CHECK(leaf.text("memory.swap.max") == "max");
    CHECK(leaf.text("pids.max") == "max");
    CHECK(leaf.text("io.max") == "8:0 rbps=max");
    CHECK(leaf.text("cpu.weight").empty());
    CHECK(leaf.text("memory.low").empty());
}

TEST_CASE("a container without a cgroup cannot have its limits changed") {
    CHECK_THROWS_WITH_AS(rootless::change_limits({}, half_a_cpu()), doctest::Contains("was started without limits"), Error);
}

TEST_CASE("split takes the caller's own cgroup, and only that one") {
    const FakeHost fake;
    fake.login("cpu memory pids"); // a systemd that would do is not asked
    fake.unified("/service");
    fake.owned_cgroup("/service", "cpu memory pids", "", "17\n");
    CgroupRequest request = request_for({});
    request.mode = rootless::CgroupMode::split;
    const CgroupPlan plan = prepare_cgroup(request, fake.host());
    CHECK(plan.manager == CgroupManager::cgroupfs);
    CHECK(plan.base == fake.root() + "/sys/fs/cgroup/service");
    CHECK(plan.vacate);
    request.limits.files = {{"io.max", "x"}};
    CHECK_THROWS_WITH_AS(prepare_cgroup(request, fake.host()), doctest::Contains("the controller io is missing from"), Error);
}

TEST_CASE("a parent is a slice for systemd, or a cgroup of the user's") {
    const FakeHost fake;
    fake.login("cpu memory pids");
    CgroupRequest request = request_for({});
    request.parent = "batch.slice";
    CHECK(prepare_cgroup(request, fake.host()).slice == "batch.slice");
    fake.owned_cgroup("/mine", "cpu", "", "");
    request.parent = "/mine";
    CHECK(prepare_cgroup(request, fake.host()).base == fake.root() + "/sys/fs/cgroup/mine");
    request.parent = "/nowhere";
    CHECK_THROWS_WITH_AS(prepare_cgroup(request, fake.host()), doctest::Contains("--cgroup-parent: there is no cgroup"), Error);
}

TEST_CASE("a manager that was chosen is the only one asked") {
    const FakeHost fake;
    fake.login("cpu memory pids");
    fake.unified("/box");
    fake.owned_cgroup("/box", "cpu memory pids", "", "17\n");
    CgroupRequest request = request_for(half_a_cpu());
    request.manager = CgroupManager::cgroupfs;
    CHECK(prepare_cgroup(request, fake.host()).manager == CgroupManager::cgroupfs);
    request.manager = CgroupManager::systemd;
    CHECK(prepare_cgroup(request, fake.host()).manager == CgroupManager::systemd);
}

TEST_CASE("a systemd with the controllers is asked for a scope") {
    const FakeHost fake;
    fake.login("cpu memory pids");
    const CgroupPlan plan = plan_on(fake, half_a_cpu());
    CHECK(plan.manager == CgroupManager::systemd);
    CHECK(plan.unit == "ctl-0123456789ab.scope");
    CHECK(plan.bus == fake.runtime_dir() + "/bus");
    CHECK(plan.base.empty()); // known when the scope is there
}

TEST_CASE("a scope ends with the last session of a user who does not linger") {
    const FakeHost fake;
    fake.login("cpu memory pids");
    CHECK(plan_on(fake, half_a_cpu()).ends_at_logout);
    fake.file("/var/lib/systemd/linger/alice", "");
    CHECK_FALSE(plan_on(fake, half_a_cpu()).ends_at_logout);
}

TEST_CASE("a bus of somebody else, left in XDG_RUNTIME_DIR by su, is passed over") {
    const FakeHost fake;
    fake.login("cpu memory pids");
    fake.bus("/run/user/4/bus");
    REQUIRE(::lchown((fake.root() + "/run/user/4/bus").c_str(), ::geteuid() == 0 ? 4 : static_cast<uid_t>(-1),
                     static_cast<gid_t>(-1)) == 0);
    CgroupHost host = fake.host();
    host.runtime_dir = "/run/user/4";
    const CgroupPlan plan = prepare_cgroup(request_for(half_a_cpu()), host);
    if (::geteuid() == 0) CHECK(plan.bus == fake.runtime_dir() + "/bus"); // an ordinary user cannot fake another's socket
}

TEST_CASE("a controller that is not delegated is named, with the file that delegates it") {
    const FakeHost fake;
    fake.login("memory pids");
    const std::string text = refusal(fake, half_a_cpu());
    CHECK(contains(text, cat("--cpus cannot be enforced: the controller cpu is not delegated to user@", fake.uid(), ".service")));
    CHECK(contains(text, "which has: memory pids"));
    CHECK(contains(text, "/etc/systemd/system/user@.service.d/delegate.conf"));
    CHECK(contains(text, "Delegate=cpu cpuset io memory pids"));
    CHECK(contains(text, "without --cpus"));
    Limits memory;
    memory.memory = 1 << 20;
    CHECK(plan_on(fake, memory).manager == CgroupManager::systemd);
}

TEST_CASE("a controller bound to cgroup v1 is named with its mount and the kernel option") {
    const FakeHost fake;
    fake.file("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                                      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    fake.file("/proc/self/cgroup", "8:pids:/\n1:cpu,cpuacct:/\n0::/\n");
    fake.file("/sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
    const std::string text = refusal(fake, half_a_cpu());
    CHECK(contains(text, "the controller cpu to cgroup v1 (/sys/fs/cgroup/cpu)"));
    CHECK(contains(text, "systemd.unified_cgroup_hierarchy=1"));
    Limits pids;
    pids.pids = 3;
    CHECK(contains(refusal(fake, pids), "--pids-limit cannot be enforced: this host binds the controller pids to cgroup v1"));
}

TEST_CASE("a controller the kernel does not offer is told apart from one that is not delegated") {
    const FakeHost fake;
    fake.unified("/");
    fake.file("/sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
    Limits limits = half_a_cpu();
    limits.memory = 1 << 20;
    const std::string text = refusal(fake, limits);
    CHECK(contains(text, "--memory cannot be enforced: the controller memory is missing from"));
    CHECK(contains(text, "cgroup_disable="));
    CHECK_FALSE(contains(text, "--cpus"));
}

TEST_CASE("no cgroup2 mount is said so") {
    const FakeHost fake;
    fake.file("/proc/self/mountinfo", "31 23 0:28 / /sys rw - sysfs sysfs rw\n");
    CHECK(contains(refusal(fake, half_a_cpu()), "no cgroup v2 hierarchy is mounted"));
}

TEST_CASE("without systemd, an own cgroup which hands out the controllers is taken") {
    const FakeHost fake;
    fake.unified("/box/shell");
    fake.owned_cgroup("/box", "cpu memory pids", "cpu memory pids", "");
    fake.owned_cgroup("/box/shell", "cpu memory pids", "", "17\n");
    const CgroupPlan plan = plan_on(fake, half_a_cpu());
    CHECK(plan.manager == CgroupManager::cgroupfs);
    CHECK(plan.directory() == fake.root() + "/sys/fs/cgroup/box/ctl-0123456789ab");
}

TEST_CASE("without systemd, a crowded own cgroup is taken when there is no better one") {
    const FakeHost fake;
    fake.unified("/box");
    fake.owned_cgroup("/box", "cpu memory pids", "", "17\n18\n");
    CHECK(plan_on(fake, half_a_cpu()).base == fake.root() + "/sys/fs/cgroup/box");
}

TEST_CASE("the monitor's leaf of an earlier container is not nested into") {
    const FakeHost fake;
    fake.unified(std::string("/box/") + rootless::cgroup_tree::monitor_leaf);
    fake.owned_cgroup("/box", "cpu memory pids", "", "");
    fake.owned_cgroup(std::string("/box/") + rootless::cgroup_tree::monitor_leaf, "cpu memory pids", "", "17\n");
    CHECK(plan_on(fake, half_a_cpu()).base == fake.root() + "/sys/fs/cgroup/box");
}

TEST_CASE("somebody else's cgroup and no systemd: the error says how to get one") {
    const FakeHost fake;
    fake.unified("/session");
    fake.cgroup("/session", "cpu memory pids", "cpu memory pids", "");
    if (::geteuid() != 0) return; // what we make is ours
    const std::string text = refusal(fake, half_a_cpu());
    CHECK(contains(text, cat("no socket /run/user/", fake.uid(), "/bus")));
    CHECK(contains(text, "loginctl enable-linger"));
}

TEST_CASE("an owned subtree without the controller does not do") {
    const FakeHost fake;
    fake.unified("/box");
    fake.owned_cgroup("/box", "memory pids", "", "");
    CHECK(contains(refusal(fake, half_a_cpu()), "controller cpu"));
}

TEST_CASE("a cgroup namespace and a bind-mounted subtree shift the paths") {
    const FakeHost fake;
    fake.file("/proc/self/mountinfo", "30 23 0:26 /outer /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    fake.file("/proc/self/cgroup", "0::/outer/inner\n");
    CHECK(rootless::cgroup_tree::read_hierarchies(fake.root()).own == fake.root() + "/sys/fs/cgroup/inner");
    fake.file("/proc/self/cgroup", "0::/outermost\n");
    CHECK(rootless::cgroup_tree::read_hierarchies(fake.root()).own.empty());
}

TEST_CASE("up_to finds whole components only") {
    CHECK(rootless::cgroup_tree::up_to("/a/b.scope/c", "b.scope") == "/a/b.scope");
    CHECK(rootless::cgroup_tree::up_to("/a/b.scope", "b.scope") == "/a/b.scope");
    CHECK(rootless::cgroup_tree::up_to("/a/xb.scope", "b.scope").empty());
}
