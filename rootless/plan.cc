// The spec's mounts, devices and process as steps; see rootless/plan.h.
#include "rootless/plan.h"

#include "base/files.h"
#include "base/sys.h"
#include "rootless/overlay_options.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace rootless {
namespace {

struct DeviceNode {
    const char* name;
    unsigned major;
    unsigned minor;
};
/// The devices every container has (config-linux.md, "Default Devices").
constexpr DeviceNode default_devices[] = {{"null", 1, 3}, {"zero", 1, 5},   {"full", 1, 7},
                                          {"tty", 5, 0},  {"random", 1, 8}, {"urandom", 1, 9}};

struct DeviceLink {
    const char* path;
    const char* target;
};
constexpr DeviceLink default_links[] = {{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
                                        {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
                                        {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"}};

/// With dots between the parts of a path below /proc/sys.
std::string dotted_name(std::string path) {
    for (char& c : path) c = c == '/' ? '.' : c == '.' ? '/' : c;
    return path;
}

/// Settings that each ipc namespace has its own of (ipc_namespaces(7)).
bool is_ipc_setting(const std::string& name) {
    for (const char* prefix : {"fs.mqueue.", "kernel.msg", "kernel.shm"})
        if (name.starts_with(prefix)) return true;
    return name == "kernel.sem";
}

void check_namespaces(const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    const Surroundings* const surroundings = extras.surroundings;
    for (const oci::Namespace& n : spec.namespaces) {
        if (namespace_flag(n.type) == 0) throw Error("linux.namespaces: unknown type \"", n.type, "\"");
        if (!n.path.empty() && surroundings == nullptr)
            throw Error("linux.namespaces: the ", n.type, " namespace ", n.path, " has not been opened");
    }
    // One that is joined gets the container's root, as the processes in it do: so pivot_root(2) is.
    if (!spec.has_namespace("mount")) throw Error("linux.namespaces: a container needs a mount namespace");
    if (!spec.has_namespace("user") && !extras.privileged) throw Error("linux.namespaces: an ordinary user's container needs a new user namespace");
}

/// MS_*; 0 for none.
std::uint64_t propagation_flag(const std::string& word) {
    if (word.empty()) return 0;
    const std::uint64_t flag = parse_mount_options({"/", "bind", "", {word}}).propagation;
    if (flag == 0) throw Error("linux.rootfsPropagation: unknown word \"", word, "\"");
    return flag;
}

} // namespace

bool is_kernel_path(const std::string& path) {
    for (const std::string& top : {std::string("/proc"), std::string("/sys"), std::string("/dev")})
        if (path == top || path.starts_with(top + "/")) return true;
    return false;
}

const char* ChildProgram::keep(std::string text) {
    // The kernel would read half of it, and protect or mount something else than was asked for.
    if (text.find('\0') != std::string::npos) throw Error("the text \"", text.c_str(), "\" goes on after a zero byte");
    return texts_.emplace_back(std::move(text)).c_str();
}

const char* const* ChildProgram::keep_pointers(const std::vector<std::string>& texts) {
    auto& list = pointers_.emplace_back();
    for (const std::string& text : texts) list.push_back(keep(text));
    list.push_back(nullptr);
    return list.data();
}

void ChildProgram::add(const Step& step, std::string words) {
    steps_.push_back(step);
    words_.push_back(std::move(words));
}

ChildProgram::ChildProgram(const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    check_namespaces(spec, extras);
    check_ids(spec.process, spec);
    plan_.holds = extras.hold;
    plan_.start_socket = extras.start_socket;
    plan_.open_until_go = extras.single_id;
    plan_.new_cgroup_namespace = spec.makes_namespace("cgroup");
    has_terminal_group_ = !extras.single_id && has_terminal_group(spec);
    add_propagation(spec.rootfs_propagation);
    add_root(spec, extras.root);
    if (extras.surroundings != nullptr) set_surroundings(spec, extras);
    if (extras.make_network != nullptr) // behind what the outer process takes over: the network namespace is not made yet there
        add({.kind = StepKind::call, .function = extras.make_network, .argument = extras.network_plan}, "make the container's network");
    for (const auto& [path, text] : extras.appended) // before anything of the user's is mounted over them
        add({.kind = StepKind::append_file, .path = keep(path), .source = keep(text)}, cat("add to ", path));
    mount_label_ = spec.mount_label;
    joins_mounts_ = !spec.makes_namespace("mount");
    for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
        const auto tree = extras.trees.find(i);
        if (tree != extras.trees.end()) add_tree(spec.mounts[i], tree->second);
        else add_mount(spec.mounts[i], extras);
    }
    if (!has_dev_) add_devices();
    add_wanted_devices(spec);
    if (extras.make_cwd && spec.process.cwd != "/")
        add({.kind = StepKind::directory, .path = keep(spec.process.cwd)}, 
            cat("make the working directory ", spec.process.cwd));
    if (extras.pause) add({.kind = StepKind::pause}, "run the hooks");
    add_kernel_settings(spec, extras);
    add_path_protection(spec);
    if (readonly_dev_) add({.kind = StepKind::change_mount, .fixed_path = true, .path = "/dev", .attributes = MOUNT_ATTR_RDONLY}, "make /dev read-only");
    if (spec.root_readonly) add({.kind = StepKind::readonly_root}, "make the root read-only");
    add({.kind = extras.no_pivot ? StepKind::move_root : StepKind::pivot}, "change to the new root");
    if (const std::uint64_t way = propagation_flag(spec.rootfs_propagation); way != 0 && way != (MS_PRIVATE | MS_REC))
        add({.kind = StepKind::root_propagation, .propagation = way}, cat("make the root ", spec.rootfs_propagation));
    set_time_offsets(spec);
    set_process(spec.process, extras, false);
    set_personality(spec.personality);
    number_steps();
}

ChildProgram::ChildProgram(Stage, const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    check_namespaces(spec, extras);
    check_ids(spec.process, spec);
    plan_.open_until_go = extras.single_id;
    plan_.process.set_groups = !extras.single_id && !extras.keep_groups;
    add_propagation(spec.rootfs_propagation);
    add_root(spec, extras.root);
    if (extras.surroundings != nullptr) set_surroundings(spec, extras);
    if (extras.make_network != nullptr)
        add({.kind = StepKind::call, .function = extras.make_network, .argument = extras.network_plan}, "make the container's network");
    for (const auto& [path, text] : extras.appended)
        add({.kind = StepKind::append_file, .path = keep(path), .source = keep(text)}, cat("add to ", path));
    if (spec.makes_namespace("network"))
        add({.kind = StepKind::loopback_up, .source = extras.loopback_address}, "bring up the loopback interface");
    add({.kind = StepKind::pause}, "wait for the runtime");
    number_steps();
}

ChildProgram::ChildProgram(const oci::Process& process, const PlanExtras& extras) {
    set_process(process, extras, true);
    set_personality(extras.personality);
}

void ChildProgram::add_root(const oci::RuntimeSpec& spec, const RootFilesystem& root) {
    const char* mountpoint = keep(spec.root_path);
    if (root.layers.empty()) {
        const char* source = root.directory.empty() ? mountpoint : keep(root.directory);
        add({.kind = StepKind::bind_root, .path = mountpoint, .source = source}, cat("bind the root ", source));
        return;
    }
    const bool shows_metadata = root.device_socket >= 0 && !root.data_layers.empty();
    if (root.device_socket >= 0 && !shows_metadata) {
        add({.kind = StepKind::fuse_root, .path = mountpoint, .socket = root.device_socket}, "mount the FUSE overlay");
        return;
    }
    const std::vector<int> layers = shows_metadata ? std::vector{root.layers.front()} : root.layers;
    if (shows_metadata)
        add({.kind = StepKind::fuse_lower, .path = mountpoint, .fd = layers.front(), .socket = root.device_socket}, "mount the metadata by FUSE");
    else
        for (const int fd : layers) add_reopen(fd);
    for (const int fd : root.data_layers) add_reopen(fd);
    add_reopen(root.container_dir);
    // Descriptors instead of paths: no escaping of ':' and ',' and 200 layers in the page that mount(2) takes.
    std::string data = "userxattr,";
    if (shows_metadata) data += "xino=on,"; // two file systems, and yet one device number for files and directories: du -x would leave files out
    data += "lowerdir=";
    for (std::size_t i = 0; i < layers.size(); ++i) data += cat(i == 0 ? "" : ":", "/proc/self/fd/", layers[i]);
    for (const int fd : root.data_layers) data += cat("::/proc/self/fd/", fd); // kernel 6.5: searched by redirects alone
    data += cat(",upperdir=/proc/self/fd/", root.container_dir, "/upper,workdir=/proc/self/fd/", root.container_dir, "/work");
    if (root.is_volatile) data += ",volatile";
    if (data.size() >= 4096) throw Error("the image has too many layers for the kernel's overlay: ", root.layers.size());
    add({.kind = StepKind::overlay_root, .path = mountpoint, .source = keep(data)}, "mount the overlay file system");
}

void ChildProgram::add_reopen(int fd, bool outer) {
    const auto path = sys::find_link_at(AT_FDCWD, cat("/proc/self/fd/", fd));
    if (!path) throw Error("descriptor ", fd, " of a layer is not open");
    const struct stat st = sys::fstat(fd, *path);
    const Step step{.kind = StepKind::reopen, .source = keep(*path), .device = st.st_dev, .inode = st.st_ino, .fd = fd};
    if (outer) add_outer(step, cat("open ", *path));
    else add(step, cat("open ", *path));
}

/// Whether mounts that the host makes later can appear: only below binds that ask for it, and only if all of ours follow.
void ChildProgram::add_propagation(const std::string& wanted) {
    const bool follows = wanted == "slave" || wanted == "rslave" || wanted == "shared" || wanted == "rshared";
    const std::uint64_t way = follows ? MS_SLAVE : MS_PRIVATE;
    add({.kind = StepKind::private_mounts, .propagation = way | MS_REC},
        "separate the mounts from the host's");
}

/// Directories of the host as descriptors, as in add_root.
void ChildProgram::add_overlay(const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras) {
    const OverlayDirectories directories = overlay_directories(mount);
    const std::string lower = files::behind_links(directories.lower.front()); // the place it is mounted on for a moment
    const std::string words = cat("mount an overlay of ", lower, " on ", mount.destination);
    if (mount.type == fuse_overlay_type) {
        const auto device = extras.device_sockets.find(mount.destination);
        if (device == extras.device_sockets.end()) throw Error("nobody shows the files of ", mount.destination);
        return add_source({.kind = StepKind::overlay, .lower = keep(lower), .socket = device->second}, mount, options, extras, words);
    }
    const bool outer = extras.surroundings != nullptr && extras.surroundings->outer_mounts;
    const auto name_directory = [&](const std::string& path) {
        directories_.push_back(sys::open(path, O_PATH | O_DIRECTORY));
        add_reopen(directories_.back().get(), outer);
        return cat("/proc/self/fd/", directories_.back().get());
    };
    std::string data = "userxattr";
    for (std::size_t i = 0; i < directories.lower.size(); ++i)
        data += cat(i == 0 ? ",lowerdir=" : ":", name_directory(directories.lower[i]));
    for (const std::string& path : directories.data) data += cat("::", name_directory(path));
    if (!directories.upper.empty()) data += cat(",upperdir=", name_directory(directories.upper));
    if (!directories.work.empty()) data += cat(",workdir=", name_directory(directories.work));
    if (data.size() >= 4096) throw Error("mount ", mount.destination, ": too many layers for the kernel's overlay");
    add_source({.kind = StepKind::overlay, .source = keep(data), .lower = keep(lower)}, mount, options, extras, words);
}

/// What the caller has made of the mount's source, as it is to be shown.
void ChildProgram::add_tree(const oci::Mount& mount, int tree) {
    const MountOptions options = parse_mount_options(mount);
    add({.kind = StepKind::mount_tree, .optional = options.optional, .fixed_path = is_kernel_path(mount.destination), .path = keep(mount.destination),
         .source = "", .attributes = options.recursive_attributes, .top_attributes = options.attributes,
         .propagation = options.propagation != 0 ? options.propagation : MS_PRIVATE | MS_REC, .fd = tree},
        cat("bind ", mount.source, " with other ids to ", mount.destination));
}

void ChildProgram::add_bind(const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras) {
    if (const auto link = options.copy_symlink ? sys::find_link_at(AT_FDCWD, mount.source) : std::nullopt)
        return add({.kind = StepKind::link_copy, .path = keep(mount.destination), .source = keep(*link)}, cat("copy the link ", mount.source, " to ", mount.destination));
    struct stat st {};
    if (!joins_mounts_ && ::stat(mount.source.c_str(), &st) != 0) throw SysError{errno, cat("bind mount source ", mount.source)};
    const std::string part = options.subdirectory.empty() ? "" : cat("/", options.subdirectory);
    add_source({.kind = StepKind::mount_bind, .recursive = options.recursive, .source = keep(mount.source), .device = st.st_dev, .inode = st.st_ino},
               mount, options, extras, cat("bind ", mount.source, part, " to ", mount.destination));
}

/// What is mounted from the host: by the child itself, or, where the container's root may not reach it any more, taken along
/// by the outer process.
void ChildProgram::add_source(Step step, const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras,
                              const std::string& words) {
    step.subpath = options.subdirectory.empty() ? nullptr : keep(options.subdirectory);
    step.attributes = extras.plain_attributes ? options.recursive_attributes : options.attributes;
    step.top_attributes = options.attributes;
    const Step place{.kind = StepKind::mount_tree, .optional = options.optional, .fixed_path = is_kernel_path(mount.destination),
                     .path = keep(mount.destination), .attributes = step.attributes, .top_attributes = step.top_attributes,
                     .propagation = options.propagation != 0 ? options.propagation : MS_PRIVATE | MS_REC};
    if (extras.surroundings != nullptr && extras.surroundings->outer_mounts) return add_grabbed(step, place, words);
    step.optional = place.optional;
    step.fixed_path = place.fixed_path;
    step.path = place.path;
    step.propagation = place.propagation;
    add(step, words);
}

/// mount(8)'s `remount`: what is mounted there gets other attributes, and nothing is mounted.
void ChildProgram::add_remount(const oci::Mount& mount) {
    const MountOptions parsed = parse_mount_options(mount);
    if (!parsed.data.empty()) throw Error("mount ", mount.destination, ": option \"", parsed.data.front().first, "\" cannot be changed by remount");
    add({.kind = StepKind::change_mount, .fixed_path = is_kernel_path(mount.destination), .path = keep(mount.destination),
         .attributes = parsed.attributes, .cleared = parsed.cleared},
        cat("change the mount ", mount.destination));
}

void ChildProgram::add_mount(const oci::Mount& mount, const PlanExtras& extras) {
    if (mount.destination == "/dev") has_dev_ = true; // what is missing in a tmpfs of ours is added below
    if (!mount.destination.starts_with('/')) throw Error("mounts: destination \"", mount.destination, "\" is not absolute");
    if (std::ranges::find(mount.options, "remount") != mount.options.end()) return add_remount(mount);
    if (extras.surroundings != nullptr && add_foreign(mount, extras)) return;
    MountOptions parsed = parse_mount_options(mount);
    if (parsed.id_map != IdMapped::none) throw Error("mount ", mount.destination, ": other ids for a mount (idmap) are refused by the kernel to ordinary users");
    if (mount.type == "bind") return add_bind(mount, parsed, extras);
    if (is_overlay(mount)) return add_overlay(mount, parsed, extras);
    const std::string type = mount.type == "cgroup" ? "cgroup2" : mount.type;
    const bool own_dev = mount.destination == "/dev" && type == "tmpfs";
    readonly_dev_ = readonly_dev_ || (own_dev && (parsed.attributes & MOUNT_ATTR_RDONLY) != 0);
    if (own_dev) parsed.attributes &= ~std::uint64_t{MOUNT_ATTR_RDONLY}; // until everything is in it
    auto& options = options_.emplace_back();
    for (const auto& [key, value] : parsed.data) {
        if (type == "devpts" && key == "gid" && !has_terminal_group_) continue; // not mapped
        options.push_back({keep(key), value.empty() ? nullptr : keep(value)});
    }
    // Labels are for what keeps files; proc, sysfs and cgroup have their own (selinux(8)).
    if (!mount_label_.empty() && (type == "tmpfs" || type == "mqueue" || type == "devpts")) options.push_back({"context", keep(mount_label_)});
    options.push_back({nullptr, nullptr});
    const bool over = type == "tmpfs" && parsed.copy_up;
    // A hybrid or cgroup-less host has nothing to show there, and a container without limits needs nothing of it.
    add({.kind = over ? StepKind::tmpfs_over : StepKind::mount_fs, .optional = type == "cgroup2" || parsed.optional,
         .fixed_path = is_kernel_path(mount.destination), .path = keep(mount.destination), .source = keep(type),
         .options = options.data(), .attributes = parsed.attributes, .propagation = parsed.propagation},
        cat("mount ", type, " on ", mount.destination));
    if (own_dev) add_devices();
}

void ChildProgram::add_devices() {
    has_dev_ = true;
    for (const DeviceNode& node : default_devices)
        add({.kind = StepKind::device, .path = keep(cat("/dev/", node.name)), .source = keep(cat("/dev/", node.name)),
             .device = makedev(node.major, node.minor)},
            cat("bind the device /dev/", node.name));
    for (const DeviceLink& link : default_links)
        add({.kind = StepKind::symlink, .path = link.path, .source = link.target}, cat("make the link ", link.path));
}

/// linux.devices: nodes are made where the kernel lets us, else the host's of the same numbers are bound.
void ChildProgram::add_wanted_devices(const oci::RuntimeSpec& spec) {
    for (const oci::Device& device : spec.devices) {
        if (device.path == "/dev/ptmx") continue; // a link to that of the container's own devpts
        const mode_t type = device.type == 'b' ? S_IFBLK : device.type == 'p' ? S_IFIFO : S_IFCHR;
        const std::uint64_t number = makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
        add({.kind = StepKind::node, .path = keep(device.path), .source = type == S_IFIFO ? nullptr : keep(device.path), .device = number,
             .uid = device.uid.value_or(0), .gid = device.gid.value_or(0), .mode = type | device.file_mode.value_or(0666)},
            cat("make the device ", device.path));
    }
}

void ChildProgram::add_kernel_settings(const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    if (spec.process.terminal)
        add({.kind = StepKind::console, .path = "/dev/console", .uid = spec.process.user.uid}, "open the terminal");
    if (spec.makes_namespace("network"))
        add({.kind = StepKind::loopback_up, .source = extras.loopback_address}, "bring up the loopback interface");
    if (!spec.hostname.empty()) {
        if (!spec.makes_namespace("uts") && !(extras.privileged && spec.has_namespace("uts"))) throw Error("hostname: needs a new uts namespace");
        add({.kind = StepKind::hostname, .source = keep(spec.hostname)}, cat("set the host name ", spec.hostname));
    }
    if (!spec.domainname.empty()) {
        if (!spec.makes_namespace("uts")) throw Error("domainname: needs a new uts namespace");
        add({.kind = StepKind::domainname, .source = keep(spec.domainname)}, cat("set the domain name ", spec.domainname));
    }
    for (const auto& [name, value] : spec.sysctl) {
        std::string path = name; // what comes first separates, and the other one stands for it in a name (sysctl.d(5))
        const auto separator = name.find_first_of("./");
        if (separator != name.npos && name[separator] == '.')
            for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
        const std::string dotted = dotted_name(path);
        // What root joins is hers to set: engines make the network beforehand.
        const auto owns = [&](const char* type) { return spec.makes_namespace(type) || (extras.privileged && spec.has_namespace(type)); };
        const bool network = dotted.starts_with("net.") && owns("network");
        const bool ipc = is_ipc_setting(dotted) && owns("ipc");
        const bool uts = dotted == "kernel.domainname" && owns("uts");
        if (!network && !ipc && !uts) throw Error("linux.sysctl: ", name, " is not one of this container's own namespaces");
        if (uts) { // /proc/sys/kernel/domainname is closed to the root of a user namespace, the call is not
            add({.kind = StepKind::domainname, .source = keep(value)}, cat("set the domain name ", value));
            continue;
        }
        // The default ping range is a convenience: a kernel that refuses it is no reason not to start.
        add({.kind = StepKind::sysctl, .optional = name == "net.ipv4.ping_group_range", .path = keep(path), .source = keep(value)},
            cat("set the sysctl ", name));
    }
}

void ChildProgram::add_path_protection(const oci::RuntimeSpec& spec) {
    for (const std::string& path : spec.masked_paths)
        add({.kind = StepKind::mask, .fixed_path = is_kernel_path(path), .path = keep(path)}, cat("hide ", path));
    for (const std::string& path : spec.readonly_paths)
        add({.kind = StepKind::readonly_path, .fixed_path = is_kernel_path(path), .path = keep(path)}, cat("make ", path, " read-only"));
}

} // namespace rootless
