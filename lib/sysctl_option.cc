// `--sysctl`, see lib/sysctl_option.h.
#include "lib/sysctl_option.h"

#include "base/error.h"

#include <algorithm>

namespace lib {
namespace {

/// The settings of an ipc namespace beside fs.mqueue.* (ipc_namespaces(7)).
constexpr const char* ipc_names[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                     "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

} // namespace

std::pair<std::string, std::string> parse_sysctl_option(const std::string& option, const OwnNamespaces& own) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0) throw Error("--sysctl ", option, ": NAME=VALUE is needed");
    std::string name = option.substr(0, equals);
    // net/ipv4/conf/eth0.1/forwarding: with slashes a dot is a dot of the name, and the first separator tells (sysctl(8)).
    const auto separator = name.find_first_of("./");
    if (separator != std::string::npos && name[separator] == '/')
        for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
    if (name.find("..") != std::string::npos || name.find("/.") != std::string::npos)
        throw Error("--sysctl ", option, ": that is no name of a setting");
    const auto refuse = [&](const char* kind, const char* mode) {
        throw Error("--sysctl ", name, ": it belongs to the ", kind, " namespace, which the container shares (", mode, ")");
    };
    if (name.starts_with("net.")) {
        if (!own.network) refuse("network", "--network");
    } else if (name.starts_with("fs.mqueue.") || std::ranges::find(ipc_names, name) != std::end(ipc_names)) {
        if (!own.ipc) refuse("ipc", "--ipc");
    } else if (name == "kernel.domainname") {
        if (!own.uts) refuse("uts", "--uts");
    } else if (name == "kernel.hostname") {
        throw Error("--sysctl ", name, ": use --hostname");
    } else {
        throw Error("--sysctl ", name, ": it is the whole machine's, so no container can have its own; net.*, fs.mqueue.* and the "
                    "kernel.shm*, kernel.msg* and kernel.sem settings are possible");
    }
    return {std::move(name), option.substr(equals + 1)};
}

} // namespace lib
