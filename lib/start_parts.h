// What a start prepares of one container, before its monitor is forked: parts of lib/start.cc.
#pragma once

#include "lib/container_mounts.h"
#include "lib/container_store.h"
#include "lib/id_maps.h"
#include "lib/monitor.h"
#include "lib/run.h"
#include "rootless/plan.h"

#include <vector>

namespace lib {

/// Everything a start needs, kept together while the job refers to it.
struct Prepared {
    ContainerDir dir;
    ContainerRecord record;
    oci::RuntimeSpec spec;
    storage::OpenLayers layers;
    std::vector<sock_filter> seccomp;
    rootless::Surroundings surroundings{};
    RootLayers root_layers{};
    UniqueFd mount_points{}; ///< the bottommost layer, where there is one of ours
};

/// Where it gets a cgroup, if it does. `notice` hears of an init system that has to do without.
rootless::CgroupPlan choose_cgroup(const Engine& engine, const Prepared& p, const Notice& notice);
/// What the launch needs beside the document.
rootless::PlanExtras plan_extras(const Engine& engine, const Prepared& p);
/// Refuses what the runtime that is to run it cannot do, here, where an error is this command's.
void check_runtime(const Engine& engine, const Prepared& p, const RuntimeAbilities& abilities, const StartOptions& options);
/// --sdnotify=container: a notify socket of the container's own. The document on disk knows nothing of it, because the next
/// start may come from somebody else.
NotifyProxy give_notify_socket(Prepared& p);
/// Checks and leases the layers of images that are mounted into the container.
std::vector<storage::OpenLayers> open_mounted_images(const Engine& engine, const ContainerRecord& record);
/// What our own overlay is to show: the root, and overlays that are mounted in it.
std::vector<OverlayFiles> fuse_files(const Prepared& p, const rootless::RootFilesystem& root);

} // namespace lib
