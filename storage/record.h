// images/<manifest hex>/image.json and layers/<hex>/meta.json in memory. Private to storage/.
#pragma once

#include "storage/store.h"

#include <string>
#include <string_view>

namespace storage {

struct Store::Record {
    std::string manifest_hex;
    std::string id;
    std::vector<std::string> diff_ids;
    std::vector<std::string> repo_digests;
    std::vector<std::string> history; ///< names it was ever given, the last one first
    std::string created;
    std::int64_t size = 0;
    std::int64_t added = 0; ///< nanoseconds since the epoch: which of several records is the newest
    std::string unknown = "{}"; ///< the fields another version wrote, kept when the record is written again

    /// Remembers that it was given a name.
    void remember(const std::string& name);

    static Record parse(const std::string& manifest_hex, const std::string& text);
    std::string format() const;
};

/// meta.json of a layer.
struct LayerMeta {
    LayerInfo info;
    std::string boot_id;    ///< the boot that wrote it
    bool single_id = false; ///< unpacked without subordinate ids
    bool damaged = false;   ///< found to be: it counts as absent until it has been made again
    bool shared = false;    ///< owners and modes are in attributes (storage/override_stat.h)
    std::string linked;     ///< the layer's directory in another store, of which this one's fs and index are links; mostly empty

    static LayerMeta parse(const std::string& text, const std::string& where);
    /// Of the layer in that directory; nullopt where there is none, or what a power cut has made of it, no bytes or zeros: the layer counts
    /// as absent then and is made again.
    static std::optional<LayerMeta> find(const std::string& layer_dir);
    std::string format() const;
};

/// Whether it is JSON at all: what was cut off, or never reached the disk, is not.
bool is_document(const std::string& text);

/// What the store needs to know of an image's config document.
struct ConfigSummary {
    std::vector<std::string> diff_ids;
    std::string created;
};
ConfigSummary parse_config(const std::string& config_json);

/// The "image_diff_ids" of a container's record.json, and those of the images mounted into it.
std::vector<std::string> parse_container_diff_ids(const std::string& text, const std::string& where);

/// The ids of the image it was made from and of those mounted into it, "sha256:…".
std::vector<std::string> parse_container_image_ids(const std::string& text, const std::string& where);

/// Of the record of an artifact's name (storage/artifacts.h): the digests of all blobs that it needs.
std::vector<std::string> parse_artifact_digests(const std::string& text, const std::string& where);

/// The name of a reference's link in refs/, and back. Throws Error for what is no "host/path:tag".
std::string escape_name(const std::string& name);
std::string unescape_name(std::string_view file_name);

/// ext4 puts each child of a directory with the flag that this sets into block groups of its own: without it, making many files
/// right after a removal is ten times slower, because the inodes just freed there may not be reused yet. Other file systems
/// refuse it.
void spread_children(const std::string& dir);

} // namespace storage
