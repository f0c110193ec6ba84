// `--sysctl`, see lib/sysctl_option.h.
#include "lib/sysctl_option.h"

#include "base/error.h"

#include <algorithm>

namespace lib {
namespace {

using Setting = std::pair<std::string, std::string>;

/// The settings of an ipc namespace beside fs.mqueue.* (ipc_namespaces(7)).
constexpr const char* ipc_names[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                     "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

enum class Scope { network, ipc, uts, machine };

Scope scope_of(const std::string& name) {
    if (name.starts_with("net.")) return Scope::network;
    if (name.starts_with("fs.mqueue.") || std::ranges::find(ipc_names, name) != std::end(ipc_names)) return Scope::ipc;
    if (name == "kernel.domainname") return Scope::uts;
    return Scope::machine;
}

Setting split(const std::string& option) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0) throw Error("--sysctl ", option, ": NAME=VALUE is needed");
    std::string name = option.substr(0, equals);
    // net/ipv4/conf/eth0.1/forwarding: with slashes a dot is a dot of the name, and the first separator tells (sysctl(8)).
    const auto separator = name.find_first_of("./");
    if (separator != std::string::npos && name[separator] == '/')
        for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
    if (name.find("..") != std::string::npos || name.find("/.") != std::string::npos)
        throw Error("--sysctl ", option, ": that is no name of a setting");
    return {std::move(name), option.substr(equals + 1)};
}

bool is_own(Scope scope, const OwnNamespaces& own) {
    return (scope == Scope::network && own.network) || (scope == Scope::ipc && own.ipc) || (scope == Scope::uts && own.uts);
}

} // namespace

Setting parse_sysctl_option(const std::string& option, const OwnNamespaces& own) {
    Setting setting = split(option);
    const std::string& name = setting.first;
    const Scope scope = scope_of(name);
    if (name == "kernel.hostname") throw Error("--sysctl ", name, ": use --hostname");
    if (scope == Scope::machine)
        throw Error("--sysctl ", name, ": it is the whole machine's, so no container can have its own; net.*, fs.mqueue.* and the "
                    "kernel.shm*, kernel.msg* and kernel.sem settings are possible");
    if (!is_own(scope, own)) {
        const char* kind = scope == Scope::network ? "network" : scope == Scope::ipc ? "ipc" : "uts";
        throw Error("--sysctl ", name, ": it belongs to the ", kind, " namespace, which the container shares (--", kind, ")");
    }
    return setting;
}

std::optional<Setting> parse_default_sysctl(const std::string& option, const OwnNamespaces& own) {
    const Scope scope = scope_of(split(option).first);
    if (scope != Scope::machine && !is_own(scope, own)) return std::nullopt;
    return parse_sysctl_option(option, own);
}

} // namespace lib
