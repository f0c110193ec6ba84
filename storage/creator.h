// Makes a layer's tree from its tar entries, and its index entries on the way. Private to storage/.
//
// Runs as uid 0 of the store's user namespace; what the archive says is hostile until its diff-id has matched. Rules:
//   - names are cleaned; one that leaves the root is refused; parents resolve inside the tree only (dir_tree.h)
//   - everything is made new (O_EXCL, O_NOFOLLOW); a later entry takes the place of an earlier one, whose content moves
//     beside the tree (replaced/), because the tar cannot be rebuilt without it
//   - `.wh.x` becomes the overlay's whiteout, `.wh..wh..opq` its opaque mark. Both speak of lower layers only: what this
//     layer itself has under the name stays (OCI image specification, "Whiteouts")
//   - devices exist in the index only; attributes with a meaning for the overlay as well
#pragma once

#include "base/unique_fd.h"
#include "storage/dir_tree.h"
#include "storage/layer_index.h"
#include "storage/tar_reader.h"
#include "storage/unpack.h"

#include <cstdint>
#include <map>
#include <set>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace storage {

class TreeCreator {
public:
    /// `layer_dir` has an empty fs/ and outlives this.
    TreeCreator(int layer_dir, const UnpackOptions& options);

    /// Makes the entry. True: it is a regular file, to be filled by write() and ended by end_file().
    bool create(const TarEntry& tar);
    /// The number of the file being filled.
    std::uint32_t current() const noexcept { return current_; }
    void write(std::uint64_t offset, std::span<const std::byte> bytes);
    void end_file();
    /// Owners, modes and times of directories, which making their content would have changed.
    void finish();

    const std::vector<IndexEntry>& entries() const noexcept { return entries_; }
    std::int64_t content_size() const noexcept { return content_size_; } ///< bytes of files

private:
    /// Where an entry goes.
    struct Place {
        DirTree::DirPtr parent;
        std::string name;
        std::string path; ///< real
    };
    std::uint32_t append(const TarEntry& tar, std::string path);
    void make_implicit(const DirTree::Dir& parent, const std::string& name, const std::string& path);
    Place locate(std::vector<std::string> components);
    void create_root(const TarEntry& tar);
    void create_whiteout(const Place& place, const TarEntry& tar);
    void mark_opaque(const std::string& directory);
    void create_directory(const Place& place, std::uint32_t number);
    void create_file(const Place& place, std::uint32_t number);
    void create_symlink(const Place& place, std::uint32_t number);
    void create_hardlink(const Place& place, std::uint32_t number);
    void create_fifo(const Place& place, std::uint32_t number);
    bool clear_place(const Place& place, EntryType coming);
    void move_aside(const Place& place, bool is_directory);
    std::uint32_t replace_live(const std::string& path);
    void register_live(std::uint32_t number);
    void sum_hole(std::uint64_t until);
    void set_metadata(int fd, IndexEntry& entry);
    bool sets_owner(const IndexEntry& entry) const;
    void set_shared_root();
    void set_link_metadata(const Place& place, IndexEntry& entry);
    template <class F>
    void set_attributes(IndexEntry& entry, F set);

    int layer_dir_;
    const UnpackOptions& options_;
    DirTree tree_;
    std::vector<IndexEntry> entries_;
    std::map<std::string, std::uint32_t> live_; ///< real path → the entry that made it; ordered, so subtrees are ranges
    std::set<std::string> marked_;              ///< directories with whiteouts of the form that needs a mark
    std::uint32_t replaced_ = 0;                ///< number of things moved aside
    std::int64_t content_size_ = 0;
    std::uint64_t metadata_size_ = 0; ///< bytes of names and attributes kept in memory

    UniqueFd file_;
    std::uint32_t current_ = no_entry;
    std::uint64_t written_ = 0; ///< end of what has been written or summed as a hole
    std::uint64_t checksum_ = 0; ///< of that
};

} // namespace storage
