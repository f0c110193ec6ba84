// See lib/commit.h. The image worker copies the container's upper directory into a layer of its own while the container goes
// on using it: as an archive, whose digest is the diff-id, unpacked like one that was pulled. That way `push` finds the index
// it needs, and nothing has to be frozen. The config is made here.
#include "lib/commit.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/commit_config.h"
#include "lib/container_files.h"
#include "lib/diff.h"
#include "lib/events.h"
#include "lib/image_worker.h"
#include "lib/pause.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>
#include <fcntl.h>

#include <cerrno>

namespace lib {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    return line;
}

std::string now_text() {
    const auto text = format_rfc3339(sys::realtime_ns());
    return {text.data(), text.size()};
}

CommitSettings settings_of(const ContainerFiles& files, const CommitRequest& request) {
    const ContainerRecord& record = files.record();
    CommitSettings settings;
    settings.env = files.spec().process.env;
    settings.entrypoint = record.entrypoint;
    settings.command = record.command;
    settings.user = record.user;
    settings.working_dir = files.spec().process.cwd;
    settings.labels = record.labels;
    for (const PortMapping& port : record.ports) settings.exposed_ports.push_back(port.container_side());
    if (request.include_volumes)
        for (const MountRecord& mount : record.mounts)
            if (mount.type == "volume") settings.volumes.push_back(mount.destination);
    settings.author = request.author;
    settings.message = request.message;
    settings.created = now_text();
    settings.created_by = joined(record.command.empty() ? record.entrypoint : record.command);
    return settings;
}

json make_config(const ContainerFiles& files, const storage::Image& image, const CommitRequest& request) {
    json config = commit_config(image.config_json, settings_of(files, request));
    if (request.config_file) merge_config(config, files::read_named(*request.config_file, "--config"), *request.config_file);
    for (const std::string& change : request.changes) apply_change(config, change);
    return config;
}

json ranges_document(const std::vector<rootless::IdRange>& ranges) {
    json list = json::array();
    for (const rootless::IdRange& r : ranges) list.push_back({{"inside", r.inside}, {"outside", r.outside}, {"count", r.count}});
    return list;
}

} // namespace

std::string commit_container(Engine& engine, const CommitRequest& request, const Notice& notice) {
    const ContainerFiles files = ContainerFiles::open(engine, request.container, FilesUse::own_only);
    const ContainerRecord& record = files.record();
    if (!record.rootfs.empty())
        throw Error("container ", record.name, " has the directory ", record.rootfs, " for its root, not an image: it cannot be committed (ctl export "
                    "makes an archive of it)");
    std::optional<storage::Image> image = storage::Store(engine.paths).find_by_id(record.image_id);
    if (!image) throw Error("the image of container ", record.name, " (", record.image, ") is gone",
                            record.image_store == engine.paths.images || record.image_store.empty() ? "" : cat(" from here, it was in --imagestore ", record.image_store),
                            ": pull it again first");
    json document{{"container", record.name},
                  {"config", make_config(files, *image, request)},
                  {"manifest", image->manifest_json},
                  {"diff_ids", record.image_diff_ids},
                  {"docker", request.format == ImageFormat::docker},
                  {"squash", request.squash},
                  {"mount_points", engine_paths()}};
    if (files.has_own_maps()) {
        const rootless::IdMaps maps = files.maps_to_store();
        document["uids"] = ranges_document(maps.uids);
        document["gids"] = ranges_document(maps.gids);
    }
    if (!request.name.empty()) {
        const oci::Reference name = oci::parse_local_reference(request.name);
        if (name.digest) throw Error("invalid image name \"", oci::printable(request.name), "\": a new name cannot have a digest");
        document["name"] = name.str();
    }
    if (record.single_id && notice)
        notice("in single-id mode every file of the container belongs to root, and so it is in the image");
    const UniqueFd text = request_file(document);
    const bool pauses = request.pause && files.dir().load_state().status == "running";
    if (pauses)
        if (const auto error = pause_containers(engine, {record.id}).front()) throw Error(*error);
    OnExit resume([&] {
        if (pauses) (void)unpause_containers(engine, {record.id}); // it may have ended meanwhile
    });
    const json result = run_image_worker(engine, {"commit"}, text.get(), {notice, {}}, [&] {
        return request.squash ? files.open_root() : sys::open_at(files.dir().fd(), "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    });
    std::string id = oci::Fields(result, "the image worker's result").digest("image").hex();
    record_container_event(engine.paths, record, "commit");
    return id;
}

} // namespace lib
