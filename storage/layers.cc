// Layers, leases and opening an image's layers, see storage/store.h.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/record.h"
#include "storage/store.h"

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace storage {
Lease& Lease::operator=(Lease&& other) noexcept {
    if (this != &other) {
        end();
        path_ = std::exchange(other.path_, {});
        fd_ = std::move(other.fd_);
    }
    return *this;
}

Lease::~Lease() { end(); }

void Lease::end() noexcept {
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
    fd_.reset();
}

std::optional<LayerInfo> Store::find_layer(const std::string& diff_id) const {
    const auto meta = LayerMeta::find(path("layers/" + digest_hex(diff_id)));
    if (!meta) return std::nullopt;
    return meta->info;
}

void Store::set_damaged(const std::string& diff_id, bool damaged) {
    const std::string dir = path("layers/" + digest_hex(diff_id));
    auto meta = LayerMeta::find(dir);
    if (!meta) return;
    meta->damaged = damaged;
    files::write_atomic(AT_FDCWD, dir + "/meta.json", meta->format(), file_mode(), files::Durability::synced);
}

std::vector<std::string> Store::missing_layers(const Image& image, IdMode mode) const {
    std::vector<std::string> missing;
    for (const std::string& diff_id : image.diff_ids)
        if (!has_layer(diff_id, mode)) missing.push_back(diff_id);
    return missing;
}

Lease Store::lease_layers(std::span<const std::string> diff_ids) const {
    ensure();
    std::string text;
    for (const std::string& diff_id : diff_ids) text += diff_id + "\n";
    const std::string lease = path(cat("leases/", ::getpid(), "-", sys::random_hex(8)));
    const FileLock store_lock = lock_shared();
    UniqueFd fd = sys::open(lease, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) throw SysError{errno, cat("lock ", lease)};
    Lease made(lease, std::move(fd)); // gone again where the disk is too full for the list
    sys::write_all(made.fd(), text, lease);
    return made;
}

OpenLayers Store::open_layers(const Image& image, IdMode mode) {
    OpenLayers open{{}, lease_layers(image.diff_ids)};
    if (const auto missing = missing_layers(image, mode); !missing.empty()) {
        const std::string name = image.names.empty() ? image.id : image.names[0];
        const auto layer = find_layer(missing[0]);
        throw Error("image ", name, ": layer ", missing[0].substr(0, 19),
                    !layer ? " is missing" : mode == IdMode::subordinate ? " is not complete on disk (power cut, or made without subordinate ids)"
                                                                         : " is not complete on disk (power cut)",
                    "; pull it again: ctl pull ", name);
    }
    for (auto diff_id = image.diff_ids.rbegin(); diff_id != image.diff_ids.rend(); ++diff_id)
        open.fs.push_back(files::open_beneath(open_layer(*diff_id).get(), "fs", O_PATH | O_DIRECTORY));
    return open;
}

} // namespace storage
