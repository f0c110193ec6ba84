// Volumes by themselves; see lib/volumes.h.
#include "lib/volumes.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/containers.h"
#include "lib/copy_stream.h"
#include "lib/events.h"
#include "lib/image_worker.h"
#include "lib/time_point.h"
#include "lib/usage.h"
#include "lib/volume_options.h"
#include "storage/root.h"
#include "storage/tree_tar.h"
#include "storage/volume.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <functional>

namespace lib {
namespace {

using nlohmann::json;
using Users = std::map<std::string, std::vector<ContainerName>>;

struct Pair {
    std::string key;
    std::string value;
    bool has_value = false;
};

Pair split(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return {text, "", false};
    return {text.substr(0, equals), text.substr(equals + 1), true};
}

std::map<std::string, std::string> to_map(const std::vector<std::string>& texts, const char* option) {
    std::map<std::string, std::string> map;
    for (const std::string& text : texts) {
        const Pair pair = split(text);
        if (pair.key.empty()) throw Error(option, " \"", text, "\": the name is missing");
        map[pair.key] = pair.value;
    }
    return map;
}

bool has_pair(const std::map<std::string, std::string>& map, const std::string& text) {
    const Pair wanted = split(text);
    const auto found = map.find(wanted.key);
    return found != map.end() && (!wanted.has_value || found->second == wanted.value);
}

bool parse_truth(const std::string& filter, const std::string& value) {
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    throw Error("--filter ", filter, ": expected true or false");
}

std::int64_t created_ns(const storage::Volume& volume) { return parse_rfc3339(volume.created).value_or(0); }

using Test = std::function<bool(const storage::Volume&)>;

Test make_test(const storage::Volumes& volumes, const Users& users, const std::string& filter) {
    const auto [key, value, has_value] = split(filter);
    if (!has_value) throw Error("--filter \"", filter, "\": expected KEY=VALUE");
    if (key == "name") return [value = value](const auto& v) { return v.name.find(value) != std::string::npos; };
    if (key == "label") return [value = value](const auto& v) { return has_pair(v.labels, value); };
    if (key == "label!") return [value = value](const auto& v) { return !has_pair(v.labels, value); };
    if (key == "opt") return [value = value](const auto& v) { return has_pair(v.options, value); };
    if (key == "driver" || key == "scope") return [value = value](const auto&) { return value == "local"; };
    if (key == "dangling")
        return [&users, wanted = parse_truth(filter, value)](const auto& v) { return users.contains(v.name) != wanted; };
    if (key == "anonymous") return [wanted = parse_truth(filter, value)](const auto& v) { return v.anonymous == wanted; };
    if (key == "until")
        return [time = parse_time_point(value, sys::realtime_ns())](const auto& v) { return created_ns(v) <= time; };
    if (key == "since" || key == "after") {
        const auto other = volumes.find(value);
        if (!other) throw Error("--filter ", filter, ": no such volume");
        return [time = created_ns(*other)](const auto& v) { return created_ns(v) > time; };
    }
    throw Error("--filter ", filter, ": unknown key; known are anonymous, dangling, driver, label, label!, name, opt, scope, since, until");
}

/// Those that pass: of the filters with one key one must hold, of the keys all.
std::vector<storage::Volume> select(const storage::Volumes& volumes, const Users& users, const std::vector<std::string>& filters) {
    std::map<std::string, std::vector<Test>> tests;
    for (const std::string& filter : filters) tests[split(filter).key].push_back(make_test(volumes, users, filter));
    std::vector<storage::Volume> selected = volumes.list();
    std::erase_if(selected, [&](const storage::Volume& volume) {
        return !std::ranges::all_of(tests, [&](const auto& one) {
            const auto holds = [&](const Test& test) { return test(volume); };
            return one.first == "label!" ? std::ranges::all_of(one.second, holds) : std::ranges::any_of(one.second, holds);
        });
    });
    return selected;
}

json document(const storage::Volume& volume, const Users& users) {
    const auto used = users.find(volume.name);
    json text{{"Name", volume.name},
              {"Driver", "local"},
              {"Mountpoint", volume.data},
              {"CreatedAt", volume.created},
              {"Labels", volume.labels},
              {"Scope", "local"},
              {"Options", volume.options},
              {"MountCount", used == users.end() ? 0 : used->second.size()},
              {"NeedsCopyUp", volume.options.empty() && !sys::find_stat_at(AT_FDCWD, volume.data + "/../filled")},
              {"NeedsChown", false}};
    if (volume.anonymous) text["Anonymous"] = true;
    return text;
}

storage::Volume find_one(const storage::Volumes& volumes, const std::string& name) {
    storage::check_volume_name(name);
    if (const auto found = volumes.find(name)) return *found;
    std::vector<storage::Volume> matches = volumes.list();
    std::erase_if(matches, [&](const storage::Volume& v) { return !v.name.starts_with(name); });
    if (matches.empty()) throw Error("no volume with name \"", name, "\" found").with_exit_code(no_such_volume);
    if (matches.size() > 1) throw Error("volume name ", name, " is ambiguous: ", matches[0].name, ", ", matches[1].name, matches.size() > 2 ? ", …" : "");
    return matches.front();
}

std::string names_of(const std::vector<ContainerName>& containers) {
    std::string text;
    for (const ContainerName& container : containers) text += (text.empty() ? "" : ", ") + container.name;
    return text;
}

} // namespace

std::string create_volume(Engine& engine, const CreateVolumeRequest& request) {
    if (request.driver != "local") throw Error("--driver ", request.driver, ": not supported yet; local is");
    engine.paths.ensure();
    const storage::Root root(engine.paths.data);
    storage::Volumes volumes(root);
    storage::Volume wanted;
    wanted.name = request.name.empty() ? sys::random_hex(32) : request.name;
    wanted.labels = to_map(request.labels, "--label");
    wanted.options = to_map(request.options, "--opt");
    (void)volume_mount(wanted); // what cannot be mounted is said now
    if (volumes.find(wanted.name)) {
        if (request.ignore) return wanted.name;
        throw Error("volume ", wanted.name, " exists already");
    }
    const auto create = [&] { volumes.create(wanted.name, wanted.labels, wanted.options, volume_owner(wanted).value_or(storage::VolumeOwner{})); };
    if (volume_owner(wanted)) rootless::run_in_userns(engine.load_maps(), create);
    else create();
    record_volume_event(engine.paths, "create", wanted.name);
    return wanted.name;
}

std::vector<json> list_volumes(const Engine& engine, const std::vector<std::string>& filters) {
    const storage::Root root(engine.paths.data);
    const Users users = volume_users(engine);
    std::vector<json> documents;
    for (const storage::Volume& volume : select(storage::Volumes(root), users, filters)) documents.push_back(document(volume, users));
    return documents;
}

json inspect_volume(const Engine& engine, const std::string& name) {
    const storage::Root root(engine.paths.data);
    return document(find_one(storage::Volumes(root), name), volume_users(engine));
}

bool volume_exists(const Engine& engine, const std::string& name) {
    try {
        storage::check_volume_name(name);
    } catch (const Error&) {
        return false; // no volume has such a name, but an image may
    }
    const storage::Root root(engine.paths.data);
    return storage::Volumes(root).find(name).has_value();
}

std::string remove_volume(Engine& engine, const std::string& name, const RemoveVolumeOptions& options) {
    const storage::Root root(engine.paths.data);
    storage::Volumes volumes(root);
    storage::check_volume_name(name);
    if (options.force && !volumes.find(name)) return name;
    const std::string found = find_one(volumes, name).name;
    for (;;) {
        std::vector<ContainerName> users;
        {
            const FileLock lock = volumes.lock_for_removal();
            const Users all = volume_users(engine);
            if (const auto used = all.find(found); used != all.end()) users = used->second;
            if (users.empty()) {
                if (!volumes.remove(found) && !options.force)
                    throw Error("no volume with name \"", found, "\" found").with_exit_code(no_such_volume);
                record_volume_event(engine.paths, "remove", found);
                break;
            }
        }
        if (!options.force)
            throw Error("volume ", found, " is in use by container ", names_of(users), "; remove that first, or use ctl volume rm -f")
                .with_exit_code(volume_in_use);
        for (const ContainerName& user : users) remove_container(engine, user.id, {.force = true, .volumes = false, .timeout = options.timeout});
    }
    empty_trash(engine);
    return found;
}

std::vector<std::string> prune_volumes(Engine& engine, const std::vector<std::string>& filters) {
    const storage::Root root(engine.paths.data);
    storage::Volumes volumes(root);
    std::vector<std::string> removed;
    {
        const FileLock lock = volumes.lock_for_removal();
        const Users users = volume_users(engine);
        for (const storage::Volume& volume : select(volumes, users, filters))
            if (!users.contains(volume.name) && volumes.remove(volume.name)) removed.push_back(volume.name);
    }
    for (const std::string& name : removed)
        for (const char* event : {"remove", "prune"}) record_volume_event(engine.paths, event, name);
    empty_trash(engine);
    return removed;
}

std::string volume_directory(const Engine& engine, const std::string& name) {
    const storage::Root root(engine.paths.data);
    const storage::Volume volume = find_one(storage::Volumes(root), name);
    const auto mount = volume_mount(volume);
    if (!mount) return volume.data;
    if (mount->kind == MountKind::bind) return mount->source;
    throw Error("volume ", volume.name, " is memory that each container has for itself: there is no directory of it");
}

void export_volume(Engine& engine, const std::string& name, int output_fd) {
    const std::string directory = volume_directory(engine, name);
    rootless::run_in_userns(engine.load_maps(), [&] {
        storage::TreeTar tar(sys::open(directory, O_PATH | O_DIRECTORY), {});
        write_all_of(tar, output_fd, "the archive");
    });
}

void import_volume(Engine& engine, const std::string& name, int input_fd) {
    const std::string directory = volume_directory(engine, name);
    const json request{{"overwrite", true}, {"container", cat("volume ", name)}};
    run_image_worker(engine, {"extract", "/", request.dump()}, input_fd, {}, [&] { return sys::open(directory, O_PATH | O_DIRECTORY); });
}

} // namespace lib
