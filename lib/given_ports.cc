// See lib/given_ports.h. A file for the question, one for the answer, and SIGHUP: as with limits (lib/given_cgroup.h).
#include "lib/given_ports.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/container_json.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace lib {
namespace {

constexpr const char* given_file = "ports.json";
constexpr const char* answer_file = "ports-answer";

} // namespace

void hand_over_ports(const ContainerDir& dir, const ContainerRecord& record, const std::vector<PortMapping>& ports) {
    constexpr std::chrono::milliseconds patience = std::chrono::seconds(10), pause = std::chrono::milliseconds(2);
    sys::unlink_at(dir.fd(), answer_file); // of somebody who was killed
    files::write_atomic(dir.fd(), given_file, ports_json_text(ports), 0600, files::Durability::none);
    OnExit take_back([&] { ::unlinkat(dir.fd(), given_file, 0); });
    if (const auto monitor = dir.find_monitor()) sys::pidfd_send_signal(monitor->get(), SIGHUP);
    for (auto waited = std::chrono::milliseconds(0); waited < patience && dir.has_monitor(); waited += pause) {
        if (const auto answer = files::find(dir.fd(), answer_file)) {
            sys::unlink_at(dir.fd(), answer_file);
            if (answer->empty()) return;
            throw Error("container ", record.name, ": ", *answer);
        }
        sys::sleep_for(pause);
    }
    throw Error("the monitor of container ", record.name, " does not answer; ctl restart ", record.name, " puts that right");
}

std::optional<std::vector<PortMapping>> take_given_ports(const ContainerDir& dir) {
    const auto text = files::find(dir.fd(), given_file);
    if (!text) return std::nullopt;
    sys::unlink_at(dir.fd(), given_file);
    if (!FileLock::is_held(dir.fd(), "lock")) return std::nullopt; // who asked is gone, and put nothing on record
    return parse_ports(*text, dir.path() + "/" + given_file);
}

void answer_given_ports(const ContainerDir& dir, const std::string& problem) {
    files::write_atomic(dir.fd(), answer_file, problem, 0600, files::Durability::none);
}

} // namespace lib
