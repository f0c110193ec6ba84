// See lib/clone.h. Record and spec are copied; whatever names the original is made to name the clone.
#include "lib/clone.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/container_files.h"
#include "lib/container_mounts.h"
#include "lib/container_secrets.h"
#include "lib/create_internal.h"
#include "lib/events.h"
#include "lib/id_maps.h"
#include "lib/limits.h"
#include "lib/names.h"
#include "lib/namespaces.h"
#include "lib/resolve_image.h"
#include "rootless/overlay_options.h"
#include "storage/volume.h"

#include <algorithm>
#include <cstddef>
#include <map>

namespace lib {
namespace {

constexpr std::size_t short_length = 12;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    if (what.empty()) return text;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) text.replace(at, what.size(), with);
    return text;
}

/// The same for whole words: a name may be a part of others.
std::string replaced_word(const std::string& text, const std::string& word, const std::string& with) {
    std::string result;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
        const std::string found = text.substr(begin, end - begin);
        result += found == word ? with : found;
        if (end < text.size()) result += text[end];
        begin = end + 1;
    }
    return result;
}

/// The original and its copy in the making.
class Clone {
public:
    Clone(Engine& engine, const CloneRequest& request)
        : engine_(engine), request_(request), old_(ContainerDir::open(engine, request.container)), record_(old_.load_record()),
          spec_(oci::parse_runtime_spec(files::read(old_.fd(), "config.json"), old_.path() + "/config.json")) {
        old_name_ = record_.name;
        record_.id = sys::random_hex(32);
        record_.name = request.name.empty() ? old_name_ + "-clone" : request.name;
        check_container_name(record_.name);
        record_.created = sys::realtime_ns();
        path_ = new_container_path(engine, record_.id);
    }

    std::string make(const Callbacks& callbacks) {
        change_resources(spec_.resources, request_.limits);
        drop_unlimited(spec_.resources);
        if (!request_.image.empty()) change_image(callbacks);
        const storage::OpenLayers layers = open_recorded_layers(engine_, record_);
        rename_in_spec();
        const auto to_fill = renew_anonymous_volumes();
        auto texts = secret_files(engine_, record_.secrets);
        texts.merge(made_files());
        publish_container(engine_, record_, oci::to_json_text(spec_), texts);
        OnExit undo([&] { remove_half_made(engine_, record_.id); });
        own_secrets();
        if (!to_fill.empty()) {
            const StorageDriver driver = choose_driver_for(engine_, record_.storage_driver, record_.image_diff_ids, maps_of(spec_));
            const RootLayers root = root_layers(engine_, layers, record_.image_diff_ids, maps_of(spec_), driver);
            fill_volumes(engine_, to_fill, root.fds(), path_ + "/merged");
        }
        undo.disarm();
        return record_.id;
    }

private:
    std::string old_short() const { return old_.id().substr(0, short_length); }
    std::string new_short() const { return record_.id.substr(0, short_length); }

    void change_image(const Callbacks& callbacks) {
        const storage::Image image = resolve_image(engine_, {request_.image, PullPolicy::missing, ""}, callbacks);
        record_.image = image.names.empty() ? storage::digest_hex(image.id) : image.names.front();
        record_.image_id = image.id;
        record_.rootfs.clear();
        record_.image_diff_ids = image.diff_ids;
        record_.image_store = engine_.paths.images;
    }

    void rename_in_spec() {
        spec_.root_path = replaced(spec_.root_path, old_.path(), path_);
        spec_.cgroups_path = replaced(spec_.cgroups_path, old_short(), new_short());
        spec_.hostname = replaced(spec_.hostname, old_short(), new_short());
        for (std::string& variable : spec_.process.env)
            if (variable.starts_with("HOSTNAME=")) variable = replaced(variable, old_short(), new_short());
        for (oci::Mount& mount : spec_.mounts) {
            if (mount.source.starts_with(old_.path() + "/")) mount.source = path_ + mount.source.substr(old_.path().size());
            if (mount.type != "overlay") continue; // whose upper directories are the container's
            for (std::string& option : mount.options)
                option = option.starts_with("lowerdir=") ? replaced(option, in_lowerdir(old_.path() + "/"), in_lowerdir(path_ + "/"))
                                                         : replaced(option, old_.path() + "/", path_ + "/");
        }
    }

    static std::string in_lowerdir(const std::string& path) { return rootless::lowerdir_option({path}).substr(std::string_view("lowerdir=").size()); }

    void own_secrets() {
        const rootless::IdMaps maps = maps_of(spec_);
        own_secret_files(engine_, record_.secrets, path_,
                         {[&](unsigned id) { return in_store(maps.uids, engine_.maps.uids, id); },
                          [&](unsigned id) { return in_store(maps.gids, engine_.maps.gids, id); }});
    }

    /// Volume and destination of those to be filled from the image.
    std::vector<std::pair<std::string, std::string>> renew_anonymous_volumes() {
        const storage::Root root(engine_.paths.data);
        storage::Volumes volumes(root);
        std::vector<std::pair<std::string, std::string>> to_fill;
        std::vector<std::string> names;
        for (const std::string& old : record_.anonymous_volumes) {
            const storage::Volume made = volumes.create_anonymous();
            record_volume_event(engine_.paths, "create", made.name);
            names.push_back(made.name);
            for (MountRecord& mount : record_.mounts) {
                if (mount.name != old) continue;
                for (oci::Mount& entry : spec_.mounts)
                    if (entry.destination == mount.destination) entry.source = replaced(entry.source, old, made.name);
                mount.name = made.name;
                mount.source = replaced(mount.source, old, made.name);
                to_fill.emplace_back(made.name, mount.destination);
            }
        }
        record_.anonymous_volumes = std::move(names);
        return to_fill;
    }

    /// The files the engine has made for the original and that its spec mounts, with the clone's names in them. Those of secrets
    /// are among them; they may be somebody else's to read, and are made anew.
    std::map<std::string, std::string> made_files() const {
        std::map<std::string, std::string> texts;
        for (const oci::Mount& mount : spec_.mounts) {
            if (!mount.source.starts_with(path_ + "/")) continue;
            const std::string name = mount.source.substr(path_.size() + 1);
            if (is_secret(mount.destination)) continue;
            const auto text = name.find('/') == std::string::npos ? files::find(old_.fd(), name) : std::nullopt;
            if (!text) continue;
            texts[name] = replaced_word(replaced(replaced(*text, old_.id(), record_.id), old_short(), new_short()), old_name_, record_.name);
        }
        return texts;
    }

    bool is_secret(const std::string& destination) const {
        return std::ranges::any_of(record_.secrets, [&](const SecretRecord& secret) { return !secret.is_variable && secret.target == destination; });
    }

    Engine& engine_;
    const CloneRequest& request_;
    ContainerDir old_;
    ContainerRecord record_; ///< the clone's
    oci::RuntimeSpec spec_;
    std::string old_name_;
    std::string path_;       ///< of the clone's directory
};

} // namespace

std::string clone_container(Engine& engine, const CloneRequest& request, const Callbacks& callbacks) {
    engine.load_maps();
    engine.paths.ensure();
    if (request.force && !request.destroy) throw Error("--force is about --destroy, which was not given");
    const std::string original = find_container_id(engine, request.container);
    std::string id = Clone(engine, request).make(callbacks);
    if (request.destroy) remove_container(engine, original, {.force = request.force, .volumes = false, .timeout = {}});
    return id;
}

} // namespace lib
