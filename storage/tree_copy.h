// Copying files and trees by descriptor: `cp`, and filling volumes from the image.
//
// Theory of operation
//
// Aims. Either side may be a container's file system, whose processes rename and exchange what we are looking at. Nothing
// they do makes us read or write anything outside the two directories we were given.
// How. Everything is opened from its directory's descriptor with O_NOFOLLOW: first as O_PATH, which touches nothing, then,
// once it is known to be a regular file or a directory, for reading by that very descriptor. So a name exchanged between
// two calls is an error or another file of the same directory. Symbolic links are copied as links. New files are made with
// O_EXCL; one that takes the place of another is made beside it and renamed over it.
// Non-aims. A snapshot: a tree that is written while it is copied arrives as it was found, file by file.
#pragma once

#include "base/unique_fd.h"
#include "storage/new_name.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct CopyRules {
    struct Owner {
        uid_t uid = 0;
        gid_t gid = 0;
    };
    std::optional<Owner> owner;      ///< of everything that is made; empty: the source's
    bool overwrite = false;          ///< directories may take the place of other files, and the other way round
    bool special_bits = true;        ///< setuid, setgid, file capabilities
    /// Below the top, what may not be read is left out and counted, and so is what vanishes while we look.
    bool tolerant = false;
};

/// What was left out.
struct CopySkipped {
    std::size_t unreadable = 0; ///< permission denied
    std::size_t special = 0;    ///< devices, sockets, kernel file systems (proc, sysfs, …)
};

class TreeCopy {
public:
    explicit TreeCopy(const CopyRules& rules) : rules_(rules) {}

    /// Copies what `source` (O_PATH) stands for to `name` in the directory `target`. A directory that is there already is
    /// filled and keeps its own metadata. `path` is for errors.
    void copy_as(int source, int target, const std::string& name, const std::string& path);
    /// Copies what is in the directory `source` into the directory `target`.
    void copy_content_of(int source, int target, const std::string& path);
    /// Gives `target` the owner, mode, times and attributes that a copy of `source` has.
    void copy_metadata(int source, int target, const std::string& path);

    const CopySkipped& skipped() const noexcept { return skipped_; }

private:
    struct FirstName {
        std::vector<std::string> path; ///< below the top directory
        dev_t device;
        ino_t inode;
    };
    void copy_entries(int source, int target, const std::string& path);
    void copy_thing(int source, const struct stat& st, int target, const std::string& name, const std::string& path);
    void copy_directory(int source, const struct stat& st, int target, const std::string& name, const std::string& path);
    void copy_file(int source, const struct stat& st, int target, const std::string& name, const std::string& path);
    void make_special(int source, const struct stat& st, int target, const std::string& name, const std::string& path);
    bool try_hard_link(const struct stat& st, int target, const std::string& name, const std::string& path);
    void remember_name(const struct stat& st, int target, const std::string& name);
    UniqueFd open_first(const FirstName& first) const;
    NewName::Overwrite overwrite() const noexcept {
        return rules_.overwrite ? NewName::Overwrite::any : NewName::Overwrite::same_kind;
    }
    void set_metadata(int source, const struct stat& st, const std::string& thing, const std::string& path);
    void begin(int target);

    const CopyRules rules_;
    CopySkipped skipped_;
    UniqueFd top_;                     ///< the directory everything is made in
    struct stat top_stat_ {};
    std::vector<std::string> below_;   ///< from the top directory to where we are
    std::map<std::pair<dev_t, ino_t>, FirstName> first_names_; ///< of files with several names, by the source's numbers
};

/// Copies a regular file's bytes from begin to end into the empty file `to`; holes stay holes.
void copy_file_content(int from, int to, const std::string& name);

} // namespace storage
