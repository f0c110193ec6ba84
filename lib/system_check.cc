// system check: real damage told from mere leftovers. A file's time or an unsynced marker is neither.
#include "lib/system.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/artifacts.h"
#include "lib/container_store.h"
#include "lib/layer_repair.h"
#include "lib/transient.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <utility>

namespace lib {
namespace {

class Check {
public:
    Check(Engine& engine, const SystemCheckOptions& options, const Callbacks& callbacks)
        : engine_(engine), options_(options), callbacks_(callbacks), store_(engine.paths), data_root_(engine.paths.data),
          mode_(engine.load_maps().is_single() ? storage::IdMode::single : storage::IdMode::subordinate) {}

    std::vector<Finding> run() {
        for (const std::string& id : container_ids(engine_)) check_container(id);
        try {
            for (const storage::Image& image : store_.own_images()) note_image(image);
        } catch (const Error& e) {
            damage(e.what());
        }
        for (const std::string& record : store_.damaged_records())
            damage(cat(record, " is empty or cut off, and that image gone: pull or load it again (ctl system prune removes what is left of it)"));
        check_layers();
        for (const std::string& name : files::list(AT_FDCWD, data_root_.path("volumes"))) check_volume(name);
        try {
            check_artifacts();
        } catch (const Error& e) {
            damage(e.what());
        }
        for (std::string& half : collect_half_containers(engine_, true)) leftover(std::move(half));
        if (const std::size_t past = count_past_containers(engine_); past > 0) leftover(cat(past, " transient containers of before the last boot"));
        count(store_.collect_garbage(storage::Sweep::look));
        std::size_t waiting = files::list(AT_FDCWD, store_.path("trash")).size();
        if (store_.is_apart()) waiting += files::list(AT_FDCWD, data_root_.path("trash")).size();
        if (waiting > 0) leftover(cat(waiting, " removed objects wait in trash/ to be unlinked"));
        return std::move(findings_);
    }

private:
    void damage(std::string what) { findings_.push_back({Finding::Kind::damage, std::move(what)}); }
    void repaired(std::string what) { findings_.push_back({Finding::Kind::repaired, std::move(what)}); }
    void leftover(std::string what) { findings_.push_back({Finding::Kind::leftover, std::move(what)}); }

    void check_container(const std::string& id) {
        const auto dir = ContainerDir::find(engine_, id);
        if (!dir) return; // half-made or being removed
        try {
            const ContainerRecord record = dir->load_record();
            const bool is_up = dir->load_state().is_up();
            if (!sys::find_stat_at(dir->fd(), "config.json")) throw Error(dir->path(), "/config.json is missing");
            for (const std::string& diff_id : record.image_diff_ids) {
                LayerUsers& users = layers_[diff_id];
                users.names.push_back("container " + record.name);
                users.containers.push_back(id);
                if (is_up) users.running.push_back(record.name);
            }
        } catch (const DamagedRecord& e) {
            damage(e.what());
        } catch (const Error& e) {
            if (ContainerDir::find(engine_, id)) damage(cat("container ", id.substr(0, 12), ": ", e.what()));
        }
    }

    void note_image(const storage::Image& image) {
        const std::string name = image.names.empty() ? storage::digest_hex(image.id).substr(0, 12) : image.names.front();
        for (const std::string& diff_id : image.diff_ids) {
            LayerUsers& users = layers_[diff_id];
            users.names.push_back("image " + name);
            users.images.push_back(image.id);
            for (const std::string& digest : image.repo_digests)
                if (digest.ends_with("@" + image.manifest_digest)) users.sources.push_back(digest); // and not its index's
        }
    }

    void check_layers() {
        std::vector<std::string> there;
        for (const auto& [diff_id, users] : layers_) {
            if (!store_.has_layer(diff_id, mode_)) judge(diff_id, "is missing");
            else if (store_.linked_from(diff_id).empty()) there.push_back(diff_id); // the others are their own stores' to check
        }
        if (options_.quick) return;
        for (const DamagedLayer& damaged : find_damaged_layers(engine_, there)) judge(damaged.diff_id, "is damaged: " + damaged.what);
    }

    /// A layer that is not as it should be.
    void judge(const std::string& diff_id, const std::string& what) {
        LayerUsers& users = layers_.at(diff_id);
        std::string names;
        for (const std::string& name : users.names) names += (names.empty() ? "" : ", ") + name;
        const std::string line = cat(names, ": layer ", diff_id, " ", what);
        if (!repairs())
            return damage(cat(line, users.sources.empty() ? ": remove the image (ctl rmi -f) and load or build it again"
                                                          : ": ctl system check --repair fetches it again"));
        std::string stopped;
        try {
            if (options_.force && !users.sources.empty()) stopped = stop_running(users);
            const std::string source = repair_layer(engine_, diff_id, users, callbacks_);
            repaired(cat(line, stopped, "; fetched again from ", source));
        } catch (const Error& e) {
            if (options_.force) give_up(users, cat(line, stopped, ": ", e.what()));
            else damage(cat(line, ": ", e.what()));
        }
    }

    bool repairs() const { return options_.repair || options_.force; }

    std::string stop_running(LayerUsers& users) {
        std::string stopped;
        for (const std::string& name : std::exchange(users.running, {})) {
            stop_container(engine_, name, {}, callbacks_.notice);
            stopped += cat("; stopped container ", name);
        }
        return stopped;
    }

    /// Removes what needs a layer that is not to be had. Volumes stay.
    void give_up(const LayerUsers& users, std::string line) {
        try {
            for (const std::string& id : users.containers) {
                if (!ContainerDir::find(engine_, id)) continue; // of an earlier layer
                remove_container(engine_, id, {.force = true, .depend = true, .timeout = {}});
                line += cat("; removed container ", id.substr(0, 12));
            }
            for (const std::string& id : users.images)
                if (!remove_image(engine_, id, {.force = true}).deleted.empty()) line += cat("; removed image ", storage::digest_hex(id).substr(0, 12));
            repaired(std::move(line));
        } catch (const Error& e) {
            damage(cat(line, ": ", e.what()));
        }
    }

    void check_volume(const std::string& name) {
        try {
            if (!storage::Volumes(data_root_).find(name) && sys::find_stat_at(AT_FDCWD, data_root_.path("volumes/" + name)))
                damage(cat("volume ", name, ": meta.json is missing"));
        } catch (const Error& e) {
            damage(cat("volume ", name, ": ", e.what()));
        }
    }

    void check_artifacts() {
        for (const DamagedArtifact& damaged : find_damaged_artifacts(engine_, options_.quick ? ReadBlobs::no : ReadBlobs::yes)) {
            const std::string line = cat("artifact ", damaged.name, ": blob ", damaged.blobs.front(), damaged.missing ? " is missing" : " is damaged");
            if (!repairs()) {
                damage(cat(line, damaged.source.empty() ? cat(": remove the artifact (ctl artifact rm ", damaged.name, ") and add it again")
                                                        : ": ctl system check --repair fetches it again"));
                continue;
            }
            try {
                repair_artifact(engine_, damaged, callbacks_);
                repaired(cat(line, "; fetched again from ", damaged.source));
            } catch (const Error& e) {
                if (!options_.force) {
                    damage(cat(line, ": ", e.what()));
                    continue;
                }
                (void)remove_artifact(engine_, damaged.name);
                repaired(cat(line, ": ", e.what(), "; removed it"));
            }
        }
    }

    /// Layers that were unpacked longer ago than --max says.
    std::size_t count_older(const std::vector<std::string>& names) const {
        const std::int64_t since = sys::realtime_ns() - std::chrono::nanoseconds(*options_.max_age).count();
        return static_cast<std::size_t>(std::ranges::count_if(names, [&](const std::string& name) {
            const auto meta = sys::find_stat_at(AT_FDCWD, store_.path(cat("layers/", name, "/meta.json")));
            return !meta || meta->st_mtim.tv_sec * 1'000'000'000LL + meta->st_mtim.tv_nsec < since;
        }));
    }

    void count(const storage::Garbage& garbage) {
        const std::size_t layers = options_.max_age ? count_older(garbage.layer_names) : garbage.layers;
        if (layers > 0) leftover(cat(layers, " layers that no image or container uses"));
        if (garbage.blobs > 0) leftover(cat(garbage.blobs, " blobs that no image or artifact uses"));
        if (garbage.leftovers > 0) leftover(cat(garbage.leftovers, " unfinished objects of processes that are gone"));
    }

    Engine& engine_;
    const SystemCheckOptions& options_;
    const Callbacks& callbacks_;
    storage::Store store_;
    storage::Root data_root_;
    storage::IdMode mode_;
    std::map<std::string, LayerUsers> layers_; ///< by diff-id
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> check_system(Engine& engine, const SystemCheckOptions& options, const Callbacks& callbacks) {
    storage::Store(engine.paths).ensure();
    return Check(engine, options, callbacks).run();
}

} // namespace lib
