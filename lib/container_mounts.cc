// Mount options as mounts; see lib/container_mounts.h.
#include "lib/container_mounts.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/mount_option.h"
#include "rootless/layer_view.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>

namespace lib {
namespace {

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

std::string propagation_word(Propagation propagation) {
    switch (propagation) {
    case Propagation::rprivate: return "rprivate";
    case Propagation::private_: return "private";
    case Propagation::rshared: return "rshared";
    case Propagation::shared: return "shared";
    case Propagation::rslave: return "rslave";
    case Propagation::slave: return "slave";
    }
    return "rprivate";
}

std::vector<std::string> option_words(const MountRequest& request) {
    std::vector<std::string> words{request.read_only ? "ro" : "rw"};
    if (request.nosuid) words.push_back("nosuid");
    if (request.nodev) words.push_back("nodev");
    if (request.noexec) words.push_back("noexec");
    return words;
}

std::string absolute_source(const std::string& source) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(source.c_str(), nullptr), &std::free);
    if (!real)
        throw SysError{errno, cat("bind mount source ", source, " (a host path must exist; for a volume use a name without slash)")};
    return real.get();
}

class MountList {
public:
    explicit MountList(const Engine& engine) : store_(engine.paths), volumes_(store_) {}

    void add(const MountRequest& request) {
        if (!taken_.insert(request.destination).second)
            throw Error("two mounts on ", request.destination, ": each destination can be used once");
        switch (request.kind) {
        case MountKind::tmpfs: add_tmpfs(request); break;
        case MountKind::bind: add_bind(request, "bind", "", absolute_source(request.source)); break;
        case MountKind::volume: add_volume(request, volumes_.create(request.source)); break;
        case MountKind::anonymous: {
            const storage::Volume volume = volumes_.create_anonymous();
            result_.anonymous_volumes.push_back(volume.name);
            add_volume(request, volume);
            break;
        }
        }
    }

    bool has(const std::string& destination) const { return taken_.contains(destination); }

    ContainerMounts take() {
        // A mount hides what was mounted below its destination before, so parents come first.
        std::stable_sort(result_.mounts.begin(), result_.mounts.end(), [](const oci::Mount& a, const oci::Mount& b) {
            return std::count(a.destination.begin(), a.destination.end(), '/')
                   < std::count(b.destination.begin(), b.destination.end(), '/');
        });
        return std::move(result_);
    }

private:
    void add_tmpfs(const MountRequest& request) {
        std::vector<std::string> words = option_words(request);
        if (!request.size.empty()) words.push_back("size=" + request.size);
        char mode[8];
        if (request.mode) {
            std::snprintf(mode, sizeof mode, "%o", *request.mode);
            words.push_back(cat("mode=", mode));
        }
        if (request.copy_up) words.push_back("tmpcopyup");
        result_.mounts.push_back({request.destination, "tmpfs", "tmpfs", words});
        result_.records.push_back({"tmpfs", "", "", request.destination, join(words), !request.read_only});
    }

    void add_bind(const MountRequest& request, const std::string& type, const std::string& name, const std::string& source) {
        std::vector<std::string> words = option_words(request);
        words.push_back(request.recursive ? "rbind" : "bind");
        words.push_back(propagation_word(request.propagation));
        result_.mounts.push_back({request.destination, "bind", source, words});
        result_.records.push_back({type, name, source, request.destination, join(words), !request.read_only});
    }

    void add_volume(const MountRequest& request, const storage::Volume& volume) {
        add_bind(request, "volume", volume.name, volume.data);
        const bool filled = sys::find_stat_at(AT_FDCWD, volume.data + "/../filled").has_value();
        if (request.copy_up && !filled) result_.to_fill.emplace_back(volume.name, request.destination);
    }

    storage::Store store_;
    storage::Volumes volumes_;
    std::set<std::string> taken_;
    ContainerMounts result_;
};

} // namespace

ContainerMounts prepare_mounts(const Engine& engine, const CreateRequest& request, const oci::ImageConfig& image) {
    // All options are read before any volume is made.
    std::vector<MountRequest> mounts;
    for (const std::string& text : request.volumes) mounts.push_back(parse_volume_option(text));
    for (const std::string& text : request.tmpfs) mounts.push_back(parse_tmpfs_option(text));
    std::set<std::string> asked;
    for (const MountRequest& mount : mounts) asked.insert(mount.destination);
    for (const std::string& path : image.volumes) {
        const MountRequest mount = parse_volume_option(path); // a bare path: an anonymous volume
        if (mount.kind != MountKind::anonymous) throw Error("the image declares a volume that is no path: \"", path, "\"");
        if (!asked.contains(mount.destination)) mounts.push_back(mount);
    }
    MountList list(engine);
    for (const MountRequest& mount : mounts) list.add(mount);
    if (request.read_only)
        for (const char* path : {"/run", "/tmp", "/var/tmp"})
            if (!list.has(path)) list.add(parse_tmpfs_option(path));
    return list.take();
}

void fill_volumes(Engine& engine, const std::vector<std::pair<std::string, std::string>>& to_fill,
                  const std::vector<int>& layers, const std::string& mountpoint) {
    if (to_fill.empty()) return;
    const storage::Store store(engine.paths);
    const storage::Volumes volumes(store);
    rootless::run_in_userns(engine.load_maps(), [&] {
        const UniqueFd root = rootless::mount_layers(layers, mountpoint);
        for (const auto& [name, destination] : to_fill) {
            const auto volume = volumes.find(name);
            const auto source = rootless::find_directory_in(root.get(), destination);
            if (volume && source) storage::copy_up(source->get(), *volume);
        }
    });
}

} // namespace lib
