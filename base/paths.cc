// Where things are, see base/paths.h.
#include "base/paths.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <vector>

namespace {

struct Account {
    std::string name;
    std::string home;
};

std::string env(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// The line of /etc/passwd for `uid`. Read by ourselves: NSS would load plugins into a static program.
std::optional<Account> find_account(uid_t uid) {
    std::istringstream lines(files::find("/etc/passwd").value_or(""));
    const std::string wanted = std::to_string(uid);
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields;
        std::istringstream split(line);
        for (std::string field; std::getline(split, field, ':');) fields.push_back(field);
        if (fields.size() >= 6 && fields[2] == wanted) return Account{fields[0], fields[5]};
    }
    return std::nullopt;
}

/// Whether a directory is ours alone, so that nobody else could have put something into it.
bool is_private_dir(const std::string& path, uid_t uid) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid && (st.st_mode & 0022) == 0;
}

/// An absolute path without a slash at its end; empty where the variable is not set.
std::string env_directory(const char* name) {
    std::string path = env(name);
    if (path.empty()) return path;
    if (!path.starts_with('/')) throw Error(name, "=", path, ": an absolute path is needed");
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

void refuse_podmans(const std::string& root) {
    for (const char* podmans : {"/libpod", "/overlay-layers", "/storage.lock"})
        if (::access((root + podmans).c_str(), F_OK) == 0)
            throw Error(root, " is Podman's store (it has ", podmans + 1, "); ctl needs a directory of its own");
}

std::string data_dir(const Paths& paths) {
    if (std::string root = env_directory(root_variable); !root.empty()) {
        refuse_podmans(root);
        return root;
    }
    const std::string data_home = env("XDG_DATA_HOME");
    if (data_home.starts_with('/')) return data_home + "/ctl"; // the XDG specification: a relative path is to be ignored
    if (!paths.home.starts_with('/'))
        throw Error("no home directory: set HOME to an absolute path, uid ", paths.uid, " is not in /etc/passwd");
    return paths.home + "/.local/share/ctl";
}

/// Empty where it is the data root.
std::string images_dir(const Paths& paths) {
    std::string root = env_directory(imagestore_variable);
    if (root == paths.data) root.clear();
    if (root.empty()) return root;
    if (root.starts_with(paths.data + "/") || paths.data.starts_with(root + "/"))
        throw Error("--imagestore ", root, " and --root ", paths.data, " lie in each other: take two directories of which neither is in the other");
    refuse_podmans(root);
    struct stat st {};
    if (::stat(root.c_str(), &st) != 0) return root; // to be made
    if (!S_ISDIR(st.st_mode)) throw Error("--imagestore ", root, ": not a directory");
    if (st.st_uid != paths.uid)
        throw Error("--imagestore ", root, " belongs to another user: images are written there, so it has to be yours; his images can be used by "
                    "--storage-opt additionalimagestore=", root);
    return root;
}

std::string runtime_dir(const Paths& paths) {
    if (const std::string runroot = env_directory(runroot_variable); !runroot.empty()) return runroot;
    for (const std::string& base : {env("XDG_RUNTIME_DIR"), cat("/run/user/", paths.uid)})
        if (base.starts_with('/') && is_private_dir(base, paths.uid)) return base + "/ctl";
    return cat(paths.data, "/run/", paths.boot_id);
}

/// What is no absolute path is passed over, as are comments.
void add_image_stores(Paths& paths, const std::string& text, char separator) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line, separator);) {
        while (line.size() > 1 && (line.ends_with('/') || line.ends_with(' '))) line.pop_back();
        const bool is_new = std::ranges::find(paths.image_stores, line) == paths.image_stores.end();
        if (line.starts_with('/') && line != paths.image_root() && is_new) paths.image_stores.push_back(line);
    }
}

void find_image_stores(Paths& paths) {
    if (!paths.images.empty()) paths.image_stores.push_back(paths.data); // what has been pulled into it can still be used
    const std::string config = env("XDG_CONFIG_HOME");
    add_image_stores(paths, env(image_stores_variable), ':');
    for (const std::string& dir : {config.starts_with('/') ? config : paths.home + "/.config", std::string("/etc")})
        add_image_stores(paths, files::find(dir + "/ctl/image-stores").value_or(""), '\n');
}

} // namespace

Paths Paths::detect() {
    Paths paths{::geteuid(), ::getegid(), {}, {}, {}, {}, {}, {}, {}, env(force_mask_variable) == "shared", env(transient_variable) == "1", {}};
    const auto account = find_account(paths.uid);
    // A directory service's user is not in the file: the login shell's variables are what is left.
    paths.user = account ? account->name : !env("USER").empty() ? env("USER") : std::to_string(paths.uid);
    paths.home = !env("HOME").empty() ? env("HOME") : account ? account->home : "";
    paths.data = data_dir(paths);
    paths.images = images_dir(paths);
    paths.boot_id = files::read("/proc/sys/kernel/random/boot_id");
    while (!paths.boot_id.empty() && paths.boot_id.back() == '\n') paths.boot_id.pop_back();
    paths.runtime = runtime_dir(paths);
    paths.sockets = env_directory(tmpdir_variable);
    if (paths.sockets.empty()) paths.sockets = paths.runtime;
    find_image_stores(paths);
    return paths;
}

void Paths::ensure() const {
    sys::ensure_dir(data, 0700);
    sys::ensure_dir(runtime, 0700);
}

std::string helper_path(const std::string& name) {
    std::string self = sys::find_link_at(AT_FDCWD, "/proc/self/exe").value_or("");
    if (self.starts_with("/memfd:")) self = env(origin_variable);
    const std::string dir = self.substr(0, self.find_last_of('/'));
    for (const std::string& candidate : {env("CTL_LIBEXEC"), dir + "/../libexec/ctl", dir})
        if (!candidate.empty() && ::access((candidate + "/" + name).c_str(), X_OK) == 0) return candidate + "/" + name;
    throw Error("cannot find ctl's helper program ", name, " in ", dir, "/../libexec/ctl: the installation is incomplete");
}
