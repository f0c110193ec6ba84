// See storage/creator.h.
#include "storage/creator.h"

#include "base/error.h"
#include "base/sys.h"
#include "storage/checksum.h"
#include "storage/override_stat.h"
#include "storage/whiteout_file.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace storage {
namespace {

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view metadata_prefix = ".wh..wh."; // aufs' own files; only the opaque mark means something here
constexpr std::string_view opaque_name = ".wh..wh..opq";
constexpr const char* opaque_attribute = "user.overlay.opaque";
constexpr std::uint64_t max_metadata = std::uint64_t{512} << 20;

void must(int result, std::string_view doing, const std::string& path) {
    if (result != 0) throw SysError{errno, cat(doing, " ", path, " of the layer")};
}

/// Attributes by which the overlay finds its way: from an archive they would be somebody else's directions.
bool is_reserved_attribute(std::string_view name) {
    for (const std::string_view prefix : {"user.overlay.", "trusted.", "user.containers.", "user.fuseoverlayfs.",
                                          "security.selinux", "security.ima", "security.evm"})
        if (name.starts_with(prefix)) return true;
    return false;
}

/// Components of an entry's name with ".." taken back; one that goes above the root is refused.
std::vector<std::string> clean_path(const std::string& path, const UnpackOptions& options) {
    if (path.size() > options.max_path) throw Error("layer entry ", path.substr(0, 100), "…: its path is too long");
    std::vector<std::string> clean;
    for (std::string& component : split_path(path)) {
        if (component != "..") {
            clean.push_back(std::move(component));
            continue;
        }
        if (clean.empty()) throw Error("layer entry ", path, ": its path leaves the root of the image");
        clean.pop_back();
    }
    if (clean.size() > options.max_depth) throw Error("layer entry ", path.substr(0, 100), "…: its path is too deep");
    return clean;
}

[[noreturn]] void fail_owner(const IndexEntry& entry) {
    if (errno != EINVAL) throw SysError{errno, cat("set owner of ", entry.path, " of the layer")};
    throw Error("the image has files of user ", entry.uid, " and group ", entry.gid, " (", entry.path,
                "), beyond your subordinate ids: /etc/subuid and /etc/subgid must give you more");
}

bool is_root_owned(const IndexEntry& entry) { return entry.uid == 0 && entry.gid == 0; }

std::array<struct timespec, 2> times_of(const IndexEntry& entry) {
    const struct timespec time {entry.mtime, entry.mtime_ns};
    return {time, time};
}

} // namespace

TreeCreator::TreeCreator(int layer_dir, const UnpackOptions& options)
    : layer_dir_(layer_dir), options_(options),
      tree_(sys::open_at(layer_dir, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), options.max_path,
            [this](const DirTree::Dir& parent, const std::string& name, const std::string& path) {
                make_implicit(parent, name, path);
            }) {}

bool TreeCreator::create(const TarEntry& tar) {
    std::vector<std::string> components = clean_path(tar.path, options_);
    if (components.empty()) {
        create_root(tar);
        return false;
    }
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (components[i].starts_with(metadata_prefix) && components[i] != opaque_name) return false;
        if (i + 1 < components.size() && components[i].starts_with(whiteout_prefix))
            throw Error("layer entry ", tar.path, ": below a whiteout");
    }
    const Place place = locate(std::move(components));
    if (place.name.starts_with(whiteout_prefix)) {
        create_whiteout(place, tar);
        return false;
    }
    const std::uint32_t number = append(tar, place.path);
    switch (tar.type) {
    case EntryType::directory: create_directory(place, number); break;
    case EntryType::file: create_file(place, number); break;
    case EntryType::symlink: create_symlink(place, number); break;
    case EntryType::hardlink: create_hardlink(place, number); break;
    case EntryType::fifo: create_fifo(place, number); break;
    default:
        clear_place(place, tar.type);
        entries_[number].flags |= entry_not_created;
        register_live(number);
    }
    return tar.type == EntryType::file;
}

std::uint32_t TreeCreator::append(const TarEntry& tar, std::string path) {
    if (entries_.size() >= options_.max_entries) throw Error("the layer has more than ", options_.max_entries, " entries: refused");
    metadata_size_ += sizeof(IndexEntry) + 2 * path.size() + tar.link_target.size();
    for (const auto& [name, value] : tar.xattrs) metadata_size_ += name.size() + value.size();
    if (metadata_size_ > max_metadata) throw Error("the layer's names and attributes exceed ", max_metadata, " bytes: refused");
    IndexEntry entry;
    entry.path = std::move(path);
    entry.type = tar.type;
    entry.mode = tar.mode;
    entry.uid = tar.uid;
    entry.gid = tar.gid;
    entry.mtime = tar.mtime;
    entry.mtime_ns = tar.mtime_ns;
    entry.size = tar.type == EntryType::file ? tar.size : 0;
    entry.device_major = tar.device_major;
    entry.device_minor = tar.device_minor;
    entry.link_target = tar.link_target;
    entry.xattrs = tar.xattrs;
    if ((options_.single_id || options_.shared) && !is_root_owned(entry)) entry.flags |= entry_owner_unset;
    entries_.push_back(std::move(entry));
    return static_cast<std::uint32_t>(entries_.size() - 1);
}

/// A parent the archive did not list: as mkdir -p of root makes it.
void TreeCreator::make_implicit(const DirTree::Dir& parent, const std::string& name, const std::string& path) {
    TarEntry tar;
    tar.type = EntryType::directory;
    tar.mode = 0755;
    const std::uint32_t number = append(tar, path);
    entries_[number].flags |= entry_implicit;
    const bool was_whiteout = sys::unlink_at(parent.fd.get(), name); // only a whiteout can stand here
    must(::mkdirat(parent.fd.get(), name.c_str(), 0700), "make directory", path);
    register_live(number);
    if (was_whiteout) entries_[number].flags |= entry_opaque;
}

TreeCreator::Place TreeCreator::locate(std::vector<std::string> components) {
    Place place;
    place.name = std::move(components.back());
    components.pop_back();
    std::string directory;
    for (const std::string& component : components) directory = join_path(directory, component);
    place.parent = tree_.resolve(directory);
    place.path = join_path(place.parent->path, place.name);
    return place;
}

void TreeCreator::create_root(const TarEntry& tar) {
    if (tar.type != EntryType::directory) throw Error("the layer's root is not a directory: refused");
    const std::uint32_t number = append(tar, "");
    entries_[number].flags |= replace_live("");
    register_live(number);
}

void TreeCreator::create_whiteout(const Place& place, const TarEntry& tar) {
    if (place.name == opaque_name) return mark_opaque(place.parent->path);
    const std::string hidden = place.name.substr(whiteout_prefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..") throw Error("layer entry ", tar.path, ": a whiteout of nothing");
    const std::string path = join_path(place.parent->path, hidden);
    if (const auto st = sys::find_stat_at(place.parent->fd.get(), hidden)) {
        if (S_ISDIR(st->st_mode)) mark_opaque(path); // this layer's own content stays, only the lower ones' goes
        return;
    }
    TarEntry whiteout;
    const std::uint32_t number = append(whiteout, path);
    entries_[number].type = EntryType::whiteout;
    WhiteoutForm form{};
    if (const int error = make_whiteout(place.parent->fd.get(), hidden.c_str(), form)) throw SysError{error, cat("make whiteout ", path)};
    if (form == WhiteoutForm::attribute) marked_.insert(place.parent->path);
    register_live(number);
}

/// The attribute itself is set by finish(), with the other metadata of directories.
void TreeCreator::mark_opaque(const std::string& directory) {
    auto live = live_.find(directory);
    if (live == live_.end()) { // the root, which the archive has not listed (yet)
        TarEntry tar;
        tar.type = EntryType::directory;
        tar.mode = 0755;
        const std::uint32_t number = append(tar, directory);
        entries_[number].flags |= entry_implicit;
        live = live_.emplace(directory, number).first;
    }
    entries_[live->second].flags |= entry_opaque;
}

/// Takes away what stands in a new entry's place. True: that was a whiteout.
bool TreeCreator::clear_place(const Place& place, EntryType coming) {
    const auto st = sys::find_stat_at(place.parent->fd.get(), place.name);
    if (!st) {
        if (live_.contains(place.path)) replace_live(place.path); // a device: it has no file
        return false;
    }
    if (S_ISDIR(st->st_mode)) {
        if (coming != EntryType::directory) move_aside(place, true);
        return false;
    }
    const bool was_whiteout = is_whiteout(place.parent->fd.get(), place.name.c_str(), *st);
    if (S_ISREG(st->st_mode) && !was_whiteout) {
        move_aside(place, false);
        return false;
    }
    sys::unlink_at(place.parent->fd.get(), place.name);
    replace_live(place.path);
    return was_whiteout;
}

/// The flags a directory's new entry takes over from the one before.
std::uint32_t TreeCreator::replace_live(const std::string& path) {
    const auto live = live_.find(path);
    if (live == live_.end()) return 0;
    IndexEntry& old = entries_[live->second];
    old.flags |= entry_replaced;
    live_.erase(live);
    return old.flags & entry_opaque;
}

void TreeCreator::move_aside(const Place& place, bool is_directory) {
    if (replaced_ == 0) sys::mkdir_at(layer_dir_, "replaced", 0700);
    const std::string aside = cat("replaced/", replaced_++);
    sys::rename_at(place.parent->fd.get(), place.name, layer_dir_, aside);
    const auto take = [&](std::map<std::string, std::uint32_t>::iterator live) {
        IndexEntry& entry = entries_[live->second];
        entry.flags |= entry_replaced;
        entry.location = aside + entry.path.substr(place.path.size());
        return live_.erase(live);
    };
    if (const auto live = live_.find(place.path); live != live_.end()) take(live);
    if (!is_directory) return;
    tree_.forget(place.path);
    const std::string below = place.path + "/";
    for (auto live = live_.lower_bound(below); live != live_.end() && live->first.starts_with(below);) live = take(live);
}

void TreeCreator::register_live(std::uint32_t number) { live_[entries_[number].path] = number; }

void TreeCreator::create_directory(const Place& place, std::uint32_t number) {
    const bool was_whiteout = clear_place(place, EntryType::directory);
    if (was_whiteout) entries_[number].flags |= entry_opaque;
    entries_[number].flags |= replace_live(place.path); // listed twice, or made as a parent before
    if (::mkdirat(place.parent->fd.get(), place.name.c_str(), 0700) != 0 && errno != EEXIST)
        throw SysError{errno, cat("make directory ", place.path, " of the layer")};
    register_live(number);
}

void TreeCreator::create_file(const Place& place, std::uint32_t number) {
    clear_place(place, EntryType::file);
    if (entries_[number].size > options_.decompress.max_bytes) throw Error("layer entry ", place.path, ": larger than allowed");
    file_ = UniqueFd(::openat(place.parent->fd.get(), place.name.c_str(),
                              O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) throw SysError{errno, cat("make file ", place.path, " of the layer")};
    current_ = number;
    written_ = 0;
    register_live(number);
}

void TreeCreator::sum_hole(std::uint64_t until) {
    static constexpr std::array<std::byte, 65536> zeros{};
    while (written_ < until) {
        const std::size_t count = std::min<std::uint64_t>(zeros.size(), until - written_);
        checksum_ = crc64_update(checksum_, std::span(zeros).first(count));
        written_ += count;
    }
}

void TreeCreator::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    const IndexEntry& entry = entries_[current_];
    if (offset < written_ || offset > entry.size || bytes.size() > entry.size - offset)
        throw Error("layer entry ", entry.path, ": its content does not fit its size");
    sum_hole(offset);
    checksum_ = crc64_update(checksum_, bytes);
    written_ += bytes.size();
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0) throw SysError{errno, cat("write ", entry.path, " of the layer")};
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void TreeCreator::end_file() {
    IndexEntry& entry = entries_[current_];
    if (written_ < entry.size) { // ends with a hole
        sum_hole(entry.size);
        must(::ftruncate(file_.get(), static_cast<off_t>(entry.size)), "set size of", entry.path);
    }
    entry.checksum = std::exchange(checksum_, 0);
    content_size_ += static_cast<std::int64_t>(entry.size);
    set_metadata(file_.get(), entry);
    file_.reset();
    current_ = no_entry;
}

void TreeCreator::create_symlink(const Place& place, std::uint32_t number) {
    clear_place(place, EntryType::symlink);
    IndexEntry& entry = entries_[number];
    if (entry.link_target.empty()) throw Error("layer entry ", place.path, ": a symbolic link to nothing");
    must(::symlinkat(entry.link_target.c_str(), place.parent->fd.get(), place.name.c_str()), "make symbolic link", place.path);
    set_link_metadata(place, entry);
    register_live(number);
}

void TreeCreator::create_fifo(const Place& place, std::uint32_t number) {
    clear_place(place, EntryType::fifo);
    IndexEntry& entry = entries_[number];
    must(::mkfifoat(place.parent->fd.get(), place.name.c_str(), 0600), "make fifo", place.path);
    set_link_metadata(place, entry);
    must(::fchmodat(place.parent->fd.get(), place.name.c_str(), entry.mode, 0), "set mode of", place.path);
    register_live(number);
}

void TreeCreator::create_hardlink(const Place& place, std::uint32_t number) {
    std::vector<std::string> components = clean_path(entries_[number].link_target, options_);
    if (components.empty()) throw Error("layer entry ", place.path, ": a hard link to the root");
    const Place target = locate(std::move(components));
    const auto first = live_.find(target.path);
    if (first == live_.end()) throw Error("layer entry ", place.path, ": a hard link to ", target.path, ", which is not in the layer");
    if (target.path == place.path) throw Error("layer entry ", place.path, ": a hard link to itself");
    IndexEntry& original = entries_[first->second];
    if (original.type == EntryType::directory || original.type == EntryType::whiteout)
        throw Error("layer entry ", place.path, ": a hard link to ", target.path, ", which is not a file");
    if (original.hardlink_group == 0) original.hardlink_group = first->second + 1;
    const std::uint32_t group = original.hardlink_group;
    const bool exists = (original.flags & entry_not_created) == 0;
    clear_place(place, EntryType::hardlink);
    IndexEntry& entry = entries_[number];
    entry.hardlink_group = group;
    entry.link_target = target.path;
    if (!exists) entry.flags |= entry_not_created;
    else
        must(::linkat(target.parent->fd.get(), target.name.c_str(), place.parent->fd.get(), place.name.c_str(), 0),
             "make hard link", place.path);
    register_live(number);
}

bool TreeCreator::sets_owner(const IndexEntry& entry) const { return !options_.single_id && !options_.shared && !is_root_owned(entry); }

template <class F>
void TreeCreator::set_attributes(IndexEntry& entry, F set) {
    for (const auto& [name, value] : entry.xattrs) {
        if (is_reserved_attribute(name) || set(name.c_str(), value) != 0) entry.flags |= entry_xattrs_unset;
    }
}

void TreeCreator::set_metadata(int fd, IndexEntry& entry) {
    // In this order: changing the owner clears setuid bits and file capabilities.
    if (sets_owner(entry) && ::fchown(fd, entry.uid, entry.gid) != 0) fail_owner(entry);
    must(::fchmod(fd, options_.shared ? shared_mode(entry) : entry.mode), "set mode of", entry.path);
    if (options_.shared) {
        const std::string text = override_stat(entry);
        must(::fsetxattr(fd, override_stat_attribute, text.data(), text.size(), 0), "set the owner's attribute of", entry.path);
    }
    set_attributes(entry, [&](const char* name, const std::string& value) {
        return ::fsetxattr(fd, name, value.data(), value.size(), 0);
    });
    must(::futimens(fd, times_of(entry).data()), "set times of", entry.path);
}

/// By the root's attribute the overlay knows the layer's form.
void TreeCreator::set_shared_root() {
    IndexEntry root;
    root.type = EntryType::directory;
    root.mode = 0755;
    const std::string text = override_stat(root);
    must(::fsetxattr(tree_.resolve("")->fd.get(), override_stat_attribute, text.data(), text.size(), 0), "set the owner's attribute of", "the root");
}

void TreeCreator::set_link_metadata(const Place& place, IndexEntry& entry) {
    const int parent = place.parent->fd.get();
    if (sets_owner(entry)
        && ::fchownat(parent, place.name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0)
        fail_owner(entry);
    set_attributes(entry, [&](const char* name, const std::string& value) {
        return ::lsetxattr(cat("/proc/self/fd/", parent, "/", place.name).c_str(), name, value.data(), value.size(), 0);
    });
    must(::utimensat(parent, place.name.c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW), "set times of", entry.path);
}

void TreeCreator::finish() {
    if (options_.shared && !live_.contains("")) set_shared_root();
    for (const std::string& path : marked_) {
        if (!path.empty() && !live_.contains(path)) continue; // replaced since
        if (const int error = mark_for_whiteouts(tree_.resolve(path)->fd.get())) throw SysError{error, cat("mark the whiteouts in ", path)};
    }
    for (const auto& [path, number] : live_) {
        IndexEntry& entry = entries_[number];
        if (entry.type != EntryType::directory) continue;
        const DirTree::DirPtr dir = tree_.resolve(path);
        if ((entry.flags & entry_opaque) != 0)
            must(::fsetxattr(dir->fd.get(), opaque_attribute, "y", 1, 0), "mark as opaque", path);
        set_metadata(dir->fd.get(), entry);
    }
}

} // namespace storage
