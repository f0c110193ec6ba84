// storage.conf: where the store is, for those who do not want to say it with each command. The names of the keys are those of
// containers-storage.conf(5), the file is ctl's own: Podman's says where Podman's store is, whose layout is another.
//
//     $CTL_STORAGE_CONF, else $XDG_CONFIG_HOME/ctl/storage.conf (~/.config), else /etc/ctl/storage.conf
//
//     [storage]
//     driver = "fuse"                                  # --storage-driver
//     graphroot = "/srv/ctl/$USER"                     # --root; $HOME, $USER and $UID are the user's
//     rootless_storage_path = "/srv/ctl/$UID"          # for ordinary users in place of graphroot
//     runroot = "/run/user/$UID/ctl"                   # --runroot
//     imagestore = "/var/tmp/$USER/images"             # --imagestore
//     transient_store = true                           # --transient-store
//     [storage.options]
//     additionalimagestores = ["/srv/images"]          # --storage-opt additionalimagestore=
//
// Each key has the effect of its environment variable, where that is not set.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace lib::config {

enum class ConfUser { root, ordinary };

/// What $HOME, $USER and $UID are; nullopt makes the name in a value an error.
using ExpandName = std::function<std::optional<std::string>(const std::string& name)>;

/// By the names of environment variables (base/paths.h), what they are to be where they are not set. Throws Error naming file and key: for
/// what is no TOML, an unknown key, a value of another type, a path that is not absolute.
std::map<std::string, std::string> parse_storage_conf(const std::string& text, const std::string& file, ConfUser user, const ExpandName& expand);

/// The path of the file that counts for the calling user; empty where there is none.
std::string find_storage_conf();

/// Reads it, if there is one, and sets the variables.
void apply_storage_conf();

} // namespace lib::config
