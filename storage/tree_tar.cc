// See storage/tree_tar.h.
#include "storage/tree_tar.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/file_attributes.h"

#include <sys/sysmacros.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace storage {
namespace {

constexpr std::uint64_t worth_sparse = 1 << 20;

/// The parts of a file that are there; one part for the whole where the holes are not worth it.
std::vector<TarExtent> find_extents(int fd, const struct stat& st) {
    const auto size = static_cast<std::uint64_t>(st.st_size);
    const auto stored = static_cast<std::uint64_t>(st.st_blocks) * 512;
    const std::vector<TarExtent> whole{{0, size}};
    if (size < worth_sparse || stored + worth_sparse > size) return whole;
    std::vector<TarExtent> extents;
    std::uint64_t data_size = 0;
    for (std::uint64_t offset = 0; offset < size;) {
        const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;
        const off_t hole = data < 0 ? -1 : ::lseek(fd, data, SEEK_HOLE);
        if (hole < 0) return whole;
        const std::uint64_t end = std::min(static_cast<std::uint64_t>(hole), size);
        if (static_cast<std::uint64_t>(data) >= end) break;
        extents.push_back({static_cast<std::uint64_t>(data), end - static_cast<std::uint64_t>(data)});
        data_size += extents.back().length;
        offset = end;
    }
    if (data_size + worth_sparse > size) return whole;
    extents.push_back({size, 0}); // where the file ends
    return extents;
}

TarEntry entry_of(const TreeItem& item, std::string name) {
    TarEntry entry;
    entry.path = std::move(name);
    entry.type = entry_type(item.st.st_mode);
    entry.mode = item.st.st_mode & 07777;
    entry.uid = item.st.st_uid;
    entry.gid = item.st.st_gid;
    entry.mtime = item.st.st_mtim.tv_sec;
    if (entry.type == EntryType::file) entry.size = static_cast<std::uint64_t>(item.st.st_size);
    if (entry.type == EntryType::symlink) entry.link_target = sys::find_link_at(item.fd.get(), "").value_or("");
    if (entry.type == EntryType::char_device || entry.type == EntryType::block_device) {
        entry.device_major = major(item.st.st_rdev);
        entry.device_minor = minor(item.st.st_rdev);
    }
    entry.xattrs = read_attributes(fd_path(item.fd.get()), item.path);
    return entry;
}

} // namespace

TreeTar::TreeTar(UniqueFd root, TreeTarOptions options)
    : options_(std::move(options)), walk_(std::move(root), options_.kind) {}

std::string TreeTar::name_of(const std::string& path) const {
    if (options_.name.empty() || path.empty()) return path.empty() ? options_.name : path;
    return options_.name + "/" + path;
}

std::size_t TreeTar::read(std::span<std::byte> into) {
    if (into.empty()) return 0;
    for (;;) {
        if (taken_ < pending_.size()) {
            const std::size_t count = std::min(into.size(), pending_.size() - taken_);
            std::memcpy(into.data(), pending_.data() + taken_, count);
            taken_ += count;
            return count;
        }
        pending_.clear();
        taken_ = 0;
        if (file_) {
            if (const std::size_t count = read_content(into); count > 0) return count;
            file_.reset();
            pending_.append(padding_, '\0');
        } else if (ended_) {
            return 0;
        } else {
            refill();
        }
    }
}

std::size_t TreeTar::read_content(std::span<std::byte> into) {
    while (!extents_.empty() && extents_.back().length == 0) extents_.pop_back();
    if (extents_.empty()) return 0;
    TarExtent& extent = extents_.back();
    const std::size_t wanted = std::min<std::uint64_t>(into.size(), extent.length);
    ssize_t count = ::pread(file_.get(), into.data(), wanted, static_cast<off_t>(extent.offset));
    if (count < 0) throw SysError{errno, cat("read ", file_name_)};
    if (count == 0) { // it has become shorter: the header has promised more
        std::fill_n(into.data(), wanted, std::byte{0});
        count = static_cast<ssize_t>(wanted);
    }
    extent.offset += static_cast<std::uint64_t>(count);
    extent.length -= static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
}

void TreeTar::refill() {
    const TreeItem* item = walk_.next();
    if (item == nullptr) {
        ended_ = true;
        pending_ = tar_end();
        return;
    }
    try {
        add(*item);
    } catch (const SysError& e) {
        if (!options_.tolerant || (e.err() != EACCES && e.err() != EPERM && e.err() != ENXIO)) throw;
        walk_.skip_below();
        pending_.clear();
    }
}

bool TreeTar::is_left_out(const TreeItem& item) const {
    const auto& points = options_.mount_points;
    if (std::find(points.begin(), points.end(), item.path) == points.end()) return false;
    if (S_ISREG(item.st.st_mode)) return item.st.st_size == 0;
    return S_ISDIR(item.st.st_mode) && !item.opaque && list_dir(item.fd.get(), item.path).empty();
}

void TreeTar::add_marker(const std::string& path) {
    TarEntry marker;
    marker.path = path;
    marker.mode = 0600;
    pending_ += tar_header(marker);
}

void TreeTar::add(const TreeItem& item) {
    const std::string name = name_of(item.path);
    if (name.empty() || S_ISSOCK(item.st.st_mode) || is_left_out(item)) return;
    if (item.whiteout) {
        const auto slash = name.rfind('/') + 1; // npos + 1 is 0
        return add_marker(name.substr(0, slash) + ".wh." + name.substr(slash));
    }
    TarEntry entry = entry_of(item, name);
    if (options_.uid) entry.uid = options_.uid(entry.uid);
    if (options_.gid) entry.gid = options_.gid(entry.gid);
    if (item.st.st_nlink > 1 && !S_ISDIR(item.st.st_mode)) {
        const auto [first, is_first] = first_names_.try_emplace({item.st.st_dev, item.st.st_ino}, name);
        if (!is_first) {
            entry.type = EntryType::hardlink;
            entry.link_target = first->second;
            entry.xattrs.clear();
            pending_ += tar_header(entry);
            return;
        }
    }
    if (entry.type == EntryType::file) return add_file(item, std::move(entry));
    pending_ += tar_header(entry);
    if (item.opaque) add_marker(name + "/.wh..wh..opq");
}

void TreeTar::add_file(const TreeItem& item, TarEntry entry) {
    file_name_ = item.path.empty() ? options_.name : item.path;
    file_ = reopen(item.fd.get(), O_RDONLY | O_NONBLOCK | O_NOCTTY, file_name_);
    extents_ = find_extents(file_.get(), item.st);
    const bool sparse = extents_.size() != 1 || extents_[0].length != entry.size;
    std::uint64_t stored = 0;
    for (const TarExtent& extent : extents_) stored += extent.length;
    pending_ += sparse ? tar_sparse_header(entry, extents_) : tar_header(entry);
    padding_ = tar_padding(stored);
    std::reverse(extents_.begin(), extents_.end());
}

} // namespace storage
