// See lib/diff.h. Layers are compared by their indexes; only a container's upper directory is walked, in the store's user
// namespace.
#include "lib/diff.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_files.h"
#include "lib/resolve_image.h"
#include "storage/tree_walk.h"

#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

constexpr std::size_t most_changes = std::size_t{1} << 30; ///< bytes of paths

/// Layers, bottom first, and the container on top of them.
struct Tree {
    std::vector<std::string> diff_ids;
    std::optional<ContainerFiles> container;
};

bool is_container(const Engine& engine, const std::string& name) {
    try {
        find_container_id(engine, name);
        return true;
    } catch (const Error&) {
        return false;
    }
}

Tree find_tree(Engine& engine, const std::string& name) {
    if (is_container(engine, name)) {
        ContainerFiles files = ContainerFiles::open(engine, name, FilesUse::own_only);
        if (const std::string root = files.record().bound_root(); !root.empty())
            throw Error("container ", files.record().name, " writes into ", root, " itself: there is nothing to compare that with");
        std::vector<std::string> layers = files.record().image_diff_ids;
        return {std::move(layers), std::move(files)};
    }
    if (const auto image = find_local_image(engine, name)) return {image->image.diff_ids, std::nullopt};
    throw Error("no container or image with name or id \"", name, "\" found");
}

class Comparison {
public:
    Comparison(const Engine& engine, const Tree& tree) : store_(engine.paths), tree_(tree) {}

    std::vector<storage::Change> to_parent() const {
        std::vector<std::string> below = tree_.diff_ids;
        if (tree_.container) return storage::layer_changes(merged(below), upper());
        if (below.empty()) return {};
        const std::string top = below.back();
        below.pop_back();
        return storage::layer_changes(merged(below), load(top));
    }

    std::vector<storage::Change> to(const Comparison& base) const { return storage::tree_changes(base.whole(), whole()); }

private:
    std::vector<storage::IndexEntry> load(const std::string& diff_id) const {
        return storage::load_index(store_.path("layers/" + storage::digest_hex(diff_id))).entries;
    }
    storage::MergedIndex merged(const std::vector<std::string>& diff_ids) const {
        storage::MergedIndex index;
        if (tree_.container && !tree_.container->record().rootfs.empty())
            index.add_layer(storage::scan_upper(sys::open(tree_.container->record().rootfs, O_PATH | O_DIRECTORY)));
        for (const std::string& diff_id : diff_ids) index.add_layer(load(diff_id));
        return index;
    }
    storage::MergedIndex whole() const {
        storage::MergedIndex index = merged(tree_.diff_ids);
        if (tree_.container) index.add_layer(upper());
        return index;
    }
    /// Without what the engine made there.
    std::vector<storage::IndexEntry> upper() const {
        auto entries = storage::scan_upper(sys::open_at(tree_.container->dir().fd(), "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW));
        std::erase_if(entries, [](const storage::IndexEntry& entry) {
            return std::find(engine_paths().begin(), engine_paths().end(), entry.path) != engine_paths().end();
        });
        if (!tree_.container->has_own_maps()) return entries;
        const rootless::IdMaps maps = tree_.container->maps_to_store(); // the index has the image's ids
        for (storage::IndexEntry& entry : entries) {
            entry.uid = inner_id(maps.uids, entry.uid);
            entry.gid = inner_id(maps.gids, entry.gid);
        }
        return entries;
    }

    storage::Store store_;
    const Tree& tree_;
};

std::string encode(const std::vector<storage::Change>& changes) {
    std::string text;
    for (const storage::Change& change : changes) (text += static_cast<char>(change.kind)).append(change.path) += '\0';
    return text;
}

std::vector<storage::Change> decode(std::string_view text) {
    std::vector<storage::Change> changes;
    while (!text.empty()) {
        const std::string_view record = text.substr(0, text.find('\0'));
        changes.push_back({static_cast<storage::ChangeKind>(record.front()), std::string(record.substr(1))});
        text.remove_prefix(record.size() + 1);
    }
    return changes;
}

} // namespace

const std::vector<std::string>& engine_paths() {
    static const std::vector<std::string> paths{"dev", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc", "run",
                                                "run/.containerenv", "run/secrets", "sys"};
    return paths;
}

std::vector<storage::Change> diff_objects(Engine& engine, const DiffRequest& request) {
    const Tree tree = find_tree(engine, request.object);
    std::optional<Tree> base;
    if (request.base) base = find_tree(engine, *request.base);
    const auto compare = [&] {
        const Comparison object(engine, tree);
        return base ? object.to(Comparison(engine, *base)) : object.to_parent();
    };
    if (!tree.container && !(base && base->container)) return compare();
    const UniqueFd answer(::memfd_create("ctl-diff", MFD_CLOEXEC));
    if (!answer) throw SysError{errno, "memfd_create"};
    rootless::run_in_userns(engine.load_maps(), [&] {
        storage::raise_descriptor_limit();
        sys::write_all(answer.get(), encode(compare()), "the changes");
    });
    if (::lseek(answer.get(), 0, SEEK_SET) != 0) throw SysError{errno, "rewind the changes"};
    return decode(sys::read_to_end(answer.get(), most_changes, "the changes"));
}

} // namespace lib
