// Certificates and insecure hosts, see lib/registry/access.h.
#include "lib/registry/access.h"

#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace lib::registry {
namespace {

/// What the directory of a host may be called: a port that is https's own is mostly left out.
std::vector<std::string> directory_names(const Url& url) {
    std::vector<std::string> names{cat(url.host, ":", url.port)};
    if (url.port == 443) names.push_back(url.host);
    if (url.host == "registry-1.docker.io") names.push_back("docker.io");
    return names;
}

/// nullopt: there is no such directory, or it is not for us.
std::optional<std::vector<std::string>> find_names(const std::string& dir) {
    try {
        if (!sys::find_stat_at(AT_FDCWD, dir)) return std::nullopt;
        std::vector<std::string> names = files::list(AT_FDCWD, dir);
        std::sort(names.begin(), names.end());
        return names;
    } catch (const SysError& e) {
        if (e.err() != EACCES) throw;
        return std::nullopt;
    }
}

TlsIdentity read_directory(const std::string& dir, const std::vector<std::string>& names, bool with_ours) {
    TlsIdentity identity;
    const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    for (const std::string& name : names) {
        const std::string path = cat(dir, "/", name), stem = name.substr(0, name.rfind('.'));
        if (name.ends_with(".crt")) {
            identity.authorities += files::read(path) + "\n";
        } else if (name.ends_with(".cert")) {
            if (!has(stem + ".key")) throw Error("missing key ", dir, "/", stem, ".key for client certificate ", path);
            if (!with_ours || !identity.certificate_file.empty()) continue;
            identity.certificate_file = path;
            identity.key_file = cat(dir, "/", stem, ".key");
        } else if (name.ends_with(".key") && !has(stem + ".cert")) {
            throw Error("missing client certificate ", dir, "/", stem, ".cert for key ", path);
        }
    }
    return identity;
}

} // namespace

bool Access::is_insecure(const Url& url) const {
    const std::string with_port = cat(url.host, ":", url.port);
    return std::any_of(insecure_hosts.begin(), insecure_hosts.end(), [&](const std::string& host) {
        return host == url.host || host == with_port || (host.starts_with("*.") && url.host.ends_with(host.substr(1)));
    });
}

std::string authority_advice(const Access& access, const Url& url) {
    std::string places;
    if (!access.cert_dir.empty()) places = access.cert_dir + "/ca.crt";
    for (const std::string& place : access.cert_places)
        if (access.cert_dir.empty() && place != "/etc/docker/certs.d") places += cat(places.empty() ? "" : " or ", place, "/", url.host, ":", url.port, "/ca.crt");
    return cat("; put the certificate of its authority into ", places, ", or go without by --tls-verify=false");
}

TlsIdentity find_tls_identity(const Access& access, const Url& url, bool own) {
    if (url.scheme != "https") return {};
    if (!access.cert_dir.empty()) {
        const auto names = find_names(access.cert_dir);
        if (!names) throw Error("--cert-dir: cannot read ", access.cert_dir);
        return read_directory(access.cert_dir, *names, own);
    }
    for (const std::string& place : access.cert_places)
        for (const std::string& name : directory_names(url))
            if (const auto names = find_names(cat(place, "/", name))) return read_directory(cat(place, "/", name), *names, true);
    return {};
}

} // namespace lib::registry
