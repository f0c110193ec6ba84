// See lib/credentials.h.
#include "lib/credentials.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/credential_helper.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace lib {
namespace {

using nlohmann::json;

constexpr std::string_view hub_key = "https://index.docker.io/v1/"; ///< what Docker files docker.io under
constexpr std::string_view files_helper = "containers-auth.json";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string default_file() {
    const uid_t uid = ::geteuid();
    if (const std::string runtime = variable("XDG_RUNTIME_DIR"); runtime.starts_with('/')) return runtime + "/containers/auth.json";
    if (uid == 0) return "/run/containers/0/auth.json";
    const std::string runtime = cat("/run/user/", uid);
    const bool there = sys::find_stat_at(AT_FDCWD, runtime).has_value();
    return (there ? runtime : variable("HOME") + "/.config") + "/containers/auth.json";
}

std::string registry_of(const std::string& key) { return key.substr(0, key.find('/')); }

/// A key of a file as older tools wrote it: with scheme and path, docker.io under its old names.
std::string normalized(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
    const std::string host(key.substr(0, key.find('/')));
    return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
}

json parse_file(const std::string& path, const std::string& text) {
    return oci::parse_json_text(text.find_first_not_of(" \t\r\n") == std::string::npos ? "{}" : text, path, oci::JsonKeys::distinct);
}

std::optional<json> find_file(const std::string& path) {
    const auto text = files::find(path);
    if (!text) return std::nullopt;
    return parse_file(path, *text);
}

/// An entry of "auths". nullopt for an empty one, which Docker leaves where a helper has the password.
std::optional<Credentials> read_entry(const oci::Fields& entry) {
    if (std::string token = entry.text("registrytoken"); !token.empty()) return Credentials{{}, {}, {}, std::move(token)};
    if (std::string token = entry.text("identitytoken"); !token.empty()) return Credentials{{}, {}, std::move(token)}; // whatever user is beside it
    const std::string auth = entry.text("auth");
    if (auth.empty()) {
        if (entry.text("username").empty()) return std::nullopt;
        return Credentials{entry.text("username"), entry.text("password"), {}};
    }
    const auto plain = base64::decode(auth);
    if (!plain || plain->find(':') == std::string::npos) throw Error(entry.at("auth"), ": not user:password in base64");
    std::string password = plain->substr(plain->find(':') + 1);
    while (password.ends_with('\0')) password.pop_back();
    return Credentials{plain->substr(0, plain->find(':')), std::move(password), {}};
}

std::optional<Credentials> find_in_auths(const json& document, const std::string& path, const std::string& key) {
    const auto auths = oci::Fields(document, path).object("auths");
    if (!auths) return std::nullopt;
    for (const std::string& name : credential_keys(key))
        if (const auto entry = auths->object(name.c_str()))
            if (auto found = read_entry(*entry)) return found;
    for (const auto& [name, value] : auths->raw().items())
        if (normalized(name) == registry_of(key) && (name.find("://") != std::string::npos || normalized(name) != name) && value.is_object())
            if (auto found = read_entry(oci::Fields(value, auths->at(name.c_str())))) return found;
    return std::nullopt;
}

/// The name helpers know a registry by.
std::string server_of(const std::string& registry) { return registry == "docker.io" ? std::string(hub_key) : registry; }

/// The helper that the file names for this registry alone; empty: none.
std::string own_helper(const json& document, const std::string& path, const std::string& registry) {
    const auto helpers = oci::Fields(document, path).object("credHelpers");
    return helpers ? helpers->text(registry.c_str()) : "";
}

std::optional<Credentials> find_in_file(const json& document, const std::string& path, const std::string& key) {
    const std::string registry = registry_of(key);
    if (const std::string helper = own_helper(document, path, registry); !helper.empty()) return CredentialHelper(helper).find(registry);
    if (auto found = find_in_auths(document, path, key)) return found;
    const std::string store = oci::Fields(document, path).text("credsStore");
    if (store.empty()) return std::nullopt;
    return CredentialHelper(store).find(server_of(registry));
}

/// Reads, lets `change` work on the document and writes it, with nobody else in between.
template <class Change>
void change_file(const std::string& path, const Change& change) {
    const std::string real = files::behind_links(path);
    const auto slash = real.rfind('/');
    const std::string dir = real.substr(0, slash), name = real.substr(slash + 1);
    sys::ensure_dir(dir, 0700);
    const UniqueFd dir_fd = files::open_dir(dir.empty() ? "/" : dir);
    const FileLock lock = FileLock::acquire(dir_fd.get(), "." + name + ".lock", FileLock::Mode::exclusive);
    const auto text = files::find(dir_fd.get(), name);
    json document = text ? parse_file(path, *text) : json::object();
    if (!change(document)) return;
    files::write_atomic(dir_fd.get(), name, document.dump(1, '\t') + "\n", 0600, files::Durability::synced);
}

} // namespace

Credentials parse_creds(const std::string& text) {
    const auto colon = text.find(':');
    Credentials credentials{text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1), {}};
    if (credentials.username.empty()) throw Error("--creds: the user name is missing, write USER:PASSWORD");
    return credentials;
}

std::vector<std::string> credential_keys(const std::string& key) {
    std::vector<std::string> keys{key};
    for (auto slash = key.rfind('/'); slash != std::string::npos; slash = key.rfind('/', slash - 1)) keys.push_back(key.substr(0, slash));
    return keys;
}

std::string parse_registry_key(const std::string& typed) {
    std::string key = typed;
    for (const std::string_view scheme : {"https://", "http://"})
        if (key.starts_with(scheme)) key = key.substr(scheme.size(), key.find('/', scheme.size()) - scheme.size());
    while (key.ends_with('/')) key.pop_back();
    const std::string registry = registry_of(key);
    const bool host_like = registry.find_first_of(".:") != std::string::npos || registry == "localhost";
    // A name below it must be a name; the tag says that it may not have one.
    const bool valid = !registry.empty() && key.find('@') == std::string::npos && key.find(':', registry.size()) == std::string::npos;
    if (!valid) throw Error("\"", oci::printable(typed), "\" is not a registry or a repository in one: write REGISTRY[/NAMESPACE...]");
    (void)oci::parse_reference(cat(host_like ? registry : registry + ".x", key == registry ? "/x" : key.substr(registry.size()))); // throws
    return registry == "index.docker.io" || registry == "registry-1.docker.io" ? "docker.io" + key.substr(registry.size()) : key;
}

CredentialFiles::CredentialFiles(const std::string& authfile, std::vector<std::string> helpers, Named named) : helpers_(std::move(helpers)) {
    const std::string path = !authfile.empty() ? authfile : variable("REGISTRY_AUTH_FILE");
    if (!path.empty()) {
        if (named == Named::must_exist && !sys::find_stat_at(AT_FDCWD, path))
            throw Error("credential file ", path, " is not there; ctl login --authfile ", path, " makes it");
        files_ = {path};
        written_ = path;
        return;
    }
    const std::string config = variable("XDG_CONFIG_HOME"), docker = variable("DOCKER_CONFIG"), home = variable("HOME");
    written_ = default_file();
    files_ = {written_, (config.starts_with('/') ? config : home + "/.config") + "/containers/auth.json",
              (docker.empty() ? home + "/.docker" : docker) + "/config.json"};
}

CredentialFiles CredentialFiles::docker_file(const std::string& path) {
    CredentialFiles files;
    files.files_ = {path};
    files.helpers_ = {std::string(files_helper)};
    files.written_ = path;
    files.docker_format_ = true;
    return files;
}

std::string CredentialFiles::file_key(const std::string& key) const {
    if (!docker_format_) return key;
    if (key.find('/') != std::string::npos) throw Error("Docker's format has no credentials for a part of a registry: ", key);
    return server_of(key);
}

std::optional<Credentials> CredentialFiles::find(const std::string& key) const {
    for (const std::string& helper : helpers_) {
        if (helper != files_helper) {
            if (auto found = CredentialHelper(helper).find(server_of(registry_of(key)))) return found;
            continue;
        }
        for (const std::string& path : files_)
            if (const auto document = find_file(path))
                if (auto found = find_in_file(*document, path, key)) return found;
    }
    return std::nullopt;
}

std::string CredentialFiles::store(const std::string& key, const Credentials& credentials) const {
    if (helpers_.front() != files_helper) {
        CredentialHelper(helpers_.front()).store(server_of(registry_of(key)), credentials);
        return helpers_.front();
    }
    std::string place = written_;
    change_file(written_, [&](json& document) {
        const std::string registry = registry_of(key);
        std::string helper = own_helper(document, written_, registry);
        std::string server = registry;
        if (helper.empty() && docker_format_) {
            helper = oci::Fields(document, written_).text("credsStore");
            server = server_of(registry);
        }
        if (!helper.empty()) {
            CredentialHelper(helper).store(server, credentials);
            place = "docker-credential-" + helper;
            return false;
        }
        document["auths"][file_key(key)] = {{"auth", base64::encode(cat(credentials.username, ":", credentials.password))}};
        return true;
    });
    return place;
}

bool CredentialFiles::erase(const std::string& key) const {
    bool erased = false;
    for (const std::string& helper : helpers_)
        if (helper != files_helper) erased = CredentialHelper(helper).erase(server_of(registry_of(key))) || erased;
    if (!sys::find_stat_at(AT_FDCWD, written_)) return erased;
    change_file(written_, [&](json& document) {
        const std::string registry = registry_of(key), store = oci::Fields(document, written_).text("credsStore");
        if (const std::string helper = own_helper(document, written_, registry); !helper.empty())
            erased = CredentialHelper(helper).erase(registry) || erased;
        if (docker_format_ && !store.empty()) erased = CredentialHelper(store).erase(server_of(registry)) || erased;
        if (!document.contains("auths") || !document["auths"].is_object()) return false;
        const bool removed = document["auths"].erase(file_key(key)) > 0;
        erased = erased || removed;
        return removed;
    });
    return erased;
}

void CredentialFiles::erase_all() const {
    for (const std::string& name : helpers_)
        if (name != files_helper)
            for (const auto& [server, user] : CredentialHelper(name).list()) (void)CredentialHelper(name).erase(server);
    if (!sys::find_stat_at(AT_FDCWD, written_)) return;
    change_file(written_, [&](json& document) {
        if (const auto helpers = oci::Fields(document, written_).object("credHelpers"))
            for (const std::string& registry : oci::Fields(document, written_).keys("credHelpers"))
                (void)CredentialHelper(helpers->text(registry.c_str())).erase(registry);
        return document.erase("auths") > 0;
    });
}

} // namespace lib
