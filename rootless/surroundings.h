// Where a container begins: which user namespace it gets, inside which other one, and what it joins of somebody else's.
//
// A process may enter or change a namespace only with the rights of the user namespace that owns it. An ordinary user has
// none in the first one, and has them in the user namespaces she has made. So the ways are:
//
//   own maps, nothing joined      one clone makes everything (no outer process): the default container
//   a root on FUSE                an outer process enters the user namespace of the process that answers for it and mounts it
//                                 there: the kernel shows it to that namespace and those inside of it alone, so that whoever
//                                 is to look at the container's files from outside has somewhere to go (top_userns), which is
//                                 not the container's own
//   another map than the store's  an outer process makes a user namespace with the store's map, mounts the root file system
//                                 there, where every file's owner is known, and makes the container's inside it
//   namespaces joined             an outer process enters the user namespace that owns them. If its map is the container's,
//                                 the container shares it, else it gets a nested one, whose root has no power over what was
//                                 joined (it cannot bind port 80 of a shared network, say)
//
// A user namespace that two containers share separates them as two users' processes on one machine are separated, which is
// what Podman's containers of one user have from each other anyway.
#pragma once

#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"
#include "rootless/child.h"
#include "rootless/userns.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rootless {

/// A namespace that exists, opened. `words` name it in errors: "the network namespace of container web".
struct OpenNamespace {
    int flag = 0; ///< CLONE_NEW*
    UniqueFd fd;
    std::string words;
};

/// CLONE_NEW* for a type of the runtime spec; 0 for unknown ones.
int namespace_flag(std::string_view type);
/// The name of its file in /proc/PID/ns.
std::string_view namespace_file(int flag);

/// Opens a namespace by a path of the host (/proc/PID/ns/net, or where one is mounted). Throws Error when it is none of that
/// type, or when nothing is there.
OpenNamespace open_namespace(const std::string& path, int flag, std::string words);
/// Whether it is the caller's own.
bool is_own_namespace(const OpenNamespace& found);
bool is_same_namespace(int fd, int other_fd);

/// The maps of a user namespace of the caller's, in ids of the caller's. Enters it in a child to see them.
IdMaps read_id_maps(const OpenNamespace& user);
/// Whether setgroups(2) is shut in it; false where the caller cannot enter it.
bool denies_groups(const OpenNamespace& user);

/// `maps` said in the ids of a namespace whose own maps are `parent`; extents are cut where the parent's are, which the
/// kernel wants (map_write, EPERM). Throws Error naming the first id that the parent does not have.
IdMaps express_in(const IdMaps& maps, const IdMaps& parent);
/// What the launch does beyond one clone. Descriptors belong to `opened`.
struct Surroundings {
    bool has_outer = false;
    bool fresh = false;        ///< the outer process makes a user namespace with the store's maps
    bool outer_mounts = false; ///< and mounts the root file system there
    std::vector<Join> before;
    std::vector<Join> joins;
    bool new_user = true;      ///< the container has a user namespace of its own
    IdMaps nested;             ///< its maps, in ids of the one around it; empty: the parent writes them
    IdMaps in_mounts;          ///< the container's maps in the ids of where the root file system is mounted, with outer_mounts
    int foreign = 0;           ///< CLONE_NEW* of what belongs to another user namespace than the container's
    int host = 0;              ///< CLONE_NEW* of what was to be joined and is the caller's own
    std::vector<std::pair<std::string, UniqueFd>> trees; ///< detached mounts to be shown at a path, whatever the spec mounts there
    std::vector<UniqueFd> opened;

    /// All descriptors, for a fork that closes the others.
    std::vector<int> descriptors() const;
};

/// Decides. `maps`: the container's, `store`: those of the layers' owners, `joined`: what the spec says to join, without
/// the caller's own. `mounts_in`: a user namespace with the store's maps in which the root is to be mounted where nothing else is
/// joined, or -1; borrowed. Throws Error where the kernel would not allow it, with the way that it would.
Surroundings find_surroundings(const IdMaps& maps, const IdMaps& store, std::vector<OpenNamespace> joined, int mounts_in = -1);

/// The outermost user namespace around a process that is not the caller's own. Throws SysError.
UniqueFd top_userns(pid_t pid);

/// A detached copy of what a running container has mounted at `path` (absolute, no links in it), without what is mounted
/// below. `magic`: of its file system (statfs(2)), so that nothing else can have been put there.
UniqueFd copy_mount(int container_pidfd, const std::string& path, long magic);

} // namespace rootless
