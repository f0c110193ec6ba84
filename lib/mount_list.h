// Private to lib/container_mounts.cc and its neighbours: the mounts of a new container while they are collected.
#pragma once

#include "lib/container_mounts.h"
#include "lib/mount_option.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <map>
#include <set>
#include <string>

namespace lib {

/// Turns requests into mounts and records. Each destination is used once.
class MountList {
public:
    MountList(const Engine& engine, const MountContext& context)
        : context_(context), paths_(engine.paths), store_(engine.paths), data_root_(engine.paths.data), volumes_(data_root_) {}

    void add(const MountRequest& request);
    /// What another container or the engine has made up already. Throws Error where the destination is taken.
    void add_ready(const oci::Mount& mount, const MountRecord& record);
    bool has(const std::string& destination) const { return taken_.contains(destination); }
    ContainerMounts& result() { return result_; }
    ContainerMounts take();

private:
    void claim(const std::string& destination);
    storage::Volume ensure_volume(const std::string& name);
    void add_memory(const MountRequest& request);
    void add_terminals(const MountRequest& request);
    void add_bind(const MountRequest& request, const std::string& source);
    void add_volume(const MountRequest& request, const storage::Volume& volume);
    void add_glob(const MountRequest& request);
    void add_image(const MountRequest& request);
    void add_source(const MountRequest& request, const std::string& type, const std::string& name, const std::string& source);
    void add_overlay(const MountRequest& request, const std::string& type, const std::string& name, const std::string& lower);
    void check_source(const MountRequest& request, const std::string& source);
    void push(oci::Mount mount, const std::string& type, const std::string& name, const std::string& shown_source, bool writable);

    const MountContext& context_;
    const Paths& paths_;
    storage::Store store_; ///< of the images
    storage::Root data_root_;
    storage::Volumes volumes_;
    std::set<std::string> taken_;
    int overlays_ = 0;
    ContainerMounts result_;
};

} // namespace lib
