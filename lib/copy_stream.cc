// See lib/copy_stream.h.
#include "lib/copy_stream.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/image_worker.h"
#include "storage/tree_tar.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <vector>

namespace lib {

void refuse_terminal(int fd, const std::string& instead) {
    if (::isatty(fd) == 1) throw Error("refusing to write an archive to a terminal: ", instead);
}

void write_all_of(storage::ByteSource& source, int fd, const std::string& what) {
    std::vector<std::byte> buffer(1 << 18);
    while (const std::size_t count = source.read(buffer))
        sys::write_all(fd, {reinterpret_cast<const char*>(buffer.data()), count}, what);
}

void translate_owners(const ContainerFiles& files, storage::TreeTarOptions& options) {
    if (!files.has_own_maps()) return;
    const rootless::IdMaps maps = files.maps_to_store();
    options.uid = [uids = maps.uids](std::uint32_t id) { return inner_id(uids, id); };
    options.gid = [gids = maps.gids](std::uint32_t id) { return inner_id(gids, id); };
}

void write_stream(const ContainerFiles& files, const CopySide& side, const std::string& path) {
    refuse_terminal(STDOUT_FILENO, "send standard output to a file or a pipe");
    CopyPlace source = find_copy_source(side, path);
    if (!source.is_directory() && !source.is_regular()) throw Error(path, " ", side.label, " is neither a file nor a directory");
    storage::TreeTarOptions options;
    options.name = copy_base_name(path);
    options.tolerant = true;
    translate_owners(files, options);
    storage::TreeTar tar(std::move(source.thing), std::move(options));
    write_all_of(tar, STDOUT_FILENO, "standard output");
}

void extract_stream(Engine& engine, const ContainerFiles& files, const std::string& path, const ExtractOptions& options) {
    const oci::User& user = files.spec().process.user;
    nlohmann::json request{{"overwrite", options.overwrite}, {"container", files.record().name}};
    if (options.chown) request["owner"] = {{"uid", files.uid_in_store(user.uid)}, {"gid", files.gid_in_store(user.gid)}};
    run_image_worker(engine, {"extract", path, request.dump()}, STDIN_FILENO, {}, [&] { return files.open_root(); },
                     files.existing_userns());
}

} // namespace lib
