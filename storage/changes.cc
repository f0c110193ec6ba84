// See storage/changes.h.
#include "storage/changes.h"

#include "base/error.h"
#include "base/sys.h"
#include "storage/tree_walk.h"

#include <sys/sysmacros.h>

namespace storage {
namespace {

EntryType type_of(const TreeItem& item) {
    return item.whiteout ? EntryType::whiteout : entry_type(item.st.st_mode);
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool is_replaced(const IndexEntry& entry) { return (entry.flags & entry_replaced) != 0; }

/// A hard link is a file like its other names; its entry tells nothing of its own.
bool same_metadata(const IndexEntry& a, const IndexEntry& b) {
    return a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.mtime == b.mtime && a.size == b.size
           && a.link_target == b.link_target && a.device_major == b.device_major && a.device_minor == b.device_minor;
}

/// Collects changes, and the directories they are in.
class Changes {
public:
    explicit Changes(const MergedIndex& below) : below_(below) {}

    void add(ChangeKind kind, const std::string& path) {
        if (path.empty()) return; // the root itself is not told
        found_[path] = kind;
        if (kind == ChangeKind::modified) return;
        for (std::string parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
            const auto known = found_.find(parent);
            if (known != found_.end() && known->second != ChangeKind::modified) return; // those above it were told then
            if (known == found_.end() && below_.find(parent) != nullptr) found_.emplace(parent, ChangeKind::modified);
        }
    }

    /// In a deep tree the paths are most of what there is, so none is kept twice.
    std::vector<Change> take() {
        std::vector<Change> list;
        while (!found_.empty()) {
            auto next = found_.extract(found_.begin());
            list.push_back({next.mapped(), "/" + next.key()});
        }
        return list;
    }

private:
    const MergedIndex& below_;
    std::map<std::string, ChangeKind> found_;
};

} // namespace

const IndexEntry* MergedIndex::find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
}

std::vector<std::string> MergedIndex::children(const std::string& path) const {
    const std::string prefix = path.empty() ? "" : path + "/";
    std::vector<std::string> names;
    for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at)
        if (at->first.size() > prefix.size() && at->first.find('/', prefix.size()) == std::string::npos)
            names.push_back(at->first.substr(prefix.size()));
    return names;
}

void MergedIndex::remove_below(const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + "/";
    auto at = files_.lower_bound(prefix);
    while (at != files_.end() && at->first.starts_with(prefix)) at = at->first.empty() ? std::next(at) : files_.erase(at);
}

void MergedIndex::add_layer(const std::vector<IndexEntry>& layer) {
    // What a layer hides lies below it: its own files come after.
    for (const IndexEntry& entry : layer) {
        if (is_replaced(entry)) continue;
        const bool opaque = (entry.flags & entry_opaque) != 0;
        if (opaque || entry.type != EntryType::directory) remove_below(entry.path);
        if (entry.type == EntryType::whiteout) files_.erase(entry.path);
    }
    for (const IndexEntry& entry : layer) {
        if (is_replaced(entry) || entry.type == EntryType::whiteout) continue;
        if ((entry.flags & entry_implicit) != 0) files_.try_emplace(entry.path, entry);
        else files_.insert_or_assign(entry.path, entry);
    }
}

std::vector<IndexEntry> scan_upper(UniqueFd upper) {
    std::vector<IndexEntry> entries;
    TreeWalk walk(std::move(upper), TreeKind::upper);
    while (const TreeItem* item = walk.next()) {
        IndexEntry entry;
        entry.path = item->path;
        entry.type = type_of(*item);
        if (item->opaque) entry.flags |= entry_opaque;
        entry.mode = item->st.st_mode & 07777;
        entry.uid = item->st.st_uid;
        entry.gid = item->st.st_gid;
        entry.mtime = item->st.st_mtim.tv_sec;
        entry.mtime_ns = static_cast<std::uint32_t>(item->st.st_mtim.tv_nsec);
        if (entry.type == EntryType::file) entry.size = static_cast<std::uint64_t>(item->st.st_size);
        if (entry.type == EntryType::symlink) entry.link_target = sys::find_link_at(item->fd.get(), "").value_or("");
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::vector<Change> layer_changes(const MergedIndex& below, const std::vector<IndexEntry>& layer) {
    std::map<std::string_view, const IndexEntry*> own;
    for (const IndexEntry& entry : layer)
        if (!is_replaced(entry)) own[entry.path] = &entry;
    Changes changes(below);
    for (const auto& [key, entry] : own) {
        const std::string& path = entry->path;
        const IndexEntry* old = below.find(path);
        if (entry->type == EntryType::whiteout) {
            if (old != nullptr) changes.add(ChangeKind::deleted, path);
            continue;
        }
        const bool directories = old != nullptr && entry->type == EntryType::directory && old->type == EntryType::directory;
        if ((entry->flags & entry_opaque) != 0 && directories)
            for (const std::string& name : below.children(path))
                if (const std::string gone = path.empty() ? name : path + "/" + name; !own.contains(gone))
                    changes.add(ChangeKind::deleted, gone);
        if (old == nullptr) changes.add(ChangeKind::added, path);
        else if (!directories || ((entry->flags & entry_implicit) == 0 && !same_metadata(*old, *entry))) changes.add(ChangeKind::modified, path);
    }
    return changes.take();
}

std::vector<Change> tree_changes(const MergedIndex& from, const MergedIndex& to) {
    Changes changes(from);
    for (const auto& [path, entry] : to.files()) {
        const IndexEntry* old = from.find(path);
        if (old == nullptr) changes.add(ChangeKind::added, path);
        else if (!same_metadata(*old, entry)) changes.add(ChangeKind::modified, path);
    }
    for (const auto& [path, entry] : from.files())
        if (to.find(path) == nullptr && (path.find('/') == std::string::npos || to.find(parent_of(path)) != nullptr))
            changes.add(ChangeKind::deleted, path);
    return changes.take();
}

} // namespace storage
