// User namespaces of an ordinary user: the id maps from /etc/subuid and /etc/subgid, written by newuidmap/newgidmap.
#pragma once

#include "base/helper_process.h"
#include "base/paths.h"
#include "base/unique_fd.h"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rootless {

/// One extent of user_namespaces(7)'s uid_map: ids [inside, inside+count) are [outside, outside+count) of the host.
struct IdRange {
    std::uint32_t inside;
    std::uint32_t outside;
    std::uint32_t count;
    bool operator==(const IdRange&) const = default;
};

/// The maps of every container and of the store: 0 is the user, 1.. are the subordinate ids.
struct IdMaps {
    std::vector<IdRange> uids;
    std::vector<IdRange> gids;
    /// Only the user's own id is mapped: no subordinate ids were available or wanted.
    bool is_single() const { return uids.size() == 1 && uids[0].count == 1; }
    bool operator==(const IdMaps&) const = default;
};

/// Sorted by the ids inside, extents that continue each other made one: for comparing.
IdMaps normalized(IdMaps maps);
/// As a uid_map file has them.
std::string map_text(const std::vector<IdRange>& ranges);

enum class IdPolicy {
    subordinate, ///< subordinate ids, an Error that names the missing line where there are none
    single,      ///< the user's own id alone (`ctl --single-id`, CTL_SINGLE_ID=1)
};

/// The extents `user` (or its decimal uid) has in /etc/subuid-format `text`, in the file's order, with inside counted
/// from 1. Malformed lines are skipped as newuidmap(1) does.
std::vector<IdRange> parse_subids(const std::string& text, const std::string& user, std::uint32_t uid);

/// Throws Error naming the missing line or program and the two ways out. For uid 0 the caller's own map is mirrored.
IdMaps load_id_maps(const Paths& paths, IdPolicy policy);

/// Writes the maps of a process that has just made its user namespace and waits. newuidmap and newgidmap run side by
/// side, and beside what the caller does between begin and finish. Errors are thrown with the helper's own words.
class IdMapWriter {
public:
    IdMapWriter(pid_t pid, IdMaps maps);
    /// Returns when the maps are in force: /proc/PID/uid_map is read back and compared.
    void finish();

private:
    pid_t pid_;
    IdMaps maps_;
    std::optional<HelperProcess> uids_, gids_; ///< where it takes helpers
};

inline void write_id_maps(pid_t pid, const IdMaps& maps) { IdMapWriter(pid, maps).finish(); }

/// What the child does with the caller's supplementary groups. Kept, they open to it what they open to the caller: for work
/// on files of the host that the caller names.
enum class Groups { dropped, kept };

/// Where a child goes: into a user namespace made for it, or into one that there is.
struct UserNamespace {
    UserNamespace(const IdMaps& wanted) : maps(&wanted) {} // NOLINT(google-explicit-constructor): the usual way
    explicit UserNamespace(int fd) : existing(fd) {}

    const IdMaps* maps = nullptr; ///< borrowed
    int existing = -1;            ///< borrowed: a descriptor of one that the caller's user owns and that has an id 0
};

/// Forks a child into a user namespace and a new mount namespace, as uid 0 and gid 0 there, which runs `body` and exits
/// with its value; an escaping exception prints nothing and exits 125. The caller must be single-threaded. The child is
/// killed when the caller dies (PR_SET_PDEATHSIG). Descriptors are inherited as they are.
pid_t fork_in_userns(const UserNamespace& userns, const std::function<int()>& body, Groups groups = Groups::dropped);

/// Moves the calling process itself into a new user and mount namespace, as uid 0 and gid 0 there; a forked child writes the
/// maps from outside. The caller must be single-threaded. Throws Error.
void enter_userns(const IdMaps& maps);

/// fork_in_userns and wait for it. An Error thrown by `body` is thrown here with the same text and exit code.
void run_in_userns(const UserNamespace& userns, const std::function<void()>& body, Groups groups = Groups::dropped);

} // namespace rootless
