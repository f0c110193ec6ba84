#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "tests/unit/rootless/fake_host.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>

using rootless::CgroupHost;
using rootless::CgroupManager;
using rootless::CgroupPlan;
using rootless::CgroupRequest;
using rootless::Limits;

namespace {

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
