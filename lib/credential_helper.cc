// See lib/credential_helper.h.
#include "lib/credential_helper.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace lib {
namespace {

constexpr std::string_view identity_user = "<token>"; ///< the secret is an identity token

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string_view::npos;
}

/// Whether nobody but root and the user can have put it there.
bool is_trusted(const std::string& path) {
    const auto stat = sys::find_stat_at(AT_FDCWD, path);
    if (!stat) return false;
    struct stat target {};
    if (::stat(path.c_str(), &target) != 0) return false;
    return S_ISREG(target.st_mode) && (target.st_uid == 0 || target.st_uid == ::geteuid()) && (target.st_mode & 0022) == 0;
}

std::string find_program(const std::string& file) {
    const char* variable = std::getenv("PATH");
    std::string refused;
    for (std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin"; !rest.empty();) {
        const std::string dir(rest.substr(0, rest.find(':')));
        rest.remove_prefix(std::min(rest.size(), dir.size() + 1));
        const std::string path = dir + "/" + file;
        if (!dir.starts_with('/') || ::access(path.c_str(), X_OK) != 0) continue;
        if (is_trusted(path)) return path;
        refused = path;
    }
    if (!refused.empty()) throw Error(refused, " is not used: it must belong to you or root, and nobody else may write it");
    throw Error("the credential helper ", file, " is not in any directory of $PATH");
}

bool means_missing(const std::string& text) { return text.find("credentials not found") != std::string::npos; }

} // namespace

CredentialHelper::CredentialHelper(const std::string& name) {
    if (!is_plain_name(name)) throw Error("\"", oci::printable(name), "\" is no name of a credential helper");
    path_ = find_program("docker-credential-" + name);
}

std::optional<Credentials> CredentialHelper::find(const std::string& server) const {
    const FilterAnswer answer = run("get", server);
    if (answer.status != 0) {
        if (means_missing(answer.output)) return std::nullopt;
        throw Error(path_, " get: ended with status ", answer.status, " for ", server);
    }
    const nlohmann::json document = oci::parse_json_text(answer.output, path_);
    const oci::Fields fields(document, path_);
    const std::string user = fields.text("Username"), secret = fields.text("Secret");
    if (user.empty() && secret.empty()) return std::nullopt;
    if (user == identity_user) return Credentials{{}, {}, secret};
    return Credentials{user, secret, {}};
}

void CredentialHelper::store(const std::string& server, const Credentials& credentials) const {
    const bool identity = !credentials.identity_token.empty();
    const nlohmann::json request{{"ServerURL", server},
                                 {"Username", identity ? std::string(identity_user) : credentials.username},
                                 {"Secret", identity ? credentials.identity_token : credentials.password}};
    if (const FilterAnswer answer = run("store", request.dump()); answer.status != 0)
        throw Error(path_, " store: ended with status ", answer.status, " for ", server);
}

bool CredentialHelper::erase(const std::string& server) const {
    if (!find(server)) return false;
    if (const FilterAnswer answer = run("erase", server); answer.status != 0 && !means_missing(answer.output))
        throw Error(path_, " erase: ended with status ", answer.status, " for ", server);
    return true;
}

std::map<std::string, std::string> CredentialHelper::list() const {
    const FilterAnswer answer = run("list", "");
    if (answer.status != 0) throw Error(path_, " list: ended with status ", answer.status);
    std::map<std::string, std::string> users;
    const nlohmann::json document = oci::parse_json_text(answer.output.empty() ? "{}" : answer.output, path_);
    for (const auto& [server, user] : document.items()) users.emplace(server, user.is_string() ? user.get<std::string>() : "");
    return users;
}

} // namespace lib
