// What is written into the control files of a cgroup.
#include "rootless/cgroup.h"

#include "base/error.h"
#include "base/files.h"
#include "tests/unit/rootless/fake_host.h"

#include <doctest/doctest.h>

#include <string>

using rootless::CgroupManager;
using rootless::CgroupPlan;
using rootless::Limits;

namespace {

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

} // namespace

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
