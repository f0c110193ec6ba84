// See lib/worker/confine.h.
#include "lib/worker/confine.h"

#include "base/denied_calls.h"
#include "base/landlock.h"
#include "base/sys.h"
#include "lib/image_worker.h"
#include "rootless/caps.h"

#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

namespace lib::worker {
namespace {

/// Configuration of the resolver and of TLS, libraries that libc loads for it, and what libc asks of the machine.
const char* const machine[] = {"/etc", "/usr", "/lib", "/lib64", "/var/lib/ca-certificates", "/run/systemd/resolve", "/run/resolvconf",
                               "/run/NetworkManager", "/run/nscd", "/dev/urandom", "/dev/random", "/proc/self", "/proc/sys", "/proc/locks",
                               "/sys/devices/system/cpu"};

void add_variable(Reach& reach, const char* name) {
    const char* value = std::getenv(name);
    std::istringstream places(value != nullptr ? value : "");
    for (std::string place; std::getline(places, place, ':');) reach.read.push_back(place);
}

/// The places that a request, or a part of it, names.
void add_certificates(Reach& reach, const nlohmann::json& part) {
    for (const char* variable : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) add_variable(reach, variable);
    const nlohmann::json access = part.value("access", nlohmann::json::object());
    reach.read.push_back(access.value("cert_dir", ""));
    for (const nlohmann::json& place : access.value("cert_places", nlohmann::json::array())) reach.read.push_back(place.get<std::string>());
}

/// Where `push` and `save` write a directory; archives come as a descriptor.
std::string output_directory(const nlohmann::json& request) {
    const auto destination = request.find("destination");
    if (destination == request.end()) return {};
    const std::string transport = destination->value("transport", "");
    return transport == "oci" || transport == "dir" ? destination->value("path", "") : "";
}

} // namespace

void confine_to_store(const Paths& paths, const nlohmann::json& request) {
    Reach reach{{std::begin(machine), std::end(machine)}, {paths.image_root(), "/dev/null"}, {}, {worker_extra_fd}};
    reach.read.push_back(request.value("read", ""));
    reach.read.insert(reach.read.end(), paths.image_stores.begin(), paths.image_stores.end());
    const nlohmann::json source = request.value("source", nlohmann::json::object());
    reach.read.push_back(source.value("path", ""));
    add_certificates(reach, request);
    add_certificates(reach, source);
    if (const std::string directory = output_directory(request); !directory.empty()) {
        sys::ensure_dir(directory, 0755); // a rule needs one that is there
        reach.write.push_back(directory);
    }
    (void)confine_files(reach);
}

void confine_to_network(const nlohmann::json& request) {
    Reach reach{{std::begin(machine), std::end(machine)}, {"/dev/null"}};
    add_certificates(reach, request);
    (void)confine_files(reach);
    rootless::drop_all_capabilities();
}

void leave_network() noexcept { (void)::unshare(CLONE_NEWNET); }

void give_up_calls(Sockets sockets) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SysError{errno, "give up new privileges"};
    deny_calls(dangerous_calls());
    if (sockets == Sockets::denied) deny_calls(network_calls());
}

} // namespace lib::worker
