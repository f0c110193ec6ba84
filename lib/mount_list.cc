// Requests as mounts of the runtime spec; see lib/mount_list.h.
#include "lib/mount_list.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/events.h"
#include "lib/volume_options.h"
#include "rootless/overlay_options.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace lib {
namespace {

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

std::vector<std::string> attribute_texts(const MountRequest& request) {
    std::vector<std::string> words{request.read_only ? "ro" : "rw"};
    if (request.nosuid) words.push_back("nosuid");
    if (request.nodev) words.push_back("nodev");
    if (request.noexec) words.push_back("noexec");
    return words;
}

std::string octal(unsigned mode) { return cat(std::oct, mode); }

std::string absolute_source(const std::string& source) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(source.c_str(), nullptr), &std::free);
    if (!real)
        throw SysError{errno, cat("bind mount source ", source, " (a host path must exist; for a volume use a name without slash)")};
    return real.get();
}

/// The paths that match a pattern of the shell, sorted.
std::vector<std::string> matches(const std::string& pattern) {
    glob_t found{};
    const int error = ::glob(pattern.c_str(), 0, nullptr, &found);
    const std::unique_ptr<glob_t, decltype(&::globfree)> release(&found, &::globfree);
    if (error == GLOB_NOMATCH) throw Error("--mount type=glob: nothing matches \"", pattern, "\"");
    if (error != 0) throw Error("--mount type=glob: cannot read the directories of \"", pattern, "\"");
    return {found.gl_pathv, found.gl_pathv + found.gl_pathc};
}

} // namespace

void MountList::claim(const std::string& destination) {
    if (!taken_.insert(destination).second)
        throw Error("two mounts on ", destination, ": each destination can be used once");
}

storage::Volume MountList::ensure_volume(const std::string& name) {
    const bool is_new = !volumes_.find(name);
    storage::Volume volume = volumes_.create(name);
    if (is_new) record_volume_event(paths_, "create", name);
    return volume;
}

void MountList::add(const MountRequest& request) {
    if (request.kind == MountKind::glob) return add_glob(request);
    claim(request.destination);
    if (request.relabel != Relabel::none && context_.selinux)
        throw Error("mount on ", request.destination, ": relabelling (z, Z) is not supported yet where SELinux is enabled, as on this machine; "
                    "without it the label stays as it is");
    switch (request.kind) {
    case MountKind::tmpfs:
    case MountKind::ramfs: return add_memory(request);
    case MountKind::devpts: return add_terminals(request);
    case MountKind::bind: return add_bind(request, absolute_source(request.source));
    case MountKind::volume: return add_volume(request, ensure_volume(request.source));
    case MountKind::image: return add_image(request);
    case MountKind::glob: return;
    case MountKind::anonymous: {
        const storage::Volume volume = volumes_.create_anonymous();
        record_volume_event(paths_, "create", volume.name);
        result_.anonymous_volumes.push_back(volume.name);
        return add_volume(request, volume);
    }
    }
}

void MountList::add_ready(const oci::Mount& mount, const MountRecord& record) {
    claim(mount.destination);
    result_.mounts.push_back(mount);
    if (!record.type.empty()) result_.records.push_back(record);
}

ContainerMounts MountList::take() { return std::move(result_); }

void MountList::push(oci::Mount mount, const std::string& type, const std::string& name, const std::string& shown_source,
                     bool writable) {
    result_.records.push_back({type, name, shown_source, mount.destination, join(mount.options), writable});
    result_.mounts.push_back(std::move(mount));
}

void MountList::add_memory(const MountRequest& request) {
    const bool tmpfs = request.kind == MountKind::tmpfs;
    std::vector<std::string> words = attribute_texts(request);
    if (!request.size.empty() && tmpfs) words.push_back("size=" + request.size);
    else if (!request.size.empty()) result_.warnings.push_back(cat("mount on ", request.destination, ": a ramfs has no limit of its size"));
    if (!request.inodes.empty()) words.push_back("nr_inodes=" + request.inodes);
    if (request.mode) words.push_back("mode=" + octal(*request.mode));
    const auto uid = request.chown ? context_.uid : request.uid, gid = request.chown ? context_.gid : request.gid;
    if (uid) words.push_back(cat("uid=", *uid));
    if (gid) words.push_back(cat("gid=", *gid));
    if (request.copy_up) words.push_back("tmpcopyup");
    const char* type = tmpfs ? "tmpfs" : "ramfs";
    push({request.destination, type, type, words}, type, "", "", !request.read_only);
}

void MountList::add_terminals(const MountRequest& request) {
    std::vector<std::string> words = attribute_texts(request);
    words.insert(words.end(), {"nosuid", "noexec", "newinstance", "ptmxmode=0666"});
    words.push_back("mode=" + octal(request.mode.value_or(0600)));
    if (request.uid) words.push_back(cat("uid=", *request.uid));
    if (request.gid) words.push_back(cat("gid=", *request.gid));
    if (request.max) words.push_back(cat("max=", *request.max));
    push({request.destination, "devpts", "devpts", words}, "devpts", "", "", !request.read_only);
}

void MountList::add_bind(const MountRequest& request, const std::string& source) {
    check_source(request, source);
    add_source(request, "bind", "", source);
}

/// What the kernel would refuse, or do otherwise than was asked for, said beforehand.
void MountList::check_source(const MountRequest& request, const std::string& source) {
    struct statvfs fs {};
    if (::statvfs(source.c_str(), &fs) != 0) throw SysError{errno, cat("bind mount source ", source)};
    const auto refuse = [&](bool asked, unsigned long flag, const char* word) {
        if (asked && (fs.f_flag & flag) != 0)
            throw Error("mount on ", request.destination, ": ", source, " is mounted no", word, " on this machine, which an ordinary user's "
                        "container cannot lift");
    };
    refuse(request.asks_suid, ST_NOSUID, "suid");
    refuse(request.asks_dev, ST_NODEV, "dev");
    refuse(request.asks_exec, ST_NOEXEC, "exec");
    const Propagation way = request.propagation;
    if (way == Propagation::shared || way == Propagation::rshared)
        result_.warnings.push_back(cat("mount on ", request.destination, ": mounts of this machine below ", source,
                                       " appear in the container, but none of the container's here: the kernel lets no ordinary user's "
                                       "container change the machine's mounts"));
    const bool follows = way != Propagation::private_ && way != Propagation::rprivate && way != Propagation::unbindable
                         && way != Propagation::runbindable;
    if (follows) result_.follows_host = true;
}

void MountList::add_source(const MountRequest& request, const std::string& type, const std::string& name, const std::string& source) {
    if (request.chown) result_.to_chown.push_back({source, request.subpath});
    if (request.overlay) return add_overlay(request, type, name, source);
    std::vector<std::string> words = attribute_texts(request);
    words.push_back(request.recursive ? "rbind" : "bind");
    words.emplace_back(propagation_word(request.propagation));
    if (!request.subpath.empty()) words.push_back("X-mount.subdir=" + request.subpath);
    push({request.destination, "bind", source, words}, type, name, source, !request.read_only);
}

/// The source stays as it is; what is written goes to a directory of the container, emptied at each start, or to the user's.
void MountList::add_overlay(const MountRequest& request, const std::string& type, const std::string& name, const std::string& lower) {
    if (!S_ISDIR(sys::lstat_at(AT_FDCWD, lower).st_mode))
        throw Error("mount on ", request.destination, ": option O needs a directory, ", lower, " is none");
    const std::string own = cat(context_.container_dir, "/overlays/", overlays_);
    if (request.upper_dir.empty()) ++overlays_;
    std::vector<std::string> words = attribute_texts(request);
    words.push_back(rootless::lowerdir_option({lower}));
    words.push_back("upperdir=" + (request.upper_dir.empty() ? own + "/upper" : absolute_source(request.upper_dir)));
    words.push_back("workdir=" + (request.work_dir.empty() ? own + "/work" : absolute_source(request.work_dir)));
    push({request.destination, "overlay", "overlay", words}, type, name, lower, true);
}

void MountList::add_volume(const MountRequest& request, const storage::Volume& volume) {
    const auto driver = volume_mount(volume);
    if (driver && driver->kind == MountKind::tmpfs) {
        MountRequest memory = *driver;
        memory.destination = request.destination;
        memory.read_only = memory.read_only || request.read_only;
        if (request.overlay || request.chown || !request.subpath.empty())
            throw Error("mount on ", request.destination, ": options O, U and subpath do not go with ", volume.name, ", a volume in memory");
        add_memory(memory);
        result_.records.back().type = "volume";
        result_.records.back().name = volume.name;
        return;
    }
    if (driver) {
        MountRequest bind = request;
        bind.read_only = bind.read_only || driver->read_only;
        bind.nosuid = bind.nosuid || driver->nosuid;
        bind.nodev = bind.nodev || driver->nodev;
        bind.noexec = bind.noexec || driver->noexec;
        const std::string source = absolute_source(driver->source);
        check_source(bind, source);
        return add_source(bind, "volume", volume.name, source);
    }
    check_source(request, volume.data);
    add_source(request, "volume", volume.name, volume.data);
    const bool filled = sys::find_stat_at(AT_FDCWD, volume.data + "/../filled").has_value();
    if (request.copy_up && !filled && request.subpath.empty()) result_.to_fill.emplace_back(volume.name, request.destination);
}

void MountList::add_glob(const MountRequest& request) {
    for (const std::string& path : matches(request.source)) {
        MountRequest one = request;
        one.kind = MountKind::bind;
        one.source = path;
        const std::string real = absolute_source(path);
        const std::string base = path.substr(path.find_last_of('/') + 1);
        const std::string place = !request.destination.empty() ? cat(request.destination, "/", base) : path.starts_with('/') ? path : real;
        one.destination = check_destination("--mount type=glob", place, MountKind::bind, real);
        add(one);
    }
}

void MountList::add_image(const MountRequest& request) {
    if (!context_.find_image) throw Error("mount on ", request.destination, ": images cannot be mounted here");
    storage::Image image = context_.find_image(request.source);
    const std::string shown = image.names.empty() ? storage::digest_hex(image.id) : image.names.front();
    if (image.diff_ids.empty()) throw Error("mount on ", request.destination, ": image ", shown, " has no layers");
    std::vector<std::string> directories;
    for (const std::string& diff_id : image.diff_ids)
        if (!store_.has_verified_layer(diff_id, storage::IdMode::single))
            throw Error("mount on ", request.destination, ": image ", shown, " is in another user's store; pull or load it to mount it");
    for (auto diff_id = image.diff_ids.rbegin(); diff_id != image.diff_ids.rend(); ++diff_id)
        directories.push_back(store_.path(cat("layers/", storage::digest_hex(*diff_id), "/fs")));
    std::vector<std::string> words = attribute_texts(request);
    words.insert(words.end(), {"nosuid", "nodev"});
    if (!request.subpath.empty()) words.push_back("X-mount.subdir=" + request.subpath);
    // Always an overlay: a bind of a layer could be made writable again by a container with CAP_SYS_ADMIN, and the layer is
    // other containers' too. Overlay wants two directories, so an empty one goes below a single one.
    const std::string own = cat(context_.container_dir, "/overlays/", overlays_);
    if (!request.read_only || directories.size() == 1) ++overlays_;
    if (request.read_only && directories.size() == 1) directories.push_back(own + "/upper");
    words.push_back(rootless::lowerdir_option(directories));
    if (!request.read_only) {
        words.push_back(cat("upperdir=", own, "/upper"));
        words.push_back(cat("workdir=", own, "/work"));
    }
    push({request.destination, "overlay", "overlay", words}, "image", "", shown, !request.read_only);
    result_.records.back().options = request.read_only ? "ro" : "rw";
    result_.images.push_back({image.id, image.diff_ids});
    result_.mounted_images.push_back(std::move(image));
}

} // namespace lib
