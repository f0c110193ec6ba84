// system check: real damage told from mere leftovers. A file's time or an unsynced marker is neither.
#include "lib/system.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <fcntl.h>

namespace lib {
namespace {

class Check {
public:
    explicit Check(Engine& engine)
        : engine_(engine), store_(engine.paths),
          mode_(engine.load_maps().is_single() ? storage::IdMode::single : storage::IdMode::subordinate) {}

    std::vector<Finding> run() {
        for (const std::string& id : container_ids(engine_)) check_container(id);
        try {
            for (const storage::Image& image : store_.images()) check_image(image);
        } catch (const Error& e) {
            damage(e.what());
        }
        for (const std::string& name : files::list(AT_FDCWD, store_.path("volumes"))) check_volume(name);
        for (std::string& half : collect_half_containers(engine_, true)) leftover(std::move(half));
        count(store_.collect_garbage(storage::Sweep::look));
        if (const auto waiting = files::list(AT_FDCWD, store_.path("trash")); !waiting.empty())
            leftover(cat(waiting.size(), " removed objects wait in trash/ to be unlinked"));
        return std::move(findings_);
    }

private:
    void damage(std::string what) { findings_.push_back({Finding::Kind::damage, std::move(what)}); }
    void leftover(std::string what) { findings_.push_back({Finding::Kind::leftover, std::move(what)}); }

    void check_container(const std::string& id) {
        const auto dir = ContainerDir::find(engine_, id);
        if (!dir) return; // half-made or being removed
        try {
            const ContainerRecord record = dir->load_record();
            (void)dir->load_state();
            if (!sys::find_stat_at(dir->fd(), "config.json")) throw Error(dir->path(), "/config.json is missing");
            for (const std::string& diff_id : record.image_diff_ids)
                if (!store_.has_layer(diff_id, mode_))
                    damage(cat("container ", record.name, ": layer ", diff_id, " is missing: ctl pull ", record.image,
                               " brings it back where the image has not changed"));
        } catch (const DamagedRecord& e) {
            damage(e.what());
        } catch (const Error& e) {
            if (ContainerDir::find(engine_, id)) damage(cat("container ", id.substr(0, 12), ": ", e.what()));
        }
    }

    void check_image(const storage::Image& image) {
        const std::string name = image.names.empty() ? storage::digest_hex(image.id).substr(0, 12) : image.names.front();
        for (const std::string& diff_id : store_.missing_layers(image, mode_))
            damage(cat("image ", name, ": layer ", diff_id, " is missing: ctl pull ", name, " brings it back"));
    }

    void check_volume(const std::string& name) {
        try {
            if (!storage::Volumes(store_).find(name) && sys::find_stat_at(AT_FDCWD, store_.path("volumes/" + name)))
                damage(cat("volume ", name, ": meta.json is missing"));
        } catch (const Error& e) {
            damage(cat("volume ", name, ": ", e.what()));
        }
    }

    void count(const storage::Garbage& garbage) {
        if (garbage.layers > 0) leftover(cat(garbage.layers, " layers that no image or container uses"));
        if (garbage.blobs > 0) leftover(cat(garbage.blobs, " manifests or configs that no image uses"));
        if (garbage.leftovers > 0) leftover(cat(garbage.leftovers, " unfinished objects of processes that are gone"));
    }

    Engine& engine_;
    storage::Store store_;
    storage::IdMode mode_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> check_system(Engine& engine) {
    storage::Store(engine.paths).ensure();
    return Check(engine).run();
}

} // namespace lib
