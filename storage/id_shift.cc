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
#include <span>
#include <sstream>
#include <string_view>

namespace storage {
namespace {

constexpr const char* metacopy_attribute = "user.overlay.metacopy";
constexpr const char* redirect_attribute = "user.overlay.redirect";

void must(int result, const std::string& what) {
    if (result != 0) throw SysError{errno, what};
}

[[noreturn]] void throw_unmapped(const char* kind, std::uint32_t id) {
    throw Error("the image has files of ", kind, " ", id, ", which the container's id map does not have; give it more ids "
                "(--userns=auto:size=…, a larger --uidmap), or use another map");
}

/// What `map` says.
std::string map_text(const LayerStack& stack, const IdShift& shift) {
    std::string text = shift.text() + "\n";
    for (const std::string& layer : stack.layers) text += layer + "\n";
    return text;
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

/// Copies the metadata of one layer's tree over that of the layers below; names are opened relative to their directory's
/// descriptor and never followed, since the tree is the image's author's.
class ShiftedTree {
public:
    /// `layer`: its name below layers/.
    ShiftedTree(int target_root, const std::string& layer, const IdShift& shift)
        : target_root_(target_root), content_(cat("/", layer, "/fs")), shift_(shift) {}

    /// `path`: below the root, "" for it.
    void copy_directory(int from, int to, const std::string& path) {
        if (is_opaque(from)) clear(to);
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

    /// What the layers below have in a directory does not show through it.
    static bool is_opaque(int dir) {
        char value = 0;
        return ::fgetxattr(dir, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
    }
    static void clear(int dir) {
        for (const std::string& name : files::list(dir, ".")) files::remove_tree(dir, name);
    }

    void copy_entry(int from, int to, const std::string& name, const std::string& path) {
        const struct stat st = sys::lstat_at(from, name);
        const auto below = sys::find_stat_at(to, name);
        const bool merged = below && S_ISDIR(below->st_mode) && S_ISDIR(st.st_mode);
        if (below && !merged) files::remove_tree(to, name);
        if (S_ISDIR(st.st_mode)) {
            const UniqueFd source = sys::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            if (!merged) sys::mkdir_at(to, name, 0700);
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
        else return; // a whiteout has done its work; sockets and devices are not in a layer's tree
        must(::fchownat(to, name.c_str(), uid(st), gid(st), AT_SYMLINK_NOFOLLOW), cat("set owner of ", path));
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW), cat("set times of ", path));
    }

    void copy_file(int from, int to, const std::string& name, const std::string& path, const struct stat& st) {
        const UniqueFd target = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (st.st_size > 0) must(::ftruncate(target.get(), st.st_size), cat("set size of ", path)); // first: it drops set-ids and capabilities
        must(::fchown(target.get(), uid(st), gid(st)), cat("set owner of ", path));
        must(::fchmod(target.get(), st.st_mode & 07777), cat("set mode of ", path));
        copy_attributes(cat("/proc/self/fd/", from, "/", name), target.get(), path);
        if (st.st_size > 0) {
            must(::fsetxattr(target.get(), metacopy_attribute, "", 0, 0), cat("mark ", path));
            const std::string place = content_ + path;
            const bool said = ::fsetxattr(target.get(), redirect_attribute, place.data(), place.size(), 0) == 0;
            if (!said && (errno == ENOSPC || errno == E2BIG || errno == ERANGE))
                throw Error("the path of ", path, " is too long for what shows the image's files under another id map (", place.size(),
                            " bytes in an attribute, or the disk is full); --storage-driver combined can show it");
            must(said ? 0 : -1, cat("say where the content is of ", path));
        }
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::futimens(target.get(), times), cat("set times of ", path));
    }

    /// The image's own attributes, file capabilities and access lists.
    void copy_attributes(const std::string& from, int to, const std::string& path) {
        const ssize_t length = ::llistxattr(from.c_str(), names_.data(), names_.size());
        if (length < 0 && errno == ENOTSUP) return;
        if (length < 0) throw SysError{errno, cat("list attributes of ", path)};
        for (std::string_view rest(names_.data(), static_cast<std::size_t>(length)); !rest.empty();) {
            const std::string attribute(rest.substr(0, rest.find('\0')));
            rest.remove_prefix(attribute.size() + 1);
            if (!attribute.starts_with("user.") && attribute != "security.capability" && !is_acl(attribute)) continue;
            if (attribute.starts_with("user.overlay.")) continue; // there are no layers below this one
            const ssize_t size = ::lgetxattr(from.c_str(), attribute.c_str(), value_.data(), value_.size());
            if (size < 0) throw SysError{errno, cat("read attribute ", attribute, " of ", path)};
            if (is_acl(attribute)) shift_acl(std::span(value_).first(static_cast<std::size_t>(size)), shift_);
            const bool set = ::fsetxattr(to, attribute.c_str(), value_.data(), static_cast<std::size_t>(size), 0) == 0;
            if (!set && errno != EPERM && errno != ENOTSUP) throw SysError{errno, cat("set attribute ", attribute, " of ", path)};
        }
    }

    int target_root_;
    std::string content_; ///< the layer's tree, seen from layers/
    const IdShift& shift_;
    std::map<ino_t, std::string> first_names_; ///< of files with several names
    std::vector<char> names_ = std::vector<char>(65536);
    std::vector<char> value_ = std::vector<char>(65536);
};

} // namespace

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

std::vector<std::string> parse_shifted_layers(const std::string& map) {
    std::istringstream lines(map);
    std::vector<std::string> layers;
    std::string line;
    std::getline(lines, line); // the map itself
    while (std::getline(lines, line)) layers.push_back(line);
    return layers;
}

std::string shift_key(const LayerStack& stack, const IdShift& shift) {
    std::uint64_t hash = 14695981039346656037U; // FNV-1a; `map` tells two apart that should meet in it
    // The form of the trees: those of before are found no more, and go as all that nobody uses.
    for (const char c : "2" + map_text(stack, shift)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    char digits[17];
    ::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return digits;
}

std::optional<UniqueFd> find_shifted(const LayerStack& stack, const IdShift& shift) {
    const std::string dir = cat(stack.data_root, "/maps/", shift_key(stack, shift));
    const auto map = files::find(dir + "/map");
    if (!map || map->empty()) return std::nullopt; // of a tree that a power cut has left without it
    if (*map != map_text(stack, shift)) throw Error(dir, " belongs to another id map or image with the same key; remove it");
    return sys::try_open(dir + "/fs", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

void make_shifted(const LayerStack& stack, const IdShift& shift) {
    const std::string place = stack.data_root + "/maps";
    sys::ensure_dir(place, 0700);
    const UniqueFd maps = files::open_dir(place);
    const FileLock lock = FileLock::acquire(maps.get(), "lock", FileLock::Mode::exclusive);
    if (find_shifted(stack, shift)) return;
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
    const UniqueFd target = files::open_dir_at(maps.get(), "making/fs");
    for (auto layer = stack.layers.rbegin(); layer != stack.layers.rend(); ++layer) {
        const UniqueFd source = files::open_dir(cat(stack.data_root, "/layers/", *layer, "/fs"));
        ShiftedTree(target.get(), *layer, shift).copy_directory(source.get(), target.get(), "");
    }
    const UniqueFd map = sys::open_at(maps.get(), "making/map", O_WRONLY | O_CREAT | O_EXCL, 0600);
    sys::write_all(map.get(), map_text(stack, shift), "map");
    sys::fsync(map.get(), "map"); // the one file with content: a journal that orders the rest need not have it before the rename
    files::remove_tree(maps.get(), shift_key(stack, shift)); // of one whose map was lost
    sys::rename_at(maps.get(), "making", maps.get(), shift_key(stack, shift));
    undo.disarm();
}

} // namespace storage
