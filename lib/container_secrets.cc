// Secrets in containers; see lib/container_secrets.h.
#include "lib/container_secrets.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/mount_option.h"
#include "lib/secrets.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace lib {
namespace {

template <class... A>
[[noreturn]] void refuse(const std::string& text, const A&... why) {
    throw Error("--secret ", text, ": ", why...);
}

unsigned number(const std::string& text, const std::string& key, const std::string& value, int base) {
    unsigned result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result, base);
    if (error != std::errc() || end != value.data() + value.size()) refuse(text, key, " \"", value, "\" is no number");
    return result;
}

void take(SecretRecord& secret, const std::string& text, const std::string& key, const std::string& value) {
    if (key == "type") {
        if (value != "mount" && value != "env") refuse(text, "type is mount or env, not \"", value, "\"");
        secret.is_variable = value == "env";
    } else if (key == "target") {
        if (value.empty()) refuse(text, "the target is empty");
        secret.target = value;
    } else if (key == "uid") {
        secret.uid = number(text, key, value, 10);
    } else if (key == "gid") {
        secret.gid = number(text, key, value, 10);
    } else if (key == "mode") {
        secret.mode = number(text, key, value, 8);
        if (secret.mode > 07777) refuse(text, "mode is octal, as in mode=0400");
    } else {
        refuse(text, "option \"", key, "\" is not known; type, target, uid, gid and mode are");
    }
}

SecretRecord parse(const Engine& engine, const std::string& text) {
    SecretRecord secret;
    bool only_for_files = false;
    std::string rest = text + ",";
    for (std::size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        const std::string word = rest.substr(0, comma);
        const auto equals = word.find('=');
        if (secret.name.empty() && (equals == std::string::npos || word.starts_with("source="))) {
            secret.name = equals == std::string::npos ? word : word.substr(equals + 1);
            continue;
        }
        if (equals == std::string::npos) refuse(text, "expected NAME[,KEY=VALUE…]");
        const std::string key = word.substr(0, equals);
        only_for_files = only_for_files || key == "uid" || key == "gid" || key == "mode";
        take(secret, text, key, word.substr(equals + 1));
    }
    if (secret.name.empty()) refuse(text, "the name is missing");
    const Secret found = get_secret(engine, secret.name, SecretData::without);
    if (secret.target.empty()) secret.target = secret.name;
    secret.name = found.name;
    secret.id = found.id;
    if (secret.is_variable) {
        if (only_for_files) refuse(text, "uid, gid and mode are for files, not for variables");
        if (secret.target.find('=') != std::string::npos) refuse(text, "a variable's name has no \"=\"");
        return secret;
    }
    if (!secret.target.starts_with('/')) secret.target = "/run/secrets/" + secret.target;
    secret.target = check_destination("--secret", secret.target, MountKind::bind, "");
    return secret;
}

std::string file_name(std::size_t index) { return cat("secret-", index); }

} // namespace

std::vector<SecretRecord> parse_secrets(const Engine& engine, const std::vector<std::string>& texts) {
    std::vector<SecretRecord> secrets;
    for (const std::string& text : texts) secrets.push_back(parse(engine, text));
    return secrets;
}

std::map<std::string, std::string> secret_files(const Engine& engine, const std::vector<SecretRecord>& secrets) {
    std::map<std::string, std::string> contents;
    for (std::size_t i = 0; i < secrets.size(); ++i)
        if (!secrets[i].is_variable) contents[file_name(i)] = get_secret(engine, secrets[i].name, SecretData::with).data;
    return contents;
}

std::vector<oci::Mount> secret_mounts(const std::vector<SecretRecord>& secrets, const std::string& container_dir) {
    std::vector<oci::Mount> mounts;
    for (std::size_t i = 0; i < secrets.size(); ++i)
        if (!secrets[i].is_variable)
            mounts.push_back({secrets[i].target, "bind", cat(container_dir, "/", file_name(i)), {"bind", "rprivate", "ro", "nosuid", "nodev", "noexec"}});
    return mounts;
}

namespace {

struct Owner {
    unsigned uid;
    unsigned gid;
};

Owner owner_in_store(const SecretRecord& secret, const OwnerMap& in_store) {
    try {
        return {in_store.uid(secret.uid), in_store.gid(secret.gid)};
    } catch (Error& e) {
        e.add_context(cat("secret ", secret.name));
        throw;
    }
}

} // namespace

void own_secret_files(Engine& engine, const std::vector<SecretRecord>& secrets, const std::string& container_dir, const OwnerMap& in_store) {
    bool others = false;
    const auto own = [&] {
        for (std::size_t i = 0; i < secrets.size(); ++i) {
            const SecretRecord& secret = secrets[i];
            if (secret.is_variable) continue;
            const std::string file = cat(container_dir, "/", file_name(i));
            const Owner owner = owner_in_store(secret, in_store);
            if (others && ::lchown(file.c_str(), owner.uid, owner.gid) != 0)
                throw SysError{errno, cat("give the secret ", secret.name, " to ", secret.uid, ":", secret.gid)};
            if (::chmod(file.c_str(), secret.mode) != 0) throw SysError{errno, cat("set the mode of the secret ", secret.name)};
        }
    };
    others = std::ranges::any_of(secrets, [&](const SecretRecord& secret) {
        const Owner owner = owner_in_store(secret, in_store);
        return owner.uid != 0 || owner.gid != 0;
    });
    if (others) rootless::run_in_userns(engine.load_maps(), own);
    else own();
}

void add_secret_variables(const Engine& engine, const std::vector<SecretRecord>& secrets, std::vector<std::string>& env,
                          MissingSecret missing) {
    for (const SecretRecord& secret : secrets) {
        if (!secret.is_variable) continue;
        const auto found = find_secret(engine, secret.name, SecretData::with);
        if (!found && missing == MissingSecret::is_left_out) continue;
        if (!found) throw Error("the secret ", secret.name, " for the variable ", secret.target, " is gone; make it anew with ctl secret create");
        if (found->data.find('\0') != std::string::npos) throw Error("the secret ", secret.name, " has zero bytes and cannot be a variable");
        std::erase_if(env, [&](const std::string& variable) { return variable.starts_with(secret.target + "="); });
        env.push_back(cat(secret.target, "=", found->data));
    }
}

} // namespace lib
