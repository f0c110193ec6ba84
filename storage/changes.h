// What differs between file trees: a layer and what lies below it, or two whole trees, by their indexes.
#pragma once

#include "base/unique_fd.h"
#include "storage/layer_index.h"

#include <map>
#include <string>
#include <vector>

namespace storage {

enum class ChangeKind : char { modified = 'C', added = 'A', deleted = 'D' };

struct Change {
    ChangeKind kind;
    std::string path; ///< absolute
    bool operator==(const Change&) const = default;
};

/// The files of layers on top of each other, by path relative to the root.
class MergedIndex {
public:
    /// On top of those added before.
    void add_layer(const std::vector<IndexEntry>& layer);

    const IndexEntry* find(const std::string& path) const;
    /// Names in a directory.
    std::vector<std::string> children(const std::string& path) const;
    const std::map<std::string, IndexEntry>& files() const noexcept { return files_; }

private:
    void remove_below(const std::string& path);
    std::map<std::string, IndexEntry> files_; ///< ordered, so that what is below a path is a range
};

/// The upper directory of an overlay as the entries of a layer; contents are not read. Inside the user namespace.
std::vector<IndexEntry> scan_upper(UniqueFd upper);

/// Sorted by path. A directory counts as modified where its own metadata differ, or something in it was added or deleted.
std::vector<Change> layer_changes(const MergedIndex& below, const std::vector<IndexEntry>& layer);
std::vector<Change> tree_changes(const MergedIndex& from, const MergedIndex& to);

} // namespace storage
