// Trees with other owners; see storage/id_shift.h.
#include "storage/id_shift.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/layer_index.h"
#include "storage/record.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

namespace storage {
namespace {

constexpr const char* metacopy_attribute = "user.overlay.metacopy";
constexpr const char* redirect_attribute = "user.overlay.redirect";

void must(int result, const std::string& what) {
    if (result != 0) throw SysError{errno, what};
}

std::optional<std::uint32_t> find_in(const std::vector<ShiftRange>& ranges, std::uint32_t id) {
    for (const ShiftRange& r : ranges)
        if (id >= r.image && id - r.image < r.count) return r.store + (id - r.image);
    return std::nullopt;
}

std::string ranges_text(const std::vector<ShiftRange>& ranges) {
    std::string text;
    for (const ShiftRange& r : ranges) text += cat(text.empty() ? "" : ",", r.image, ":", r.store, ":", r.count);
    return text;
}

[[noreturn]] void throw_unmapped(const char* kind, std::uint32_t id) {
    throw Error("the image has files of ", kind, " ", id, ", which the container's id map does not have; give it more ids "
                "(--userns=auto:size=…, a larger --uidmap), or use another map");
}

std::string ids_text(const std::vector<std::uint32_t>& ids) {
    std::string text;
    for (const std::uint32_t id : ids) text += cat(" ", id);
    return text + "\n";
}

std::vector<std::uint32_t> parse_ids(std::istream& lines) {
    std::string line;
    std::getline(lines, line);
    std::istringstream words(line);
    std::vector<std::uint32_t> ids;
    for (std::uint32_t id = 0; words >> id;) ids.push_back(id);
    return ids;
}

/// Copies a tree's metadata; names are opened relative to their directory's descriptor and never followed, since the tree is
/// the image's author's.
class ShiftedTree {
public:
    ShiftedTree(int target_root, const IdShift& shift) : target_root_(target_root), shift_(shift) {}

    /// `path`: below the root, "" for it.
    void copy_directory(int from, int to, const std::string& path) {
        for (const std::string& name : files::list(from, ".")) copy_entry(from, to, name, path + "/" + name);
        const struct stat st = sys::fstat(from, path);
        must(::fchown(to, uid(st), gid(st)), cat("set owner of ", path));
        must(::fchmod(to, st.st_mode & 07777), cat("set mode of ", path));
        copy_attributes(cat("/proc/self/fd/", from), to, path);
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::futimens(to, times), cat("set times of ", path));
    }

private:
    uid_t uid(const struct stat& st) const {
        const auto id = shift_.find_uid(st.st_uid);
        if (!id) throw_unmapped("user", st.st_uid);
        return *id;
    }
    gid_t gid(const struct stat& st) const {
        const auto id = shift_.find_gid(st.st_gid);
        if (!id) throw_unmapped("group", st.st_gid);
        return *id;
    }

    void copy_entry(int from, int to, const std::string& name, const std::string& path) {
        const struct stat st = sys::lstat_at(from, name);
        if (S_ISDIR(st.st_mode)) {
            const UniqueFd source = sys::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            sys::mkdir_at(to, name, 0700);
            const UniqueFd target = sys::open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            return copy_directory(source.get(), target.get(), path);
        }
        if (st.st_nlink > 1 && !S_ISCHR(st.st_mode)) {
            const auto [first, is_first] = first_names_.try_emplace(st.st_ino, path);
            if (!is_first) return must(::linkat(target_root_, first->second.c_str() + 1, to, name.c_str(), 0), cat("link ", path));
        }
        if (S_ISREG(st.st_mode)) return copy_file(from, to, name, path, st);
        if (S_ISLNK(st.st_mode)) sys::symlink_at(sys::find_link_at(from, name).value_or(""), to, name);
        else if (S_ISFIFO(st.st_mode)) must(::mkfifoat(to, name.c_str(), st.st_mode & 07777), cat("make fifo ", path));
        else if (S_ISCHR(st.st_mode) && st.st_rdev == 0) return must(::mknodat(to, name.c_str(), S_IFCHR, 0), cat("make whiteout ", path));
        else return; // sockets and devices are not in a layer's tree
        must(::fchownat(to, name.c_str(), uid(st), gid(st), AT_SYMLINK_NOFOLLOW), cat("set owner of ", path));
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW), cat("set times of ", path));
    }

    void copy_file(int from, int to, const std::string& name, const std::string& path, const struct stat& st) {
        const UniqueFd target = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        must(::fchown(target.get(), uid(st), gid(st)), cat("set owner of ", path));
        must(::fchmod(target.get(), st.st_mode & 07777), cat("set mode of ", path));
        copy_attributes(cat("/proc/self/fd/", from, "/", name), target.get(), path);
        if (st.st_size > 0) {
            must(::ftruncate(target.get(), st.st_size), cat("set size of ", path));
            must(::fsetxattr(target.get(), metacopy_attribute, "", 0, 0), cat("mark ", path));
            must(::fsetxattr(target.get(), redirect_attribute, path.data(), path.size(), 0), cat("say where the content is of ", path));
        }
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::futimens(target.get(), times), cat("set times of ", path));
    }

    /// The image's own attributes, file capabilities and the overlay's "opaque". Access lists name ids and are left out.
    void copy_attributes(const std::string& from, int to, const std::string& path) {
        const ssize_t length = ::llistxattr(from.c_str(), names_.data(), names_.size());
        if (length < 0 && errno == ENOTSUP) return;
        if (length < 0) throw SysError{errno, cat("list attributes of ", path)};
        for (std::string_view rest(names_.data(), static_cast<std::size_t>(length)); !rest.empty();) {
            const std::string attribute(rest.substr(0, rest.find('\0')));
            rest.remove_prefix(attribute.size() + 1);
            if (!attribute.starts_with("user.") && attribute != "security.capability") continue;
            const ssize_t size = ::lgetxattr(from.c_str(), attribute.c_str(), value_.data(), value_.size());
            if (size < 0) throw SysError{errno, cat("read attribute ", attribute, " of ", path)};
            const bool set = ::fsetxattr(to, attribute.c_str(), value_.data(), static_cast<std::size_t>(size), 0) == 0;
            if (!set && errno != EPERM && errno != ENOTSUP) throw SysError{errno, cat("set attribute ", attribute, " of ", path)};
        }
    }

    int target_root_;
    const IdShift& shift_;
    std::map<ino_t, std::string> first_names_; ///< of files with several names
    std::vector<char> names_ = std::vector<char>(65536);
    std::vector<char> value_ = std::vector<char>(65536);
};

} // namespace

std::optional<std::uint32_t> IdShift::find_uid(std::uint32_t id) const { return find_in(uids, id); }
std::optional<std::uint32_t> IdShift::find_gid(std::uint32_t id) const { return find_in(gids, id); }
std::string IdShift::text() const { return cat("u", ranges_text(uids), ";g", ranges_text(gids)); }

std::string IdShift::key() const {
    std::uint64_t hash = 14695981039346656037U; // FNV-1a; `map` tells two maps apart that should meet in it
    for (const char c : text()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    char digits[17];
    ::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return digits;
}

LayerIds layer_ids(const std::string& layer_dir) {
    const std::string file = layer_dir + "/maps/ids";
    if (const auto text = files::find(file); text && text->ends_with('\n')) {
        std::istringstream lines(*text);
        LayerIds ids;
        ids.uids = parse_ids(lines);
        ids.gids = parse_ids(lines);
        return ids;
    }
    std::set<std::uint32_t> uids{0}, gids{0}; // directories that the archive does not list are root's
    for (const IndexEntry& entry : load_index(layer_dir).entries) {
        uids.insert(entry.uid);
        gids.insert(entry.gid);
    }
    LayerIds ids{{uids.begin(), uids.end()}, {gids.begin(), gids.end()}};
    sys::ensure_dir(layer_dir + "/maps", 0700);
    files::write_atomic(AT_FDCWD, file, ids_text(ids.uids) + ids_text(ids.gids), 0600, files::Durability::none);
    return ids;
}

bool is_unchanged(const LayerIds& ids, const IdShift& shift) {
    bool same = true;
    for (const std::uint32_t uid : ids.uids) {
        const auto id = shift.find_uid(uid);
        if (!id) throw_unmapped("user", uid);
        same = same && *id == uid;
    }
    for (const std::uint32_t gid : ids.gids) {
        const auto id = shift.find_gid(gid);
        if (!id) throw_unmapped("group", gid);
        same = same && *id == gid;
    }
    return same;
}

std::optional<UniqueFd> find_shifted(const std::string& layer_dir, const IdShift& shift) {
    const std::string dir = cat(layer_dir, "/maps/", shift.key());
    const auto map = sys::find_link_at(AT_FDCWD, dir + "/map");
    if (!map) return std::nullopt;
    if (*map != shift.text()) throw Error(dir, " belongs to another id map with the same key; remove it");
    return sys::try_open(dir + "/fs", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

void make_shifted(const std::string& layer_dir, const IdShift& shift) {
    sys::ensure_dir(layer_dir + "/maps", 0700);
    spread_children(layer_dir + "/maps");
    const UniqueFd maps = files::open_dir(layer_dir + "/maps");
    const FileLock lock = FileLock::acquire(maps.get(), "lock", FileLock::Mode::exclusive);
    if (find_shifted(layer_dir, shift)) return;
    files::remove_tree(maps.get(), "making"); // of one that was killed
    sys::mkdir_at(maps.get(), "making", 0700);
    OnExit undo([&] {
        try {
            files::remove_tree(maps.get(), "making");
        } catch (const Error&) {
            return; // the next one removes it
        }
    });
    sys::mkdir_at(maps.get(), "making/fs", 0700);
    {
        const UniqueFd source = files::open_dir(layer_dir + "/fs");
        const UniqueFd target = files::open_dir_at(maps.get(), "making/fs");
        ShiftedTree(target.get(), shift).copy_directory(source.get(), target.get(), "");
    }
    sys::symlink_at(shift.text(), maps.get(), "making/map");
    sys::rename_at(maps.get(), "making", maps.get(), shift.key());
    undo.disarm();
}

} // namespace storage
