// Calling another OCI runtime for one container: create, state, start, exec, kill, delete (runtime-spec 1.2, runtime.md, and the
// command line that runc, crun and runsc have in common).
//
// The program runs inside the container's user namespace, as its root, and never as the user herself: it is given a root file
// system that only exists there, and has no power that an ordinary user has not.
#pragma once

#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"
#include "lib/other_runtime/abilities.h"
#include "rootless/launch.h"

#include <sys/types.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace lib {

struct ContainerRecord;
struct Engine;

/// Where a call happens.
struct RuntimePlace {
    int process = -1;     ///< pidfd, or a descriptor of a user namespace: its namespaces are entered. Borrowed
    int namespaces = 0;   ///< CLONE_NEW*
    bool drops_groups = true; ///< of the caller; not where setgroups(2) is denied, or they are to stay
};

/// What the container's process inherits.
struct InheritedStreams {
    std::array<int, 3> stdio{-1, -1, -1}; ///< -1: /dev/null
    std::vector<int> preserved;           ///< from 3 on, without a gap
    bool terminal = false;                ///< instead of `stdio`
};

class RuntimeCaller {
public:
    /// `runtime_dir`: where the container's run has its sockets (ContainerState::runtime_dir).
    RuntimeCaller(const ContainerRecord& record, const std::string& runtime_dir);

    /// Where the runtime keeps what it knows, and we the bundle; of this container alone.
    const std::string& directory() const noexcept { return directory_; }
    bool knows_container() const;

    /// A container from `document` that waits for its start: a child of this process. Its pid, and the terminal's master. `placed`
    /// is called with the runtime's own process before it begins. Throws Error in the runtime's words, with 126 or 127 where
    /// they say so; nothing of the container is left then.
    rootless::Launched create(const std::string& document, const InheritedStreams& streams, const RuntimePlace& place, const rootless::BeforeGo& placed);
    void start(const RuntimePlace& place);
    /// Another process in the container, as create() has it.
    rootless::Launched exec(const std::string& process_document, const InheritedStreams& streams, const RuntimePlace& place,
                            const rootless::BeforeGo& placed);
    void kill(int signal, const RuntimePlace& place);
    /// `delete --force`, and forgets the directory.
    void remove(const RuntimePlace& place) noexcept;

private:
    std::vector<std::string> words(const std::string& command) const;
    void call(std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place, const rootless::BeforeGo& placed);
    rootless::Launched make_process(std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place,
                                    const rootless::BeforeGo& placed);
    std::string take_complaint() const;
    std::string ask_status(const RuntimePlace& place);

    const OtherRuntime& runtime_;
    const std::string& id_;
    std::string directory_;
    bool shares_keyring_ = false;
};

/// A running container's user namespace, by a pidfd of its process.
RuntimePlace place_of(const ContainerRecord& record, int pidfd);

/// pidfd_send_signal(2), or for a container of another runtime what that has for it. False when the process is gone.
bool signal_container(const ContainerRecord& record, const std::string& runtime_dir, int pidfd, int signal);

/// What a runtime still knows of a container that has ended without a monitor.
void forget_at_runtime(Engine& engine, const ContainerRecord& record, const std::string& runtime_dir) noexcept;

} // namespace lib
