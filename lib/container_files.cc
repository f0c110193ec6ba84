// See lib/container_files.h.
#include "lib/container_files.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/join_target.h"
#include "lib/namespaces.h"
#include "lib/rootfs.h"
#include "lib/user_lookup.h"
#include "rootless/layer_view.h"
#include "rootless/surroundings.h"

#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace lib {
namespace {

UniqueFd open_running_root(const ContainerRecord& record, const ContainerState& state) {
    const JoinTarget target = find_join_target(record, state);
    UniqueFd root = sys::open(cat("/proc/", target.pid, "/root"), O_PATH | O_DIRECTORY);
    // The pid may have been given to another process before the open, not after: the handle still stands for ours.
    if (!sys::pidfd_send_signal(target.process.get(), 0)) throw Error("container ", record.name, " has just ended");
    return root;
}

/// container → machine and store → machine, as container → store.
std::vector<rootless::IdRange> composed(const std::vector<rootless::IdRange>& container, const std::vector<rootless::IdRange>& store) {
    std::vector<rootless::IdRange> ranges;
    for (const rootless::IdRange& own : container)
        for (const rootless::IdRange& known : store) {
            const std::uint32_t begin = std::max(own.outside, known.outside);
            const std::uint32_t end = std::min(own.outside + own.count, known.outside + known.count);
            if (begin < end) ranges.push_back({own.inside + (begin - own.outside), known.inside + (begin - known.outside), end - begin});
        }
    return ranges;
}

/// One that waits to begin (`ctl init`) is not reached through its process: that is still ours and closed. It changes nothing.
bool has_open_process(const ContainerState& state) { return state.status != "initialized" && find_container_process(state); }

/// What the kernel shows to those in its user namespace alone. By both overlays together the root is on the kernel's, which looks below with
/// the rights of who mounted it; images mounted into the container are on ours.
bool has_fuse_mounts(const ContainerState& state, const oci::RuntimeSpec& spec) {
    return state.driver == StorageDriver::fuse ||
           (state.driver == StorageDriver::combined && std::ranges::any_of(spec.mounts, [](const oci::Mount& m) { return m.type == "overlay"; }));
}

/// What is written to mappings of files on FUSE is in the kernel's pages until somebody asks for it; the upper directory is what is
/// read.
void flush_running(const ContainerState& state) noexcept {
    try {
        if (state.driver != StorageDriver::fuse || !has_open_process(state)) return;
        rootless::run_in_userns(rootless::UserNamespace(rootless::top_userns(state.pid).get()), [&] {
            const auto root = sys::try_open(cat("/proc/", state.pid, "/root"), O_RDONLY | O_DIRECTORY);
            if (root) ::syncfs(root->get());
        });
    } catch (const Error&) {
        return; // it has ended meanwhile, and everything is written; or it is out of reach from another user namespace
    }
}

} // namespace

std::uint32_t inner_id(const std::vector<rootless::IdRange>& ranges, std::uint32_t outer) {
    constexpr std::uint32_t nobody = 65534;
    for (const rootless::IdRange& range : ranges)
        if (outer >= range.outside && outer - range.outside < range.count) return range.inside + (outer - range.outside);
    return nobody;
}

std::string read_inside(int root, const std::string& path) {
    const auto dir = rootless::find_directory_in(root, path.substr(0, path.find_last_of('/')));
    if (!dir) return {};
    const UniqueFd file(::openat(dir->get(), path.substr(path.find_last_of('/') + 1).c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file || !S_ISREG(sys::fstat(file.get(), path).st_mode)) return {};
    return sys::read_to_end(file.get(), user_file_limit, path);
}

std::string read_running(const JoinTarget& target, const ContainerState& state, const std::string& path) {
    const UniqueFd root = sys::open(cat("/proc/", target.pid, "/root"), O_PATH | O_DIRECTORY);
    if (state.driver != StorageDriver::fuse) return read_inside(root.get(), path);
    const UniqueFd answer(::memfd_create("ctl-read", MFD_CLOEXEC));
    if (!answer) throw SysError{errno, "memfd_create"};
    rootless::run_in_userns(rootless::UserNamespace(rootless::top_userns(target.pid).get()),
                            [&] { sys::write_all(answer.get(), read_inside(root.get(), path), path); });
    if (::lseek(answer.get(), 0, SEEK_SET) != 0) throw SysError{errno, "rewind"};
    return sys::read_to_end(answer.get(), user_file_limit, path);
}

storage::OpenLayers open_recorded_layers(Engine& engine, const ContainerRecord& record) {
    if (!record.rootfs.empty()) return open_rootfs(record.rootfs);
    storage::Image image;
    image.id = record.image_id;
    image.diff_ids = record.image_diff_ids;
    image.names = {record.image};
    if (record.single_id != engine.load_maps().is_single())
        throw Error("container ", record.name, " was made ", record.single_id ? "in" : "outside",
                    " single-id mode and can be used only there");
    storage::Store store(engine.paths);
    store.take_layers_from(record.image_store);
    return store.open_layers(image, record.single_id ? storage::IdMode::single : storage::IdMode::subordinate);
}

ContainerFiles ContainerFiles::open(Engine& engine, const std::string& id_or_name, FilesUse use) {
    ContainerFiles files(ContainerDir::open(engine, id_or_name), use);
    files.record_ = files.dir_.load_record();
    files.spec_ = oci::parse_runtime_spec(files::read(files.dir_.fd(), "config.json"), files.dir_.path() + "/config.json");
    files.maps_ = maps_of(files.spec_);
    files.store_maps_ = engine.load_maps();
    if (use == FilesUse::as_seen) {
        ContainerState state = files.dir_.load_state();
        if (!has_open_process(state)) {
            files.lock_ = files.dir_.lock();
            state = files.dir_.load_state(); // it may have been started while we waited
        }
        if (has_open_process(state)) {
            files.running_root_ = open_running_root(files.record_, state);
            if (has_fuse_mounts(state, files.spec_)) files.userns_ = rootless::top_userns(state.pid);
            files.lock_.reset();
            return files;
        }
        // The process behind its files has read what it would not see us change.
        if (state.status == "initialized" && state.driver == StorageDriver::fuse)
            throw Error("container ", files.record_.name, " waits to begin, and its files are on FUSE, where they can be reached when it has: "
                        "ctl start ", files.record_.name);
    }
    if (use == FilesUse::own_only) flush_running(files.dir_.load_state());
    files.layers_ = open_recorded_layers(engine, files.record_);
    files.root_layers_ = root_layers(engine, *files.layers_, files.record_.image_diff_ids, files.maps_,
                                     choose_driver_for(engine, files.record_.storage_driver, files.record_.image_diff_ids, files.maps_));
    if (use == FilesUse::as_seen) prepare_overlay_mounts(engine, files.spec_, files.root_layers_.driver);
    return files;
}

rootless::IdMaps ContainerFiles::maps_to_store() const {
    return {composed(maps_.uids, store_maps_.uids), composed(maps_.gids, store_maps_.gids)};
}

rootless::UserNamespace ContainerFiles::userns() const {
    return userns_ ? rootless::UserNamespace(userns_.get()) : rootless::UserNamespace(store_maps_);
}

UniqueFd ContainerFiles::open_root() const {
    if (running_root_) return sys::dup(running_root_.get());
    if (use_ == FilesUse::as_seen)
        return rootless::mount_container({root_layers_.fds(), dir_.fd(), dir_.path() + "/merged", spec_.mounts,
                                          dir_.path() + "/overlays/", record_.bound_root()});
    // The upper directory read as one more layer: that leaves a running container's own mount alone.
    const UniqueFd upper = sys::open_at(dir_.fd(), "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    return rootless::mount_layers(root_layers_.fds(upper.get()), dir_.path() + "/merged");
}

UniqueFd ContainerFiles::open_writable_root() const {
    return rootless::mount_container({root_layers_.fds(), dir_.fd(), dir_.path() + "/merged", {}, {}, record_.bound_root()});
}

} // namespace lib
