// Options of volumes as mounts; see lib/volume_options.h.
#include "lib/volume_options.h"

#include "base/error.h"

#include <charconv>
#include <sstream>

namespace lib {
namespace {

std::string value(const storage::Volume& volume, const char* key) {
    const auto found = volume.options.find(key);
    return found == volume.options.end() ? "" : found->second;
}

std::string with_words(const std::string& front, const std::string& words) { return words.empty() ? front : cat(front, ":", words); }

/// A path as the text of -v wants it.
std::string escape_colons(const std::string& path) {
    std::string text;
    for (const char c : path) {
        if (c == ':') text += '\\';
        text += c;
    }
    return text;
}

/// Whether `words` has "bind" or "rbind" among them.
bool says_bind(const std::string& words) {
    const std::string all = "," + words + ",";
    return all.find(",bind,") != std::string::npos || all.find(",rbind,") != std::string::npos;
}

/// No mount, but a directory with an owner of its own.
bool is_directory(const storage::Volume& volume) {
    const std::string words = value(volume, "o");
    return volume.options.size() == 1 && !words.empty() && !says_bind(words);
}

std::uint32_t parse_id(const storage::Volume& volume, const std::string& word) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(word.data() + 4, word.data() + word.size(), id);
    if (error != std::errc() || end != word.data() + word.size()) throw Error("volume ", volume.name, ": option \"", word, "\": a number is needed");
    return id;
}

MountRequest read(const storage::Volume& volume) {
    const std::string type = value(volume, "type"), device = value(volume, "device"), words = value(volume, "o");
    for (const auto& [key, ignored] : volume.options)
        if (key != "type" && key != "device" && key != "o") throw Error("option \"", key, "\" is not known here; type, o and device are");
    if (type == "tmpfs") return parse_tmpfs_option(with_words("/volume", words));
    const bool plain = type.empty() || type == "none" || type == "bind";
    if (plain && (type == "bind" || says_bind(words))) {
        if (!device.starts_with('/')) throw Error("device=\"", device, "\" is not the absolute path of a directory to bind");
        return parse_volume_option(with_words(cat(escape_colons(device), ":/volume"), words));
    }
    throw Error("type \"", type, "\" with device \"", device, "\": only root can mount devices; an ordinary user's volumes are binds (o=bind) and type=tmpfs");
}

} // namespace

std::optional<storage::VolumeOwner> volume_owner(const storage::Volume& volume) {
    if (!is_directory(volume)) return std::nullopt;
    storage::VolumeOwner owner;
    std::istringstream words(value(volume, "o"));
    for (std::string word; std::getline(words, word, ',');) {
        const bool is_uid = word.starts_with("uid=");
        if (!is_uid && !word.starts_with("gid="))
            throw Error("volume ", volume.name, ": option \"", word, "\" without a type: uid=N and gid=N are known there", word.starts_with("size=") || word.starts_with("inodes=")
                        ? " (no ordinary user can set a limit for a directory; type=tmpfs has one)" : ", and type=tmpfs, or bind with device=");
        (is_uid ? owner.uid : owner.gid) = parse_id(volume, word);
    }
    return owner;
}

std::optional<MountRequest> volume_mount(const storage::Volume& volume) {
    if (volume.options.empty()) return std::nullopt;
    if (volume_owner(volume)) return std::nullopt;
    try {
        MountRequest request = read(volume);
        request.destination.clear();
        return request;
    } catch (Error& e) {
        e.add_context(cat("volume ", volume.name));
        throw;
    }
}

} // namespace lib
