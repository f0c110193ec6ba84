// See lib/given_cgroup.h. state.json is the monitor's alone to write as long as it lives, so what others know better comes to
// it in a file of its own and by SIGHUP.
#include "lib/given_cgroup.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_json.h"
#include "lib/limits.h"

#include <signal.h>

#include <chrono>

namespace lib {
namespace {

constexpr const char* given_file = "cgroup.json";

} // namespace

rootless::CgroupRequest cgroup_request(const ContainerRecord& record, const oci::Resources& resources) {
    rootless::CgroupRequest request;
    request.container_id = record.id;
    request.description = cat("ctl container ", record.name);
    request.limits = limits_of(resources);
    if (record.cgroup_mode == "split") request.mode = rootless::CgroupMode::split;
    request.parent = record.cgroup_parent;
    if (record.cgroup_manager == "systemd") request.manager = rootless::CgroupManager::systemd;
    if (record.cgroup_manager == "cgroupfs") request.manager = rootless::CgroupManager::cgroupfs;
    request.scope_helper = helper_path("ctl-scope");
    return request;
}

rootless::Limits recorded_limits(const ContainerDir& dir) {
    return limits_of(oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json").resources);
}

void announce_limits(const ContainerDir& dir) {
    if (const auto monitor = dir.find_monitor()) sys::pidfd_send_signal(monitor->get(), SIGHUP);
}

void hand_over_cgroup(const ContainerDir& dir, const ContainerRecord& record, const rootless::CgroupPlan& plan) {
    constexpr std::chrono::milliseconds patience = std::chrono::seconds(10), pause = std::chrono::milliseconds(5);
    files::write_atomic(dir.fd(), given_file, cgroup_json_text(plan), 0600, files::Durability::none);
    announce_limits(dir);
    for (auto waited = std::chrono::milliseconds(0); dir.load_state().cgroup.base != plan.base; waited += pause) {
        if (waited >= patience || !dir.has_monitor())
            throw Error("the monitor of container ", record.name, " does not answer; ctl restart ", record.name, " puts that right");
        sys::sleep_for(pause);
    }
}

std::optional<rootless::CgroupPlan> take_given_cgroup(const ContainerDir& dir) {
    const auto text = files::find(dir.fd(), given_file);
    if (!text) return std::nullopt;
    sys::unlink_at(dir.fd(), given_file);
    return parse_cgroup(*text, dir.path() + "/" + given_file);
}

} // namespace lib
