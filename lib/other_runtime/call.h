// Calling another OCI runtime for one container: create, state, start, exec, kill, delete (runtime-spec 1.2, runtime.md, and the
// command line that runc, crun and runsc have in common).
//
// The program runs inside the container's user namespace, as its root: it is given a root file system that only exists there, and has
// no power that an ordinary user has not. Only what it can do (lib/other_runtime/abilities.h) it is asked as the user herself.
#pragma once

#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"
#include "lib/other_runtime/choice.h"
#include "lib/other_runtime/program.h"
#include "rootless/launch.h"

#include <sys/types.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace lib {

struct ContainerRecord;
struct Engine;

/// A process that a runtime is to make.
struct Making {
    InheritedStreams streams{};
    bool terminal = false;       ///< instead of the standard streams
    rootless::BeforeGo placed{}; ///< called with the runtime's own process before it begins
    int as_long_as = -1;         ///< pidfd: who must not end meanwhile. -1: nobody
};

class RuntimeCaller {
public:
    /// `runtime_dir`: where the container's run has its sockets (ContainerState::runtime_dir).
    RuntimeCaller(const ContainerRecord& record, const std::string& runtime_dir);

    /// Where the runtime keeps what it knows, and we the bundle; of this container alone.
    const std::string& directory() const noexcept { return directory_; }
    bool knows_container() const;

    /// A container from `document` that waits for its start: a child of this process. Throws Error in the runtime's words, with 126 or
    /// 127 where they say so; nothing of the container is left then.
    rootless::Launched create(const std::string& document, const Making& making, const RuntimePlace& place);
    void start(const RuntimePlace& place);
    /// Another process in the container, as create() has it.
    rootless::Launched exec(const std::string& process_document, const Making& making, const RuntimePlace& place);
    void kill(int signal, const RuntimePlace& place);
    /// `delete --force`, and forgets the directory.
    void remove(const RuntimePlace& place) noexcept;

private:
    void call(const std::string& command, std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place,
              const Making* making = nullptr);
    rootless::Launched make_process(const std::string& command, std::vector<std::string> words, const Making& making, const RuntimePlace& place);
    rootless::Launched adopt(pid_t pid) const;
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

/// Throws Error for descriptors that cannot be handed on by number.
void check_runtime_fds(const OtherRuntime& runtime, const std::vector<int>& preserved);

/// What a runtime still knows of a container that has ended without a monitor.
void forget_at_runtime(Engine& engine, const ContainerRecord& record, const std::string& runtime_dir) noexcept;

} // namespace lib
