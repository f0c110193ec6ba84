// See lib/start_parts.h.
#include "lib/start_parts.h"

#include "base/error.h"
#include "lib/given_cgroup.h"
#include "lib/other_runtime/call.h"
#include "lib/other_runtime/document.h"
#include "lib/spec_builder.h"
#include "lib/terminal.h"
#include "rootless/overlay_options.h"
#include "rootless/seccomp.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace lib {

rootless::CgroupPlan choose_cgroup(const Engine& engine, const Prepared& p, const Notice& notice) {
    const bool wanted = !p.spec.resources.empty() || !p.record.cgroup_parent.empty() || p.record.cgroup_mode == "split";
    if ((!wanted && !p.record.systemd) || p.record.cgroup_mode == "disabled") return {};
    rootless::CgroupRequest request = cgroup_request(p.record, p.spec.resources);
    if (!wanted) { // an init system goes without where it has to
        request.mode = rootless::CgroupMode::own;
        try {
            return rootless::prepare_cgroup(request, rootless::CgroupHost::detect(engine.paths));
        } catch (const Error& e) {
            if (notice) notice(cat("the container's init system gets no control group of its own: ", e.what()));
            return {};
        }
    }
    return rootless::prepare_cgroup(request, rootless::CgroupHost::detect(engine.paths));
}

rootless::PlanExtras plan_extras(const Engine& engine, const Prepared& p) {
    rootless::PlanExtras extras;
    extras.root.directory = p.record.bound_root();
    if (extras.root.directory.empty()) {
        extras.root.layers = p.root_layers.lower;
        if (p.mount_points) extras.root.layers.push_back(p.mount_points.get());
    }
    extras.root.data_layers = p.root_layers.data;
    extras.root.container_dir = p.dir.fd();
    extras.root.is_volatile = p.record.auto_remove;
    extras.single_id = engine.maps.is_single();
    extras.init = p.record.init;
    extras.make_cwd = p.record.make_cwd;
    extras.keep_groups = keeps_groups(p.spec);
    extras.new_keyring = !p.record.no_keyring;
    if (p.dir.load_state().started == 0) { // what was added stays in the container's own layer
        if (!p.record.passwd_addition.empty()) extras.appended.emplace_back("/etc/passwd", p.record.passwd_addition);
        if (!p.record.group_addition.empty()) extras.appended.emplace_back("/etc/group", p.record.group_addition);
    }
    if (const auto size = find_window_size(STDIN_FILENO); size && p.record.tty) {
        extras.rows = size->rows;
        extras.columns = size->columns;
    }
    extras.seccomp = p.seccomp;
    if (!p.seccomp.empty()) extras.seccomp_flags = rootless::seccomp_filter_flags(*p.spec.seccomp);
    extras.surroundings = &p.surroundings;
    return extras;
}

void check_runtime(const Engine& engine, const Prepared& p, const RuntimeAbilities& abilities, const StartOptions& options) {
    const OtherRuntime& runtime = p.record.runtime;
    check_document(p.spec, runtime, abilities);
    if (p.surroundings.foreign != 0 || !p.surroundings.trees.empty())
        throw Error("--runtime ", runtime.name, ": namespaces of containers with other ids, and what --ipc=container shares, can be had with ctl's runtime alone");
    const auto is_mapped = [](const std::vector<oci::IdMapping>& ids, std::uint32_t id) {
        return std::ranges::any_of(ids, [&](const oci::IdMapping& m) { return id - m.host_id < m.size; });
    };
    if (!is_mapped(p.spec.uid_mappings, engine.paths.uid) || !is_mapped(p.spec.gid_mappings, engine.paths.gid)) throw Error("--runtime ", runtime.name, ": a user namespace without your own id (--userns=auto, nomap) can be had with ctl's runtime alone: "
                                "what runs in it cannot reach the container's files");
    check_runtime_fds(runtime, options.preserve_fds);
}

NotifyProxy give_notify_socket(Prepared& p) {
    const std::string upstream = notify_socket();
    if (upstream.empty() || p.record.sdnotify != "container") return {};
    const std::string directory = p.dir.path() + "/notify";
    NotifyProxy proxy(directory, upstream);
    p.spec.mounts.push_back({"/run/notify", "bind", directory, {"bind", "rprivate", "nosuid", "nodev", "noexec"}});
    p.spec.process.env.emplace_back("NOTIFY_SOCKET=/run/notify/notify.sock");
    return proxy;
}

std::vector<storage::OpenLayers> open_mounted_images(const Engine& engine, const ContainerRecord& record) {
    std::vector<storage::OpenLayers> opened;
    storage::Store store(engine.paths);
    store.take_layers_from(record.image_store);
    for (const MountedImage& mounted : record.mounted_images) {
        storage::Image image;
        image.id = mounted.id;
        image.diff_ids = mounted.diff_ids;
        const auto mode = record.single_id ? storage::IdMode::single : storage::IdMode::subordinate;
        opened.push_back(store.open_layers(image, mode));
    }
    return opened;
}

std::vector<OverlayFiles> fuse_files(const Prepared& p, const rootless::RootFilesystem& root) {
    std::vector<OverlayFiles> list;
    if (!is_on_fuse(p.root_layers.driver)) return list;
    if (!p.root_layers.pointers.empty()) { // the kernel's overlay above it has the upper directory
        std::vector<std::string> pointers = p.root_layers.pointers;
        pointers.resize(root.layers.size()); // mount points are made in none of the image's
        list.push_back({"", root.layers, {}, "", "", p.root_layers.shift, root.is_volatile, std::move(pointers)});
    } else if (!root.layers.empty()) {
        list.push_back({"", root.layers, {}, p.dir.path() + "/upper", p.dir.path() + "/work", p.root_layers.shift, root.is_volatile});
    }
    for (const oci::Mount& mount : p.spec.mounts) {
        if (mount.type != rootless::fuse_overlay_type) continue;
        rootless::OverlayDirectories parts = rootless::overlay_directories(mount);
        list.push_back({mount.destination, {}, std::move(parts.lower), parts.upper, parts.work, parts.shift, root.is_volatile});
    }
    return list;
}

} // namespace lib
