// Volumes: volumes/<name>/{data/,meta.json,filled}. Published by rename, removed by rename into trash/.
#pragma once

#include "base/lock.h"
#include "base/paths.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace storage {

class Root;

struct Volume {
    std::string name;
    std::string data;    ///< absolute path of the directory to mount
    bool anonymous = false;
    std::string created; ///< RFC 3339, UTC
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> options; ///< of the driver: type, o, device; what they mean is the caller's question
};

struct VolumeOwner {
    std::uint32_t uid = 0; ///< in the calling process's user namespace
    std::uint32_t gid = 0;
};

class Volumes {
public:
    explicit Volumes(const Root& root) : root_(root) {}

    /// Makes it. A volume of that name that exists already is returned as it is, the rest unused (two runs may race).
    /// `owner` is its directory's; for another one than root the caller has to be inside the user namespace.
    Volume create(const std::string& name, const std::map<std::string, std::string>& labels = {},
                  const std::map<std::string, std::string>& options = {}, VolumeOwner owner = {});
    /// A new volume named by 64 hexadecimal digits, removed with its container (`--rm`, `rm -v`).
    Volume create_anonymous();
    std::optional<Volume> find(const std::string& name) const;
    /// By name; what vanishes while looking is left out.
    std::vector<Volume> list() const;
    /// Moves it to trash/ (Root::empty_trash unlinks); false when there is none. Whether a container uses it is the
    /// caller's question.
    bool remove(const std::string& name);

    /// Held while a volume is found or made and until the record of the container that uses it is there.
    FileLock lock_for_use() const;
    /// Held while somebody looks whether a volume is used, and removes it.
    FileLock lock_for_removal() const;

private:
    Volume make(const Volume& wanted, VolumeOwner owner = {});
    const Root& root_;
};

/// Throws Error unless `name` is [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 bytes.
void check_volume_name(const std::string& name);

/// Fills a new volume with what the image has at its mount point: the tree below `source_dir_fd`, with owners, modes,
/// times, extended attributes, hard and symbolic links; the volume's root takes over the source's, but for `owner`. Once per volume and
/// only while it is empty: false when that was so already. Serialised by flock; must be called inside the user namespace.
bool copy_up(int source_dir_fd, const Volume& volume, std::optional<VolumeOwner> owner = {});

} // namespace storage
