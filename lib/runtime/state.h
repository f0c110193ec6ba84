// What the OCI runtime (`ctl oci`, ctl-oci) keeps of a container between its commands: a directory of its own, apart from the
// store of `ctl run`, because other engines own these containers.
//
//   <root>/<id>/state.json    the record below
//   <root>/<id>/config.json   the document as it was when the container was made (runtime.md, "Create")
//   <root>/<id>/start         a socket: the container's process waits there for `start`
//   <root>/<id>/lock          held by a command that changes the container
//
// The state is known by looking at the process; nothing has to be written when it ends.
#pragma once

#include "base/lock.h"
#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"
#include "rootless/cgroup.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lib::runtime {

/// runtime.md, "State"; `paused` is everybody's addition to it.
enum class Status { creating, created, running, paused, stopped };
std::string_view status_name(Status status);

struct State {
    std::string id;
    pid_t pid = 0;                ///< in the pid namespace of who made it; 0: not made yet
    std::uint64_t start_ticks = 0; ///< since boot: tells the process from another one of the same number
    std::string boot_id;
    std::string bundle;           ///< absolute
    std::string rootfs;           ///< absolute
    std::string created;          ///< RFC 3339
    bool made = false;            ///< create() has come to its end
    std::string owner;            ///< who made it: a login name or a number
    rootless::CgroupPlan cgroup;
    std::vector<std::pair<std::string, std::string>> annotations;
};

/// $XDG_RUNTIME_DIR/ctl-oci for ordinary users and inside of user namespaces, /run/ctl-oci for root.
std::string default_root();

/// The directory of one container.
class StateDir {
public:
    /// Throws Error for an id that is none, and where there is one of that name already.
    static StateDir create(const std::string& root, const std::string& id);
    /// Throws Error `container "ID" does not exist`.
    static StateDir open(const std::string& root, const std::string& id);
    static bool exists(const std::string& root, const std::string& id);
    /// The ids there are, sorted.
    static std::vector<std::string> list(const std::string& root);

    int fd() const noexcept { return fd_.get(); }
    const std::string& path() const noexcept { return path_; }
    FileLock lock() const;
    void save(const State& state) const;
    State load() const;
    void save_spec(const std::string& text) const;
    oci::RuntimeSpec load_spec() const;
    /// The socket that `start` connects to, listening.
    UniqueFd listen() const;
    UniqueFd connect() const; ///< empty when nobody waits any more
    void end_waiting() const; ///< the socket goes
    bool waits() const;       ///< whether it is there
    void remove() const;

private:
    StateDir(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::string path_;
    UniqueFd fd_;
};

/// Who holds the lock that tells a container being made from one whose maker was killed.
enum class LockHolder { unknown, caller };
Status status_of(const StateDir& dir, const State& state, LockHolder holder = LockHolder::unknown);
/// A descriptor of the container's process; empty when it has ended.
UniqueFd open_process(const State& state);
/// As runtime.md, "State" has it, with what crun and runc add (rootfs, created, owner).
nlohmann::json state_json(const State& state, Status status);
/// The same as text, for hooks. What is no UTF-8 in a path is replaced.
std::string state_text(const State& state, Status status);

} // namespace lib::runtime
