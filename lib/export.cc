// See lib/export.h.
#include "lib/export.h"

#include "lib/container_files.h"
#include "lib/copy_stream.h"
#include "storage/tree_tar.h"

namespace lib {

void export_container(Engine& engine, const std::string& id_or_name, int fd) {
    const ContainerFiles files = ContainerFiles::open(engine, id_or_name, FilesUse::own_only);
    rootless::run_in_userns(engine.load_maps(), [&] {
        storage::raise_descriptor_limit();
        storage::TreeTarOptions options;
        translate_owners(files, options);
        storage::TreeTar tar(files.open_root(), std::move(options));
        write_all_of(tar, fd, "the archive");
    });
}

} // namespace lib
