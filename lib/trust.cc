// See lib/trust.h.
#include "lib/trust.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace lib {
namespace {

using nlohmann::ordered_json;

void add_rows(std::vector<TrustRow>& rows, const std::string& transport, const std::string& scope, const PolicyRequirements& requirements) {
    for (const PolicyRequirement& requirement : requirements) rows.push_back({transport, scope, requirement});
}

/// The scopes that a registry, a repository or an image of it is in, the most specific one first.
std::vector<std::string> scopes_of(const std::string& name) {
    if (name.find('/') == std::string::npos && oci::is_qualified(name + "/x")) {
        std::vector<std::string> scopes = registry_origin(oci::parse_reference(cat(name, "/x"))).scopes;
        scopes.erase(scopes.begin(), scopes.begin() + 2); // the image x and its repository
        return scopes;
    }
    std::vector<std::string> scopes = registry_origin(oci::parse_reference(name)).scopes;
    if (!scopes.front().ends_with(name)) scopes.erase(scopes.begin()); // a repository, not its image "latest"
    return scopes;
}

ordered_json requirement_list(const TrustChange& change) {
    ordered_json list = ordered_json::array();
    if (change.keys.empty()) list.push_back({{"type", change.kind}});
    for (const std::string& key : change.keys) {
        ordered_json requirement{{"type", change.kind}};
        if (change.kind == "signedBy") requirement["keyType"] = "GPGKeys";
        requirement["keyPath"] = std::filesystem::absolute(key).string();
        list.push_back(std::move(requirement));
    }
    return list;
}

void apply(ordered_json& document, const TrustChange& change) {
    if (change.scope == "default") {
        document["default"] = requirement_list(change);
        return;
    }
    // A scope that is there under some transport is meant there.
    for (auto& [transport, scopes] : document["transports"].items())
        if (scopes.is_object() && scopes.contains(change.scope)) {
            scopes[change.scope] = requirement_list(change);
            return;
        }
    document["transports"]["docker"][change.scope] = requirement_list(change);
}

/// Where a change goes, and what is there so far.
struct Target {
    std::string file;
    std::optional<std::string> text;
};

Target find_target() {
    const std::string user = user_policy_file();
    if (auto text = files::find(user)) return {files::behind_links(user), std::move(text)};
    auto text = files::find(system_policy_file);
    return {files::behind_links(::geteuid() == 0 ? system_policy_file : user), std::move(text)};
}

void check(const TrustChange& change) {
    const bool is_signed = change.kind == "signedBy" || change.kind == "sigstoreSigned";
    if (is_signed && change.keys.empty()) throw Error("the type ", change.kind, " needs a key: --pubkeysfile FILE");
    if (!is_signed && !change.keys.empty()) throw Error("the type ", change.kind, " has no keys: leave --pubkeysfile out");
}

} // namespace

std::vector<TrustRow> trust_rows(const TrustPolicy& policy, const std::string& name) {
    std::vector<TrustRow> rows;
    if (name.empty()) {
        add_rows(rows, "all", "default", policy.fallback());
        for (const auto& [transport, scopes] : policy.transports())
            for (const auto& [scope, requirements] : scopes) add_rows(rows, transport, scope, requirements);
        return rows;
    }
    if (const auto docker = policy.transports().find("docker"); docker != policy.transports().end() && name != "default") {
        std::vector<std::string> scopes = scopes_of(name);
        scopes.emplace_back();
        for (const std::string& scope : scopes)
            if (const auto found = docker->second.find(scope); found != docker->second.end()) {
                add_rows(rows, "docker", scope, found->second);
                return rows;
            }
    }
    add_rows(rows, "all", "default", policy.fallback());
    return rows;
}

std::string set_trust(const TrustChange& change) {
    check(change);
    const std::string directory = std::filesystem::path(find_target().file).parent_path().string();
    sys::ensure_dir(directory, 0755);
    const UniqueFd dir = files::open_dir(directory);
    const FileLock lock = FileLock::acquire(dir.get(), ".policy.json.lock", FileLock::Mode::exclusive);
    const Target target = find_target(); // what another has written meanwhile
    ordered_json document = ordered_json::object();
    if (target.text) {
        (void)TrustPolicy::parse(*target.text, target.file);
        document = ordered_json::parse(*target.text);
    } else if (change.scope != "default") {
        throw Error("there is no policy yet, and one without a default is none: set that first, as in ctl image trust set --type accept default");
    }
    apply(document, change);
    const std::string text = document.dump(4) + "\n";
    (void)TrustPolicy::parse(text, target.file);
    files::write_atomic(dir.get(), std::filesystem::path(target.file).filename().string(), text, 0644, files::Durability::synced);
    return target.file;
}

} // namespace lib
