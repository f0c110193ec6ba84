// See lib/export.h.
#include "lib/export.h"

#include "base/error.h"
#include "lib/container_files.h"
#include "lib/copy_stream.h"
#include "storage/disk.h"
#include "storage/tree_tar.h"

#include <sys/statvfs.h>

namespace lib {

void export_container(Engine& engine, const std::string& id_or_name, int fd, const std::string& name) {
    const ContainerFiles files = ContainerFiles::open(engine, id_or_name, FilesUse::own_only);
    rootless::run_in_userns(engine.load_maps(), [&] {
        storage::raise_descriptor_limit();
        storage::TreeTarOptions options;
        translate_owners(files, options);
        storage::TreeTar tar(files.open_root(), std::move(options));
        try {
            write_all_of(tar, fd, name);
        } catch (const SysError& e) {
            struct statvfs disk {};
            const std::string what = ::fstatvfs(fd, &disk) == 0 ? storage::what_ran_out(e.err(), disk, name) : "";
            if (what.empty()) throw;
            throw Error(e.what(), what, ": make room there, or write to another one");
        }
    });
}

} // namespace lib
