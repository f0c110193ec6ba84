// Files made into artifacts, see lib/artifacts.h: opened here and passed to the worker, which opens none by itself.
#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/artifacts.h"
#include "lib/image_worker.h"

#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>

namespace lib {
namespace {

using nlohmann::json;

/// Files of one `artifact add`: what the buffer of a socket surely takes (net.core.wmem_default).
constexpr std::size_t most_files = 128;

const char* to_text(ArtifactMode mode) {
    switch (mode) {
    case ArtifactMode::create: return "new";
    case ArtifactMode::append: return "append";
    case ArtifactMode::replace: return "replace";
    }
    return "";
}

UniqueFd open_file(const std::string& path) {
    UniqueFd fd = sys::open(path, O_RDONLY | O_NOCTTY);
    if (S_ISDIR(sys::fstat(fd.get(), path).st_mode)) throw Error(oci::printable(path), ": is a directory: an artifact consists of files");
    return fd;
}

std::string title_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Has the worker make an artifact of the files, which it gets with their titles, and of `config` where that is a path.
json send_files(Engine& engine, json document, const std::string& config, const std::vector<std::string>& files, const Callbacks& callbacks) {
    SocketPair line = sys::socket_pair(SOCK_STREAM);
    document["config"] = !config.empty();
    if (!config.empty()) sys::send_fd(line.ours.get(), open_file(config).get(), "pass the files on");
    json titles = json::array();
    for (const std::string& path : files) {
        sys::send_fd(line.ours.get(), open_file(path).get(), "pass the files on");
        titles.push_back(title_of(path));
    }
    document["titles"] = std::move(titles);
    return run_image_worker(engine, {"artifact-add"}, request_file(document).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning},
                            [&] { return sys::dup(line.theirs.get()); });
}

} // namespace

std::string add_artifact(Engine& engine, const ArtifactAddRequest& request, const Callbacks& callbacks) {
    if (request.files.size() > most_files)
        throw Error("artifact add: more than ", most_files, " files at once: --append adds further ones");
    if (request.mode == ArtifactMode::append && !request.type.empty()) throw Error("artifact add: --append and --type exclude each other");
    const oci::Reference reference = oci::parse_local_reference(request.name);
    if (reference.digest) throw Error("artifact add: ", oci::printable(request.name), ": a new artifact cannot be given a digest");
    json document{{"name", reference.str()}, {"mode", to_text(request.mode)}, {"file_type", request.file_type}, {"annotations", request.annotations}};
    if (!request.type.empty()) document["type"] = request.type;
    const json result = send_files(engine, std::move(document), {}, request.files, callbacks);
    return oci::Fields(result, "the image worker's result").digest("digest").str();
}

std::string add_list_artifact(Engine& engine, const ListArtifactRequest& request, const Callbacks& callbacks) {
    if (request.files.size() > most_files) throw Error("more than ", most_files, " files of one artifact");
    json document{{"name", request.place}, {"mode", "list"}, {"file_type", request.file_type}, {"config_type", request.config_type},
                  {"untitled", request.untitled}};
    if (request.type) document["type"] = *request.type;
    if (!request.subject.empty()) document["subject"] = json::parse(request.subject);
    const json result = send_files(engine, std::move(document), request.config, request.files, callbacks);
    return oci::Fields(result, "the image worker's result").required_text("name");
}

} // namespace lib
