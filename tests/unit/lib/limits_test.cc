#include "lib/limits.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>

using lib::LimitOptions;
using lib::make_resources;

namespace {

template <class Change>
std::string refusal(Change change) {
    LimitOptions options;
    change(options);
    return error_text([&] { (void)make_resources(options); });
}

} // namespace

TEST_CASE("no option is no limit, and neither is zero") {
    CHECK(make_resources({}).empty());
    LimitOptions zero;
    zero.cpus = 0;
    zero.cpu_shares = 0;
    zero.memory = 0;
    zero.memory_reservation = 0;
    zero.memory_swap = 0;
    zero.pids = -1;
    zero.blkio_weight = 0;
    CHECK(make_resources(zero).empty());
}

TEST_CASE("--cpus is a quota, and excludes the options it is made of") {
    LimitOptions options;
    options.cpus = 1.5;
    CHECK(make_resources(options).cpu_quota == 150000);
    CHECK(make_resources(options).cpu_period == 100000);
    options.cpu_quota = 1000;
    CHECK(error_text([&] { (void)make_resources(options); }).find("exclude each other") != std::string::npos);
    LimitOptions own;
    own.cpu_quota = 5000;
    own.cpu_period = 10000;
    CHECK(make_resources(own).cpu_quota == 5000);
    CHECK(make_resources(own).cpu_period == 10000);
}

TEST_CASE("limits outside of what the kernel takes name their option") {
    CHECK(refusal([](auto& o) { o.cpus = 0.001; }).starts_with("--cpus "));
    CHECK(refusal([](auto& o) { o.cpu_quota = 999; }).starts_with("--cpu-quota 999"));
    CHECK(refusal([](auto& o) { o.cpu_period = 999; }).starts_with("--cpu-period 999"));
    CHECK(refusal([](auto& o) { o.cpu_shares = 1; }).starts_with("--cpu-shares 1"));
    CHECK(refusal([](auto& o) { o.cpu_shares = 262145; }).starts_with("--cpu-shares"));
    CHECK(refusal([](auto& o) { o.blkio_weight = 9; }).starts_with("--blkio-weight 9"));
    CHECK(refusal([](auto& o) { o.blkio_weight_device = {{"/dev/null", 1001}}; }).starts_with("--blkio-weight-device 1001"));
    CHECK(refusal([](auto& o) { o.device_read_bps = {{"/dev/null", 1}}; }) == "--device-read-bps: /dev/null is not a block device");
    CHECK(refusal([](auto& o) { o.device_write_iops = {{"/no/such", 1}}; }).starts_with("--device-write-iops /no/such: "));
}

TEST_CASE("swap is counted together with memory") {
    LimitOptions options;
    options.memory = 100;
    CHECK_FALSE(make_resources(options).memory_swap); // the default stays one when --memory is changed
    CHECK(lib::limits_of(make_resources(options)).memory_swap == 200);
    options.memory_swap = 150;
    CHECK(lib::limits_of(make_resources(options)).memory_swap == 150);
    options.memory_swap = -1;
    CHECK(lib::limits_of(make_resources(options)).memory_swap == -1);
    options.memory_swap = 99;
    CHECK(error_text([&] { (void)make_resources(options); }).find("at least --memory") != std::string::npos);
    CHECK(refusal([](auto& o) { o.memory_swap = 99; }).find("needs --memory") != std::string::npos);
    CHECK(refusal([](auto& o) { o.memory = 5, o.memory_reservation = 6; }).starts_with("--memory-reservation "));
}

TEST_CASE("--cgroup-conf names files of the container's own cgroup") {
    LimitOptions options;
    options.cgroup_conf = {"memory.high=1", "pids.max=2", "memory.high=3"};
    using Files = std::vector<std::pair<std::string, std::string>>;
    CHECK(make_resources(options).unified == Files{{"pids.max", "2"}, {"memory.high", "3"}});
    for (const char* bad : {"memory.high", "=1", "../memory.high=1", "memory/high=1", "tasks=1", ".x=1", "cgroup.procs=1"})
        CHECK_MESSAGE(refusal([&](auto& o) { o.cgroup_conf = {bad}; }).starts_with("--cgroup-conf "), bad);
}

TEST_CASE("an update changes what it names and keeps the rest") {
    LimitOptions first;
    first.cpus = 1;
    first.memory = 1000;
    first.memory_swap = 1500;
    first.pids = 5;
    oci::Resources resources = make_resources(first);
    LimitOptions change;
    change.memory = 2000;
    change.pids = -1;
    lib::change_resources(resources, change);
    CHECK(resources.cpu_quota == 100000);
    CHECK(resources.memory_limit == 2000);
    CHECK(resources.pids_limit == -1);      // to be written as "max"
    CHECK_FALSE(resources.memory_swap);     // the old sum would be below the new limit
    lib::drop_unlimited(resources);
    CHECK_FALSE(resources.pids_limit);
}

TEST_CASE("what only a document can ask for reaches the cgroup") {
    oci::Resources resources;
    resources.cpu_burst = 1;
    resources.cpu_idle = 1;
    resources.memory_check_before_update = true;
    resources.pids_limit = 0;
    resources.hugepage_limits = {{"2MB", 5}};
    resources.rdma = {{"mlx5_1", 3, {}}};
    lib::drop_unlimited(resources);
    const rootless::Limits limits = lib::limits_of(resources);
    CHECK(limits.cpu_burst == 1);
    CHECK(limits.cpu_idle == 1);
    CHECK(limits.memory_check);
    CHECK(limits.pids == 0);
    CHECK(limits.hugepages == resources.hugepage_limits);
    CHECK(limits.rdma == resources.rdma);
}
