// Images that are in the store: list, tag, remove.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lib {

/// One image; `ctl images` shows a line for each of its names, or one line of <none> where it has none.
struct ImageSummary {
    std::string id;                   ///< the config's digest, 64 hexadecimal digits
    std::string manifest_digest;      ///< sha256:…
    std::vector<std::string> names;   ///< name:tag, sorted
    std::vector<std::string> history; ///< names it was ever given, the last one first
    std::vector<std::string> digests; ///< name@sha256:…, as names were pulled by; sorted
    std::int64_t created = 0;         ///< nanoseconds since the epoch, by the image's own word; 0 where it says nothing
    std::uint64_t size = 0;           ///< bytes of the unpacked layers; shared ones count for each image
    std::string platform;             ///< linux/amd64
    std::map<std::string, std::string> labels;
    bool read_only = false;           ///< of a further store (Paths::image_stores)
};

/// All images, the newest first. Takes no lock and writes nothing.
std::vector<ImageSummary> list_images(const Engine& engine);

/// Gives an image one more name; a bare name goes to localhost/. A name that another image had moves to this one.
/// Returns the qualified name.
std::string tag_image(Engine& engine, const std::string& name_or_id, const std::string& new_name);

/// Takes names away, all of them where `names` is empty. An Error for one that the image does not have.
void untag_image(Engine& engine, const std::string& name_or_id, const std::vector<std::string>& names);

class ImageFilter;
/// Removes the images that match and that no container uses. Returns their ids.
std::vector<std::string> prune_images(Engine& engine, const ImageFilter& filter);

struct RemoveImageOptions {
    bool force = false;  ///< all names go, although there are several, and its containers are removed, running ones killed
    bool ignore = false; ///< one that is not there is no error; nor is it with `force`
};

struct RemoveImageResult {
    std::vector<std::string> untagged; ///< qualified names
    std::vector<std::string> deleted;  ///< image ids; empty where a name is left
};

/// By name: takes the name away, and removes the image with its last one. By id: removes it with its name; several names
/// need `force`. Throws Error naming the container where one uses it.
RemoveImageResult remove_image(Engine& engine, const std::string& name_or_id, const RemoveImageOptions& options);

} // namespace lib
