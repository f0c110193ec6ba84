// A container's files as commands outside it see them: cp, export, diff, commit, mount, top.
//
// Theory of operation
//
// Aims. Reading and writing files of a container that may be hostile and may be running, with the host's rights but never
// beyond the container's root.
// How. A running container is entered by a descriptor: /proc/PID/root of its first process, opened here, where the user
// may; everything behind it resolves in the container's own mount namespace, volumes and mounts included, and nothing of
// ours ever is inside. A container that does not run gets a mount of its root in the private mount namespace of a forked
// child. Either way the work itself happens in a child inside the store's user namespace (rootless::run_in_userns), whose
// root owns all ids of all containers of the user. Paths of the container are resolved by rootless::find_in only. No
// program, library or configuration of the container is run or read on the way (CVE-2019-14271).
// Failure story. Mounts and the root descriptor go with the child; the container's lock goes with this process.
#pragma once

#include "base/lock.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/id_maps.h"
#include "lib/join_target.h"
#include "storage/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// The layers a container was made from, leased. Throws Error where one is missing, or in the other id mode.
storage::OpenLayers open_recorded_layers(Engine& engine, const ContainerRecord& record);

/// A small file of a running container, resolved inside its root; what is no regular file counts as missing.
std::string read_inside(int root, const std::string& path);
/// The same of the container that `target` is a process of, whatever its files are on.
std::string read_running(const JoinTarget& target, const ContainerState& state, const std::string& path);

/// The inner id for an outer one; ids that are not mapped are nobody's.
std::uint32_t inner_id(const std::vector<rootless::IdRange>& ranges, std::uint32_t outer);

/// What the caller is going to do with the files.
enum class FilesUse {
    as_seen,  ///< read and write them with all mounts, as a process of the container sees them
    own_only, ///< read the container's own files alone, without anything mounted: also while it runs
};

class ContainerFiles {
public:
    /// With as_seen, a container that does not run is locked against being started and removed as long as this lives.
    static ContainerFiles open(Engine& engine, const std::string& id_or_name, FilesUse use);

    const ContainerDir& dir() const noexcept { return dir_; }
    const ContainerRecord& record() const noexcept { return record_; }
    const oci::RuntimeSpec& spec() const noexcept { return spec_; }
    bool is_running() const noexcept { return static_cast<bool>(running_root_); }
    /// Whether its ids are others than the store's.
    bool has_own_maps() const { return maps_ != store_maps_; }
    /// Ids of the container as the store's user namespace has them. Throws Error where its map does not have one.
    std::uint32_t uid_in_store(std::uint32_t id) const { return in_store(maps_.uids, store_maps_.uids, id); }
    std::uint32_t gid_in_store(std::uint32_t id) const { return in_store(maps_.gids, store_maps_.gids, id); }
    /// The container's ids (inside) for those of the store (outside).
    rootless::IdMaps maps_to_store() const;

    /// The container's root, in a process forked into the store's user namespace. Once in such a process.
    UniqueFd open_root() const;
    /// The same to be written, without mounts, for a container that does not run (and own_only).
    UniqueFd open_writable_root() const;
    /// Where the process has to be forked into: the store's user namespace, a new one. Files on FUSE are shown to those inside of the
    /// user namespace that they were mounted in alone, so with a running container of that kind it is that one.
    rootless::UserNamespace userns() const;
    /// The same as a descriptor of one that exists, or -1.
    int existing_userns() const noexcept { return userns_.get(); }

private:
    ContainerFiles(ContainerDir dir, FilesUse use) : dir_(std::move(dir)), use_(use) {}
    ContainerDir dir_;
    FilesUse use_;
    rootless::IdMaps maps_;
    rootless::IdMaps store_maps_;
    ContainerRecord record_;
    oci::RuntimeSpec spec_;
    UniqueFd running_root_;
    UniqueFd userns_; ///< that it was mounted in, of a running one on FUSE
    std::optional<FileLock> lock_;
    std::optional<storage::OpenLayers> layers_;
    RootLayers root_layers_; ///< of them, with the owners that the container sees
};

} // namespace lib
