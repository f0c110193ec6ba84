// See lib/seccomp_agent.h.
#include "lib/seccomp_agent.h"

#include "base/sys.h"
#include "base/unix_socket.h"

#include <nlohmann/json.hpp>

#include <string>

namespace lib {

void tell_seccomp_agent(const oci::Seccomp& policy, pid_t pid, const nlohmann::json& state, const UniqueFd& listener) {
    nlohmann::json process{{"ociVersion", "1.2.0"}, {"fds", {"seccompFd"}}, {"pid", pid}, {"state", state}};
    if (!policy.listener_metadata.empty()) process["metadata"] = policy.listener_metadata;
    const UniqueFd socket = connect_unix(policy.listener_path, "linux.seccomp.listenerPath");
    sys::send_fd(socket.get(), listener.get(), process.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "pass the seccomp listener on");
}

void tell_seccomp_agent(const oci::Seccomp& policy, pid_t pid, const ContainerDir& container, pid_t first, const UniqueFd& listener) {
    tell_seccomp_agent(policy, pid, nlohmann::json{{"ociVersion", "1.2.0"}, {"id", container.id()}, {"pid", first}, {"bundle", container.path()},
                                                   {"status", pid == first ? "created" : "running"}}, listener);
}

} // namespace lib
