// Sizes of containers, see lib/container_size.h.
#include "lib/container_size.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "rootless/userns.h"
#include "storage/store.h"

#include <fts.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <sstream>

namespace lib {
namespace {

/// Bytes of the regular files below a directory, a file of several names once.
std::int64_t bytes_below(std::string path) {
    char* const roots[] = {path.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> walk(::fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr), ::fts_close);
    if (!walk) throw SysError{errno, cat("read ", path)};
    std::int64_t bytes = 0;
    std::set<ino_t> seen;
    while (const FTSENT* entry = ::fts_read(walk.get())) {
        if (entry->fts_info != FTS_F) continue;
        const bool known = entry->fts_statp->st_nlink > 1 && !seen.insert(entry->fts_statp->st_ino).second;
        if (!known) bytes += entry->fts_statp->st_size;
    }
    return bytes;
}

std::int64_t image_bytes(const storage::Store& store, const ContainerRecord& record) {
    std::int64_t bytes = 0;
    for (const std::string& diff_id : record.image_diff_ids)
        if (const auto layer = store.find_layer(diff_id)) bytes += layer->size;
    return bytes;
}

} // namespace

std::map<std::string, ContainerSize> measure_containers(Engine& engine, const std::vector<std::string>& ids) {
    const UniqueFd results(::memfd_create("sizes", MFD_CLOEXEC)); // a pipe would have to be read meanwhile
    if (!results) throw SysError{errno, "memfd_create"};
    rootless::run_in_userns(engine.load_maps(), [&] {
        for (const std::string& id : ids) {
            const auto dir = ContainerDir::find(engine, id);
            if (dir) sys::write_all(results.get(), cat(id, " ", bytes_below(dir->path() + "/upper"), "\n"), "sizes");
        }
    });
    if (::lseek(results.get(), 0, SEEK_SET) != 0) throw SysError{errno, "lseek"};
    std::istringstream in(sys::read_to_end(results.get(), ids.size() * 100, "sizes"));
    const storage::Store store(engine.paths);
    std::map<std::string, ContainerSize> sizes;
    ContainerSize size;
    for (std::string id; in >> id >> size.writable;) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue;
        size.root_fs = size.writable + image_bytes(store, dir->load_record());
        sizes[id] = size;
    }
    return sizes;
}

} // namespace lib
