// See storage/layer_check.h.
#include "storage/layer_check.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/checksum.h"
#include "storage/digest.h"
#include "storage/layer_index.h"
#include "storage/override_stat.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace storage {
namespace {

constexpr std::size_t most_told = 3;
constexpr mode_t permissions = 07777;

/// Whether the file system has the entry under the path that the index gives it.
bool is_on_disk(const IndexEntry& entry) {
    return entry.type != EntryType::whiteout && (entry.flags & (entry_not_created | entry_replaced)) == 0;
}

mode_t type_bits(EntryType type) {
    switch (type) {
    case EntryType::directory: return S_IFDIR;
    case EntryType::symlink: return S_IFLNK;
    case EntryType::fifo: return S_IFIFO;
    case EntryType::char_device: return S_IFCHR;
    case EntryType::block_device: return S_IFBLK;
    case EntryType::file:
    case EntryType::hardlink:
    case EntryType::whiteout: break;
    }
    return S_IFREG;
}

class Check {
public:
    Check(const std::string& layer_dir, Contents contents)
        : layer_(files::open_dir(layer_dir)), contents_(contents), is_shared_(::getxattr((layer_dir + "/fs").c_str(), override_stat_attribute, nullptr, 0) >= 0),
          buffer_(std::size_t{1} << 20) {
        try {
            index_ = load_index(layer_dir);
        } catch (const Error& e) {
            tell("index", e.what());
        }
    }

    std::vector<std::string> run() {
        // A tar may name a directory twice; the last one counts.
        std::unordered_map<std::string_view, const IndexEntry*> last;
        for (const IndexEntry& entry : index_.entries)
            if (is_on_disk(entry)) last[entry.path] = &entry;
        for (const IndexEntry& entry : index_.entries)
            if (!is_on_disk(entry) || last[entry.path] == &entry) check(entry);
        if (differences_ > most_told) told_.push_back(cat("and ", differences_ - most_told, " more"));
        return std::move(told_);
    }

private:
    void tell(std::string_view path, std::string_view what) {
        if (++differences_ <= most_told) told_.push_back(cat(path.empty() ? "/" : path, ": ", what));
    }

    /// Where the layer keeps it. The index has no links in its paths; a directory that has become one leads anywhere, so the
    /// parents are opened one by one.
    std::optional<UniqueFd> find_parent(const std::string& path) const {
        UniqueFd at = sys::dup(layer_.get());
        for (std::size_t begin = 0;;) {
            const std::size_t slash = path.find('/', begin);
            if (slash == std::string::npos) return at;
            auto next = sys::try_open_at(at.get(), path.substr(begin, slash - begin), O_PATH | O_DIRECTORY | O_NOFOLLOW);
            if (!next) return std::nullopt;
            at = std::move(*next);
            begin = slash + 1;
        }
    }

    void check(const IndexEntry& entry) {
        if (entry.flags & entry_replaced && entry.type == EntryType::file && !entry.location.empty())
            return check_at(entry, entry.location, false);
        if (is_on_disk(entry)) check_at(entry, entry.path.empty() ? "fs" : "fs/" + entry.path, true);
    }

    /// The entry that made the file: a hard link is as much a symbolic link or a FIFO as its first name (hardlink_group: that one's number
    /// and 1).
    const IndexEntry& made_by(const IndexEntry& entry) const {
        const std::size_t group = entry.hardlink_group;
        return entry.type == EntryType::hardlink && group > 0 && group <= index_.entries.size() ? index_.entries[group - 1] : entry;
    }

    void check_at(const IndexEntry& entry, const std::string& place, bool with_metadata) {
        const auto parent = find_parent(place);
        const std::string name = place.substr(place.rfind('/') + 1);
        const auto status = parent ? sys::find_stat_at(parent->get(), name) : std::nullopt;
        if (!status) return tell(entry.path, "missing");
        const IndexEntry& first = made_by(entry);
        if ((status->st_mode & S_IFMT) != type_bits(first.type)) return tell(entry.path, "another type of file");
        if (with_metadata && !(is_shared_ ? has_shared_metadata(entry, *status, parent->get(), name) : has_metadata(entry, *status))) return tell(entry.path, "other permissions or owner");
        if (first.type == EntryType::symlink && sys::find_link_at(parent->get(), name) != first.link_target)
            return tell(entry.path, "another target");
        if (entry.type != EntryType::file) return;
        if (static_cast<std::uint64_t>(status->st_size) != entry.size) return tell(entry.path, "another size");
        if (contents_ == Contents::passed_over) return;
        if (!has_content(entry, sys::open_at(parent->get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)))
            tell(entry.path, "other content");
    }

    static bool has_metadata(const IndexEntry& entry, const struct stat& status) {
        if (entry.type == EntryType::hardlink) return true; // the tar may say otherwise of the first name
        if (entry.type != EntryType::symlink && (status.st_mode & permissions) != entry.mode) return false;
        return (entry.flags & entry_owner_unset) != 0 || (status.st_uid == entry.uid && status.st_gid == entry.gid);
    }

    static bool has_shared_metadata(const IndexEntry& entry, const struct stat& status, int parent, const std::string& name) {
        if (entry.type != EntryType::file && entry.type != EntryType::directory) return true; // cannot have any
        std::array<char, 64> text{};
        const ssize_t size = ::lgetxattr(cat("/proc/self/fd/", parent, "/", name).c_str(), override_stat_attribute, text.data(), text.size());
        return size > 0 && std::string_view(text.data(), static_cast<std::size_t>(size)) == override_stat(entry) &&
               (status.st_mode & permissions) == shared_mode(entry);
    }

    bool has_content(const IndexEntry& entry, const UniqueFd& file) {
        std::uint64_t checksum = 0;
        while (const std::size_t n = sys::read_some(file.get(), buffer_, entry.path)) {
            const auto bytes = std::span(buffer_).first(n);
            if (entry.sha256) sha_.update(bytes);
            else checksum = crc64_update(checksum, bytes);
        }
        return entry.sha256 ? sha_.finish() == *entry.sha256 : checksum == entry.checksum;
    }

    UniqueFd layer_;
    const Contents contents_;
    const bool is_shared_; ///< storage/override_stat.h
    LayerIndex index_;
    std::vector<std::byte> buffer_;
    Sha256 sha_;
    std::vector<std::string> told_;
    std::size_t differences_ = 0;
};

} // namespace

std::vector<std::string> check_layer(const std::string& layer_dir, Contents contents) { return Check(layer_dir, contents).run(); }

} // namespace storage
