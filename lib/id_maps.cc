// Which ids a container gets; see lib/id_maps.h.
#include "lib/id_maps.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/namespaces.h"
#include "lib/user_lookup.h"
#include "rootless/overlay_options.h"
#include "rootless/surroundings.h"
#include "storage/id_shift.h"
#include "storage/merged_view.h"
#include "storage/store.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

namespace lib {
namespace {

using rootless::IdMaps;
using rootless::IdRange;

constexpr std::uint32_t automatic_least = 1024;  // as containers/storage
constexpr std::uint32_t automatic_most = 65536;
constexpr std::uint32_t nobody = 65534; // Linux' overflow id
constexpr std::size_t digest_length = 64;

std::vector<IdRange> keep_id(const UserNamespaceMode& mode, std::optional<std::uint32_t> asked, std::uint32_t own,
                             const std::vector<IdRange>& store) {
    std::uint32_t total = total_of(store);
    if (mode.size) total = std::min(total, *mode.size);
    return keep_id_ranges(asked.value_or(own), total);
}

std::vector<IdRange> without_user(const std::vector<IdRange>& store) {
    const std::uint32_t total = total_of(store);
    if (total < 2) throw Error("--userns=nomap needs subordinate ids in /etc/subuid and /etc/subgid");
    return {{0, 1, total - 1}};
}

/// Mappings of the other containers with automatic maps, in the store's ids.
IdMaps used_automatically(const Engine& engine) {
    IdMaps used;
    for (const std::string& id : container_ids(engine)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue;
        try {
            const auto theirs = dir->load_record().namespaces;
            const auto user = theirs.find("user");
            if (user == theirs.end() || !user->second.starts_with("auto")) continue;
            const IdMaps maps = rootless::express_in(
                maps_of(oci::parse_runtime_spec(files::read(dir->fd(), "config.json"), dir->path() + "/config.json")), engine.maps);
            used.uids.insert(used.uids.end(), maps.uids.begin(), maps.uids.end());
            used.gids.insert(used.gids.end(), maps.gids.begin(), maps.gids.end());
        } catch (const Error&) {
            continue; // removed while we read it, or of ids that are not ours any more
        }
    }
    return used;
}

std::vector<IdRange> automatic(std::uint32_t size, const std::vector<IdRange>& fixed, const std::vector<IdRange>& used,
                               const std::vector<IdRange>& store, const char* kind) {
    const auto start = find_free_range(size, total_of(store), used);
    if (!start)
        throw Error("--userns=auto: no range of ", size, " subordinate ", kind, " ids is free: you have ", total_of(store) - 1,
                    ", and other containers made with --userns=auto use some; remove one, or ask for fewer (auto:size=N)");
    return automatic_ranges(size, *start, fixed);
}

/// The highest id of a passwd or group file, without nobody and what is above.
std::uint32_t highest_listed_id(const std::string& text) {
    std::uint32_t highest = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto second = line.find(':', line.find(':') + 1);
        std::uint32_t id = 0;
        if (second == std::string::npos) continue;
        const auto [end, error] = std::from_chars(line.data() + second + 1, line.data() + line.size(), id);
        if (error == std::errc() && id < nobody) highest = std::max(highest, id);
    }
    return highest;
}

/// As many ids as the image's files and the container's user need, in Podman's limits.
std::uint32_t automatic_size(const Engine& engine, const CreateRequest& request, const storage::Image& image,
                             const storage::OpenLayers& layers) {
    std::vector<int> fds;
    for (const UniqueFd& fd : layers.fs) fds.push_back(fd.get());
    std::uint32_t highest = 0;
    for (const char* path : {"etc/passwd", "etc/group"})
        highest = std::max(highest, highest_listed_id(storage::find_file(fds, path, user_file_limit).value_or("")));
    for (const std::string& diff_id : image.diff_ids) {
        const storage::LayerIds ids = storage::layer_ids(cat(engine.paths.image_root(), "/layers/", storage::digest_hex(diff_id)));
        highest = std::max({highest, ids.uids.back(), ids.gids.back()});
    }
    std::uint32_t user = 0;
    const std::string text = request.user.value_or("");
    if (std::from_chars(text.data(), text.data() + text.size(), user).ec == std::errc()) highest = std::max(highest, user);
    return std::clamp(highest + 1, automatic_least, automatic_most);
}

/// From ids of the store's namespace to those of this machine.
IdMaps on_machine(const IdMaps& maps, const IdMaps& store) {
    const auto turned = [](std::vector<IdRange> ranges) {
        for (IdRange& r : ranges) std::swap(r.inside, r.outside);
        return ranges;
    };
    return rootless::express_in(maps, {turned(store.uids), turned(store.gids)});
}

/// --subuidname and --subgidname: the ranges that the files give to a name, from id 0 of the container on.
IdMaps named_maps(const Engine& engine, const CreateRequest& request) {
    const std::string user = request.subuidname.empty() ? request.subgidname : request.subuidname;
    const std::string group = request.subgidname.empty() ? request.subuidname : request.subgidname;
    const auto read = [&](const char* file, const std::string& name) {
        auto ranges = rootless::parse_subids(files::find(file).value_or(""), name, UINT32_MAX);
        if (ranges.empty()) throw Error(file, " has no ids for \"", name, "\"");
        for (IdRange& r : ranges) --r.inside; // counted from 1 there
        return ranges;
    };
    const IdMaps maps{read("/etc/subuid", user), read("/etc/subgid", group)};
    try {
        (void)rootless::express_in(maps, engine.maps);
    } catch (Error& e) {
        e.add_context("--subuidname: only your own subordinate ids can be used");
        throw;
    }
    return maps;
}

void check_combination(const CreateRequest& request, const UserNamespaceMode& mode) {
    const bool maps = !request.uidmap.empty() || !request.gidmap.empty();
    const bool names = !request.subuidname.empty() || !request.subgidname.empty();
    if (mode.word != "private" && !request.userns.empty() && (maps || names))
        throw Error("--userns=", request.userns, " and --uidmap, --gidmap, --subuidname, --subgidname exclude each other");
    if (maps && names) throw Error("--uidmap or --gidmap and --subuidname or --subgidname exclude each other");
}

ChosenMaps join_container(const Engine& engine, const UserNamespaceMode& mode) {
    const ContainerDir other = ContainerDir::open(engine, mode.target);
    const auto spec = oci::parse_runtime_spec(files::read(other.fd(), "config.json"), other.path() + "/config.json");
    return {maps_of(spec), {NamespaceKind::container, other.id(), "container:" + other.id()}, {}, {}};
}

ChosenMaps join_path(const UserNamespaceMode& mode) {
    const auto found = rootless::open_namespace(mode.target, CLONE_NEWUSER, "the user namespace " + mode.target);
    if (rootless::is_own_namespace(found)) throw Error("--userns=", mode.word, ": that is the user namespace ctl itself runs in");
    return {rootless::read_id_maps(found), {NamespaceKind::path, mode.target, mode.word}, {}, {}};
}

storage::IdShift shift_of(const IdMaps& maps, const IdMaps& store) {
    const IdMaps inner = rootless::express_in(maps, store);
    const auto ranges = [](const std::vector<IdRange>& from) {
        std::vector<storage::ShiftRange> result;
        for (const IdRange& r : from) result.push_back({r.inside, r.outside, r.count});
        return result;
    };
    return {ranges(inner.uids), ranges(inner.gids)};
}

} // namespace

ChosenMaps choose_maps(Engine& engine, const CreateRequest& request, const storage::Image& image, const storage::OpenLayers& layers) {
    const IdMaps& store = engine.load_maps();
    const char* variable = std::getenv("PODMAN_USERNS");
    const bool explicit_maps = !request.uidmap.empty() || !request.gidmap.empty() || !request.subuidname.empty() || !request.subgidname.empty();
    const std::string text = !request.userns.empty() || variable == nullptr || explicit_maps ? request.userns : variable;
    const UserNamespaceMode mode = parse_user_namespace(text);
    check_combination(request, mode);
    ChosenMaps chosen{store, {NamespaceKind::own, "", mode.word}, {}, {}};
    const auto take = [&](const IdMaps& maps) { chosen.maps = rootless::normalized(on_machine(maps, store)); };
    switch (mode.kind) {
    case UserNamespaceKind::container: return join_container(engine, mode);
    case UserNamespaceKind::path: return join_path(mode);
    case UserNamespaceKind::keep_id: {
        if (engine.paths.uid == 0) throw Error("--userns=keep-id is for ordinary users: root is root already");
        take({keep_id(mode, mode.uid, engine.paths.uid, store.uids), keep_id(mode, mode.gid, engine.paths.gid, store.gids)});
        chosen.user = cat(mode.uid.value_or(engine.paths.uid), ":", mode.gid.value_or(engine.paths.gid));
        break;
    }
    case UserNamespaceKind::nomap: take({without_user(store.uids), without_user(store.gids)}); break;
    case UserNamespaceKind::automatic: {
        chosen.range_lock = FileLock::acquire(AT_FDCWD, engine.paths.data + "/ranges.lock", FileLock::Mode::exclusive);
        const std::uint32_t size = mode.size ? *mode.size : automatic_size(engine, request, image, layers);
        const IdMaps used = used_automatically(engine);
        take({automatic(size, mode.uids, used.uids, store.uids, "user"), automatic(size, mode.gids, used.gids, store.gids, "group")});
        break;
    }
    case UserNamespaceKind::store:
        if (!request.subuidname.empty() || !request.subgidname.empty()) chosen.maps = named_maps(engine, request);
        else if (explicit_maps) take(parse_id_maps(request.uidmap, request.gidmap, store));
        if (explicit_maps) chosen.mode.word = "private";
        break;
    }
    return chosen;
}

std::uint32_t in_store(const std::vector<IdRange>& container, const std::vector<IdRange>& store, std::uint32_t id) {
    const IdMaps inner = rootless::express_in({container, {}}, {store, {}});
    for (const IdRange& r : inner.uids)
        if (id >= r.inside && id - r.inside < r.count) return r.outside + (id - r.inside);
    throw Error("id ", id, " does not exist in the container");
}

namespace {

/// The layers where the maps need other owners than they have; nullopt where they do not.
std::optional<storage::LayerStack> stack_to_shift(Engine& engine, storage::LayerStack stack, const IdMaps& maps, storage::IdShift& shift) {
    const IdMaps& store = engine.load_maps();
    if (rootless::normalized(maps) == rootless::normalized(store) || store.is_single()) return std::nullopt;
    shift = shift_of(maps, store);
    bool unchanged = true;
    for (const std::string& layer : stack.layers)
        if (!storage::is_unchanged(storage::layer_ids(cat(stack.data_root, "/layers/", layer)), shift)) unchanged = false;
    if (unchanged) return std::nullopt;
    return stack;
}

/// A tree with those owners is made where it is missing.
void ensure_shifted(Engine& engine, const storage::LayerStack& stack, const storage::IdShift& shift) {
    if (!storage::find_shifted(stack, shift))
        rootless::run_in_userns(engine.maps, [&] { storage::make_shifted(stack, shift); });
}

/// Below layers/, topmost first.
std::vector<std::string> layer_names(const std::vector<std::string>& diff_ids) {
    std::vector<std::string> names;
    for (auto id = diff_ids.rbegin(); id != diff_ids.rend(); ++id) names.push_back(storage::digest_hex(*id));
    return names;
}

/// The layers that an image's mount is made of, topmost first; none for another mount. They are where the image was when the
/// container was made: in the image root, or in another one that --imagestore named.
storage::LayerStack mounted_layers(const Paths& paths, const rootless::OverlayDirectories& directories) {
    constexpr std::string_view parent = "/layers/", tree = "/fs";
    storage::LayerStack stack{paths.image_root(), {}};
    for (const std::string& path : directories.lower) {
        const auto at = path.rfind(parent);
        if (at == std::string::npos || !path.ends_with(tree)) continue; // the empty one below a single layer
        const std::string name = path.substr(at + parent.size(), path.size() - at - parent.size() - tree.size());
        if (name.size() != digest_length || name.find_first_not_of("0123456789abcdef") != std::string::npos) continue;
        stack.data_root = path.substr(0, at);
        stack.layers.push_back(name);
    }
    return stack;
}

storage::LayerStack own_layers(const Paths& paths, const std::vector<std::string>& diff_ids) { return {paths.image_root(), layer_names(diff_ids)}; }

LayerOwners shifted_owners(const storage::Store& store, const storage::LayerStack& stack) {
    const auto is_link = [&](const std::string& name) { return !store.linked_from("sha256:" + name).empty(); };
    return std::ranges::any_of(stack.layers, is_link) ? LayerOwners::shifted_links : LayerOwners::shifted;
}

/// Making the tree takes 0.1 to 0.3 ms for each file, as long as starting a container takes for a few hundred. Above this FUSE shows the
/// other owners at once.
constexpr std::int64_t most_made_at_start = 1000;

bool takes_long_to_make(const storage::Store& store, const storage::LayerStack& stack, const storage::IdShift& shift) {
    std::int64_t entries = 0;
    for (const std::string& layer : stack.layers)
        if (const auto info = store.find_layer("sha256:" + layer)) entries += info->entries;
    return entries > most_made_at_start && !storage::find_shifted(stack, shift);
}

} // namespace

StorageDriver choose_driver_for(Engine& engine, std::optional<StorageDriver> recorded, const std::vector<std::string>& diff_ids,
                                const rootless::IdMaps& maps) {
    auto wanted = engine.storage_driver ? engine.storage_driver : recorded;
    const storage::Store store(engine.paths);
    if (std::ranges::any_of(diff_ids, [&](const std::string& diff_id) { return store.is_shared_layer(diff_id); }))
        return choose_driver(engine, wanted, LayerOwners::in_attributes);
    storage::IdShift shift;
    const auto stack = stack_to_shift(engine, own_layers(engine.paths, diff_ids), maps, shift);
    if (!stack) return choose_driver(engine, wanted, LayerOwners::as_stored);
    const LayerOwners owners = shifted_owners(store, *stack);
    if (!engine.storage_driver && wanted == StorageDriver::combined && owners == LayerOwners::shifted_links) wanted.reset(); // as it was made elsewhere
    const bool is_large = owners == LayerOwners::shifted && takes_long_to_make(store, *stack, shift);
    return choose_driver(engine, wanted, is_large ? LayerOwners::shifted_many : owners);
}

rootless::LayerFds RootLayers::fds(int top) const {
    if (!is_on_fuse(driver)) return {lower, data, top, {}};
    return {lower, {}, top, {helper_path("ctl-fuse"), shift}}; // ours alone is enough for a look
}

RootLayers root_layers(Engine& engine, const storage::OpenLayers& layers, const std::vector<std::string>& diff_ids,
                       const rootless::IdMaps& maps, StorageDriver driver) {
    RootLayers result;
    result.driver = driver;
    for (const UniqueFd& fd : layers.fs) result.lower.push_back(fd.get());
    storage::IdShift shift;
    const auto stack = stack_to_shift(engine, own_layers(engine.paths, diff_ids), maps, shift);
    if (!stack) {
        if (driver == StorageDriver::combined) result.driver = StorageDriver::overlay; // there is nothing to shift
        return result;
    }
    const auto open_layers_dir = [&] { return sys::open(engine.paths.image_root() + "/layers", O_PATH | O_DIRECTORY); };
    if (is_on_fuse(driver)) {
        result.shift = shift.text();
        if (driver == StorageDriver::fuse) return result;
        result.data = {result.shifted.emplace_back(open_layers_dir()).get()};
        for (const std::string& name : stack->layers) result.pointers.push_back(cat("/", name, "/fs"));
        return result;
    }
    ensure_shifted(engine, *stack, shift);
    auto tree = storage::find_shifted(*stack, shift);
    if (!tree) throw Error("the image's tree for this id map has vanished; try again");
    result.lower = {result.shifted.emplace_back(std::move(*tree)).get()};
    result.data = {result.shifted.emplace_back(open_layers_dir()).get()};
    return result;
}

void prepare_overlay_mounts(Engine& engine, oci::RuntimeSpec& spec, StorageDriver driver) {
    for (oci::Mount& mount : spec.mounts) {
        if (mount.type != "overlay") continue;
        storage::IdShift shift;
        const storage::LayerStack layers = mounted_layers(engine.paths, rootless::overlay_directories(mount));
        const auto stack = layers.layers.empty() ? std::nullopt : stack_to_shift(engine, layers, maps_of(spec), shift);
        Paths paths = engine.paths;
        paths.images = layers.data_root;
        const storage::Store store(paths);
        if (driver != StorageDriver::fuse && std::ranges::any_of(layers.layers, [&](const std::string& name) { return store.is_shared_layer("sha256:" + name); }))
            (void)choose_driver(engine, StorageDriver::overlay, LayerOwners::in_attributes);
        if (driver == StorageDriver::fuse || (driver == StorageDriver::combined && stack)) {
            mount.type = mount.source = rootless::fuse_overlay_type;
            if (stack) mount.options.push_back("shift=" + shift.text());
        } else if (stack) {
            (void)choose_driver(engine, driver, shifted_owners(store, *stack)); // the image of the container itself may need none
            ensure_shifted(engine, *stack, shift);
            const std::string tree = cat(stack->data_root, "/maps/", storage::shift_key(*stack, shift), "/fs");
            const auto option = std::ranges::find_if(mount.options, [](const std::string& text) { return text.starts_with("lowerdir="); });
            *option = rootless::lowerdir_option({tree}, {stack->data_root + "/layers"});
        }
    }
}

std::optional<std::set<std::string>> find_used_trees(const Engine& engine) {
    std::set<std::string> keys;
    if (!storage::Store(engine.paths).other_roots_in_use().empty()) return std::nullopt; // theirs may have any map
    for (const std::string& id : container_ids(engine)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue;
        try {
            const oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir->fd(), "config.json"), dir->path() + "/config.json");
            if (rootless::normalized(maps_of(spec)) == rootless::normalized(engine.maps)) continue;
            const storage::IdShift shift = shift_of(maps_of(spec), engine.maps);
            const auto use = [&](const storage::LayerStack& stack) { keys.insert(storage::shift_key(stack, shift)); };
            use(own_layers(engine.paths, dir->load_record().image_diff_ids));
            for (const oci::Mount& mount : spec.mounts)
                if (mount.type == "overlay") use(mounted_layers(engine.paths, rootless::overlay_directories(mount)));
        } catch (const Error&) {
            return std::nullopt;
        }
    }
    return keys;
}

} // namespace lib
