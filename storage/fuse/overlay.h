// An overlay file system in user space: what the kernel's does, where the kernel's cannot be had.
//
// Theory of operation
//
// Aims. One tree out of lower directories nobody writes to and one upper directory that belongs to this process alone while it
// runs. Both let the kernel cache everything for as long as it likes: names, also those that do not exist, attributes, content.
// Changes come through the kernel, so nothing has ever to be invalidated. The upper directory is one that the kernel's overlay
// (userxattr) can take over, and the other way round: whiteouts are devices 0:0, `user.overlay.opaque` hides what is below.
//
// Parts. operations.cc speaks libfuse, session.cc mounts and moves the messages, this class does the work, one family of
// operations a file: tree.cc (nodes and places), load.cc (merging directories), attributes.cc, create.cc, remove.cc, rename.cc,
// copy_up.cc, data.cc, read_dir.cc, attributes_extended.cc. Operations return 0 or an errno and throw nothing but bad_alloc.
//
// Nodes and entries (node.h). A directory's names are read once, from all its layers, and kept; a file's node is made when the
// kernel first asks for it and goes when the kernel has forgotten it. Then the entry stays, for tens of bytes. An entry is a
// place and knows what the layers have under its name; moving a file moves its node to another entry.
//
// Finding files. Each directory can be opened in each of its layers by opening its name in its parent's descriptor, never
// through a path, with O_NOFOLLOW: a layer from a hostile image has no way to lead outside. The descriptors are in a bounded
// cache (fd_cache.h). The kernel opens files without asking (FUSE_NO_OPEN_SUPPORT: open is answered ENOSYS once), so reads and
// writes come with a node only and the cache opens on demand. A file that loses its last name while the kernel knows
// it keeps a descriptor, its anchor.
//
// Copy-up. Before the first change the file is copied into an unnamed one (reflink, copy_file_range, or read and write; holes
// stay), gets attributes and owner and is then linked into the upper directory, whose time stamps are put back. The node stays
// the same, and so do the inode number (kept in an attribute of ours) and the kernel's cached pages: mappings stay coherent.
// Files with several names below get an additional one in the index (work/ctl-index), under which the other names find them; at
// the end they get those names in the upper directory (settle_links), because whoever reads that knows no index.
//
// Owners. Lower layers may be shown with other owners than they have (Sources::shift), for containers with an id map of their own:
// translated where attributes are read, and what is copied up belongs to those. The upper directory is as it is.
//
// Locks. The tree lock for names and attributes, passed as a witness; a lock per node for copying up, taken before it and
// held while content is copied; the descriptor cache's, taken last. Reading and writing hold none.
//
// Limits. Directories that exist below cannot be renamed (EXDEV, as with the kernel's overlay: mv copies). A chown(2) to
// no user and no group, which drops set-ids elsewhere, does not reach FUSE at all. A crash leaves the
// upper directory as the kernel's overlay would: every change is one rename or link, with leftovers in work/ctl-tmp that the
// next start removes. Several names of a file other than a regular one are known as one file until it is forgotten only.
#pragma once

#include "storage/fuse/fd_cache.h"
#include "storage/fuse/node.h"
#include "storage/fuse/place.h"
#include "storage/owner_shift.h"
#include "storage/whiteout_file.h"

#include <sys/statvfs.h>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace storage::fuse {

/// That the tree is locked.
using TreeLock = std::unique_lock<std::mutex>;

struct Sources {
    std::vector<UniqueFd> lowers; ///< directories, the topmost first
    UniqueFd upper;               ///< empty: read-only
    UniqueFd work;                ///< on the same file system as `upper`
    IdShift shift;                ///< how the owners of what is in `lowers` are shown; empty: as they are
    bool top_as_is = false;       ///< but for the topmost of them
    /// For a kernel's overlay above that is to read and write the content by itself (pointers.cc): where each of `lowers` is in the directory
    /// that it has as its data-only layer; empty for one that is not there. Read-only overlays alone.
    std::vector<std::string> pointers;
    bool is_volatile = false;     ///< fsync does nothing: the upper directory does not outlive a crash anyway
    void (*before_wait)() noexcept = [] () noexcept {}; ///< called before another thread is waited for, without the tree lock
    int (*slow_work)(const std::function<int()>&) = [](const std::function<int()>& slow) { return slow(); }; ///< runs what takes long, maybe in another thread; what it throws (bad_alloc) becomes ENOMEM there
};

/// Whose files new ones are, as the request says.
struct Caller {
    uid_t uid;
    gid_t gid;
    mode_t umask;
};

/// What a look-up hands to the kernel, which has to forget it one day. No node: there is no such name.
struct Found {
    Node* node = nullptr;
    struct stat st {};
};

/// What becomes of setuid and setgid of a file that is written to. This process, an ordinary user's, cannot keep them on disk, but
/// may have to: what comes through a mapping changes no modes.
enum class SetIds { keep, drop, as_on_disk };

struct AttributeChange {
    std::optional<mode_t> mode;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<off_t> size;
    std::optional<struct timespec> atime; ///< tv_nsec may be UTIME_NOW
    std::optional<struct timespec> mtime;
    SetIds set_ids{}; ///< of a truncation
};

enum class Access { read, write };

class Overlay {
public:
    /// Throws Error.
    explicit Overlay(Sources sources);
    ~Overlay();
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    Node& root() noexcept { return *root_; }

    int lookup(Node& dir, const char* name, Found& found);
    void forget(Node& node, std::uint64_t count);
    int get_attributes(Node& node, struct stat& st);
    int set_attributes(Node& node, const AttributeChange& change, struct stat& st);
    int read_link(Node& node, std::string& target);
    int statfs(struct statvfs& st);

    int make_node(Node& dir, const char* name, mode_t mode, dev_t device, const Caller& caller, Found& found);
    int make_dir(Node& dir, const char* name, mode_t mode, const Caller& caller, Found& found);
    int make_symlink(Node& dir, const char* name, const char* target, const Caller& caller, Found& found);
    int make_unnamed(Node& dir, mode_t mode, const Caller& caller, Found& found); ///< O_TMPFILE
    int link(Node& node, Node& dir, const char* name, Found& found);
    int unlink(Node& dir, const char* name);
    int remove_dir(Node& dir, const char* name);
    int rename(Node& from, const char* name, Node& to, const char* new_name, unsigned flags);

    /// The content, copied up before writing. `keep`: of what is copied, the bytes that matter (a truncation is next).
    int open_content(Node& node, Access access, FdPtr& fd, off_t keep = -1);
    /// After a change through open_content's descriptor. `changed_mode`: the kernel does not expect that and has to be told.
    int written(Node& node, SetIds set_ids, bool& changed_mode);
    /// Whether the content is known to end there.
    bool is_end(Node& node, off_t offset);
    int sync(Node& node, bool content_only);

    /// Calls `each` from behind `cookie` on until it returns false (the buffer is full), with the node looked up for Detail::nodes.
    /// `Found` counts as handed over where it has returned true.
    struct DirItem {
        const char* name;
        std::uint64_t next; ///< cookie of what follows
        Found found;        ///< node empty: `st` has inode number and type only
    };
    enum class Detail { names, nodes };
    int read_dir(Node& dir, std::uint64_t cookie, Detail detail, const std::function<bool(const DirItem&)>& each);

    ssize_t get_attribute(Node& node, const char* name, char* value, std::size_t size); ///< -errno or bytes
    ssize_t list_attributes(Node& node, std::string& names);                            ///< -errno or bytes
    int set_attribute(Node& node, const char* name, const char* value, std::size_t size, int flags);
    int remove_attribute(Node& node, const char* name);

    /// Gives all names to files that were copied up under one of several, so that the upper directory alone tells what was changed.
    /// At the end, when the kernel is gone: reads all directories if there are any such files. 0 or errno.
    int settle_links();

private:
    // settle_links.cc
    bool has_unsettled_links() const;
    int settle_dir(const TreeLock& lock, Node& dir, std::vector<Entry*>& below);
    int settle_tree(const TreeLock& lock);

    // tree.cc
    FdPtr dir_fd(const TreeLock& lock, Node& dir, LayerNumber layer, int& error);
    int place_of(const TreeLock& lock, Node& node, Place& place);
    int upper_place_of(const TreeLock& lock, Node& node, Place& place);
    Node& new_node(const TreeLock& lock, Node* parent, std::string_view name);
    int make_node_of(const TreeLock& lock, Entry& entry, Node*& node);
    int fill_node(const TreeLock& lock, Node& node, Entry& entry, const Place& place);
    Node* find_key(const TreeLock& lock, const InodeKey& key);
    void add_key(const TreeLock& lock, Node& node, const InodeKey& key);
    void attach(const TreeLock& lock, Entry& entry, Node& node);
    void detach(const TreeLock& lock, Entry& entry);
    void free_if_unused(const TreeLock& lock, Node* node);
    int refresh(const TreeLock& lock, Node& node);
    int hand_over(const TreeLock& lock, Entry& entry, Found& found);
    std::uint64_t shown_inode(dev_t device, ino_t inode);
    void shift_owner(Node& node) const noexcept;
    const IdShift* shift_of(const Node& node) const noexcept;
    static void read_upper_marks(Node& node, const Place& place);

    // pointers.cc
    ssize_t pointer(Node& node, std::string_view name, char* value, std::size_t size);

    // load.cc
    int load(const TreeLock& lock, Node& dir);
    int load_layer(const TreeLock& lock, Node& dir, LayerNumber layer);
    int trim_layers(const TreeLock& lock, Node& dir);
    Entry* find_entry(Node& dir, std::string_view name);
    Entry& ensure_entry(Node& dir, std::string_view name);
    void show(Entry& entry, LayerNumber layer, unsigned char type);
    void hide(Entry& entry, bool whiteout);

    // copy_up.cc
    int copy_up(Node& node, off_t keep = -1);
    int copy_up_parents(const TreeLock& lock, Node& dir);
    int copy_up_dir(const TreeLock& lock, Node& dir);
    int copy_up_other(const TreeLock& lock, Node& node);
    int copy_metadata(const TreeLock& lock, Node& node, const Place& from, const Place& to);
    int publish(const TreeLock& lock, Node& node, Entry* entry, const Place& copy);
    int publish_unnamed(const TreeLock& lock, Node& node, const FdPtr& copy);
    int add_to_index(const TreeLock& lock, Node& node, const Place& copy);
    int save_lower_names(const TreeLock& lock, Node& node);
    int materialize(const TreeLock& lock, Entry& entry);

    // create.cc
    struct NewFile;
    int create(Node& dir, const char* name, const NewFile& file, Found& found);
    int create_temporary(const TreeLock& lock, Node& dir, Entry& entry, const NewFile& file, FdPtr& content);
    int put_in_place(const TreeLock& lock, int at, const std::string& name, Entry& entry, bool is_dir);
    int created(const TreeLock& lock, Node& dir, const char* name, const NewFile& file, FdPtr content, Found& found);
    int prepare_dir(const TreeLock& lock, Node& dir, const char* name, Entry*& existing, Place& above);
    bool has_default_acl(const TreeLock& lock, Node& dir);

    // remove.cc
    int put_whiteout(const TreeLock& lock, Entry& entry);
    int make_whiteout(const TreeLock& lock, std::string& name);
    int prepare_for_whiteout(const Place& dir) const noexcept;
    int keep_anchor(const TreeLock& lock, Node& node, const Entry& going);
    int forget_name(const TreeLock& lock, Entry& entry, bool whiteout);
    int discard_dir(const TreeLock& lock, int at, const std::string& name);
    int clear_upper_dir(const TreeLock& lock, Entry& entry);

    // rename.cc
    struct Move;
    int prepare_move(const TreeLock& lock, Move& move, Node*& to_copy);
    int prepare_moved(const TreeLock& lock, Entry& entry, Node*& to_copy);
    int do_move(const TreeLock& lock, const Move& move);
    int do_exchange(const TreeLock& lock, const Move& move);
    int hide_what_is_below(const TreeLock& lock, Node& node, const Entry& place);
    void settle(const TreeLock& lock, Entry& entry, Node& node, unsigned char type);

    int writable() const noexcept;
    std::string temporary_name();
    int utime_back(const Place& place, const struct stat& before);

    std::vector<Layer> layers_; ///< by number
    UniqueFd temporary_;        ///< work/ctl-tmp
    UniqueFd index_;            ///< work/ctl-index
    bool has_index_ = false;    ///< something is in it
    WhiteoutForm whiteout_form_{}; ///< of the last one made
    bool has_whiteout_ = false; ///< the one that others are links to is there
    const IdShift shift_;
    const bool volatile_;
    void (*const before_wait_)() noexcept;
    int (*const slow_work_)(const std::function<int()>&);
    std::mutex mutex_;
    FdCache cache_;
    std::map<InodeKey, Node*> by_key_;
    std::vector<dev_t> devices_; ///< for telling inode numbers of different file systems apart
    Node* root_ = nullptr;
    std::uint64_t serial_ = 0; ///< of temporary names
};

} // namespace storage::fuse
