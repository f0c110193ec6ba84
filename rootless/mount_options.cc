// The options of a runtime-spec mount, as the new mount API wants them (mount(8), config.md "Linux mount options").
#include "base/error.h"
#include "rootless/plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <string_view>

namespace rootless {
namespace {

struct Word {
    const char* name;
    std::uint64_t set;
    std::uint64_t clear;
};
constexpr Word attribute_words[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},     {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0}, {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},   {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0}, {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME}, {"atime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME}, {"relatime", 0, MOUNT_ATTR__ATIME},
    {"norelatime", 0, 0},             {"nostrictatime", 0, 0},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0}, {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0}, {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"defaults", 0, 0}};

/// Of the file system as a whole: the kernel takes them for a new one, and a bind has that of its source as it is.
constexpr std::string_view superblock_words[] = {"async", "sync", "dirsync", "lazytime", "nolazytime"};
/// What no call of the new mount API has: what the kernel logs about a mount, and inode versions, which each file system decides on.
constexpr std::string_view moot_words[] = {"loud", "silent", "iversion", "noiversion"};

struct PropagationWord {
    const char* name;
    std::uint64_t flag;
};
constexpr PropagationWord propagation_words[] = {
    {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC}, {"slave", MS_SLAVE},
    {"rslave", MS_SLAVE | MS_REC}, {"shared", MS_SHARED},             {"rshared", MS_SHARED | MS_REC},
    {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC}};

constexpr std::string_view subdir_key = "X-mount.subdir="; // mount(8)

bool take_attribute(const std::string& option, MountOptions& parsed) {
    for (const Word& word : attribute_words) {
        const bool recursive = option.starts_with('r') && std::string_view(option).substr(1) == word.name; // "rro"
        if (option != word.name && !recursive) continue;
        if (recursive) parsed.recursive_attributes = (parsed.recursive_attributes & ~word.clear) | word.set;
        parsed.attributes = (parsed.attributes & ~word.clear) | word.set;
        parsed.cleared = (parsed.cleared | word.clear) & ~word.set;
        return true;
    }
    return false;
}

bool take_propagation(const std::string& option, MountOptions& parsed) {
    for (const PropagationWord& word : propagation_words) {
        if (option != word.name) continue;
        parsed.propagation = word.flag;
        return true;
    }
    return false;
}

} // namespace

MountOptions parse_mount_options(const oci::Mount& mount) {
    MountOptions parsed;
    for (const std::string& option : mount.options) {
        if (take_attribute(option, parsed) || take_propagation(option, parsed)) continue;
        if (std::ranges::find(moot_words, option) != std::end(moot_words)) continue;
        if (mount.type == "bind" && std::ranges::find(superblock_words, option) != std::end(superblock_words)) continue;
        if (option == "remount") {
            parsed.remount = true;
        } else if (option == "tmpcopyup") {
            parsed.copy_up = true;
        } else if (option == "bind" || option == "rbind") {
            parsed.recursive = option == "rbind";
        } else if (option == "nofail") {
            parsed.optional = true;
        } else if (option.starts_with(subdir_key)) {
            parsed.subdirectory = option.substr(subdir_key.size());
        } else if (option == "idmap" || option == "ridmap") {
            parsed.id_map = option == "idmap" ? IdMapped::topmost : IdMapped::recursive;
        } else if (option == "copy-symlink") {
            parsed.copy_symlink = true;
        } else if (mount.type == "bind") {
            throw Error("mount ", mount.destination, ": unknown option \"", option, "\" for a bind mount");
        } else {
            const auto equals = option.find('=');
            if (equals == std::string::npos) parsed.data.emplace_back(option, "");
            else parsed.data.emplace_back(option.substr(0, equals), option.substr(equals + 1));
        }
    }
    return parsed;
}

} // namespace rootless
