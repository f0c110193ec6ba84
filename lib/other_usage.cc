// See lib/other_usage.h.
#include "lib/other_usage.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_places.h"
#include "lib/container_store.h"
#include "lib/id_maps.h"
#include "lib/transient.h"
#include "lib/tree_sizes.h"
#include "storage/store.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace lib {
namespace {

using Roots = std::vector<std::string>;

/// Directories that are lines of their own.
struct Kind {
    std::string_view directory;
    std::string_view what;
};
constexpr Kind kinds[] = {
    {"maps", "Trees for other id maps"},
    {"partial", "Unfinished downloads"},
    {"known-blobs", "Known blobs of layers that are gone"},
    {"events", "Events"},
};
constexpr std::string_view leftovers = "Leftovers";
constexpr std::string_view other_layers = "Layers of no image here"; ///< being made, of removed images, or in the store that lends them
constexpr std::string_view the_rest = "Records and temporary files";

/// The paths of all that `system prune --all` would free. Nothing could be freed where nothing can be written.
std::vector<std::string> find_garbage(Engine& engine, storage::Store& store, const Roots& roots) {
    std::vector<std::string> found;
    engine.load_maps();
    try {
        if (sys::find_stat_at(AT_FDCWD, store.path("lock")))
            found = store.collect_garbage(storage::Sweep::look, [&] { return find_used_trees(engine); }, storage::Downloads::dropped).paths;
    } catch (const SysError& e) {
        if (e.err() != EROFS && e.err() != EACCES) throw;
        return {};
    }
    for (std::string& boot : past_boots(engine)) found.push_back(std::move(boot));
    for (const std::string& id : container_ids(engine))
        if (!ContainerDir::find(engine, id)) found.push_back(container_path(engine, id)); // half-made, or being removed
    for (const std::string& root : roots)
        for (const std::string& name : files::list(AT_FDCWD, root + "/trash")) found.push_back(cat(root, "/trash/", name));
    return found;
}

class Lines {
public:
    void add(std::string_view what, std::uint64_t size, std::uint64_t reclaimable) {
        auto line = std::ranges::find(lines_, what, &UsageDetails::OfOther::what);
        UsageDetails::OfOther& sums = line == lines_.end() ? lines_.emplace_back() : *line;
        sums.what = what;
        sums.size += size;
        sums.reclaimable += reclaimable;
        sum_ += size;
    }
    std::uint64_t sum() const { return sum_; }
    std::vector<UsageDetails::OfOther> take() {
        std::erase_if(lines_, [](const auto& line) { return line.size == 0; });
        return std::move(lines_);
    }

private:
    std::vector<UsageDetails::OfOther> lines_;
    std::uint64_t sum_ = 0;
};

/// The kind of line whose directory the path is in.
const Kind* find_kind(const Roots& roots, const std::string& path) {
    for (const std::string& root : roots)
        for (const Kind& kind : kinds)
            if (path.starts_with(cat(root, "/", kind.directory, "/"))) return &kind;
    return nullptr;
}

/// Trees to measure, and the lines that they belong to.
struct Tree {
    std::string path;
    std::string_view what;
    bool is_part = false; ///< of one that is measured as a whole
    bool is_garbage = false;
};

std::vector<Tree> find_trees(const Roots& roots, const std::vector<std::string>& garbage, const std::set<std::string>& counted) {
    std::vector<Tree> trees;
    for (const std::string& path : garbage) {
        const Kind* kind = find_kind(roots, path);
        if (!counted.contains(path)) trees.push_back({path, kind ? kind->what : leftovers, kind != nullptr, true});
    }
    for (const std::string& root : roots) {
        for (const Kind& kind : kinds) trees.push_back({cat(root, "/", kind.directory), kind.what});
        for (const std::string& name : files::list(AT_FDCWD, root + "/layers")) {
            std::string path = cat(root, "/layers/", name);
            if (!counted.contains(path) && !std::ranges::count(garbage, path)) trees.push_back({std::move(path), other_layers});
        }
    }
    return trees;
}

} // namespace

StoreUsage store_usage(Engine& engine, const std::set<std::string>& counted, std::uint64_t counted_bytes) {
    storage::Store store(engine.paths);
    Roots roots{engine.paths.data};
    if (store.is_apart()) roots.push_back(store.dir());
    const std::vector<Tree> trees = find_trees(roots, find_garbage(engine, store, roots), counted);
    std::vector<std::string> paths = roots;
    for (const Tree& tree : trees) paths.push_back(tree.path);
    const std::vector<std::uint64_t> sizes = tree_sizes(engine, paths);

    StoreUsage usage;
    for (std::size_t i = 0; i < roots.size(); ++i) usage.total += sizes[i];
    Lines lines;
    for (std::size_t i = 0; i < trees.size(); ++i) {
        const std::uint64_t size = sizes[roots.size() + i];
        lines.add(trees[i].what, trees[i].is_part ? 0 : size, trees[i].is_garbage ? size : 0);
    }
    const std::uint64_t known = counted_bytes + lines.sum();
    lines.add(the_rest, usage.total - std::min(usage.total, known), 0);
    usage.others = lines.take();
    return usage;
}

} // namespace lib
