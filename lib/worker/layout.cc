// See lib/worker/layout.h.
#include "lib/worker/layout.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "storage/digest.h"

namespace lib::worker {
namespace {

void check_version(const Archive& archive) {
    const std::string text = archive.get("oci-layout", Links::refused).read("oci-layout", manifest_limit);
    const nlohmann::json document = oci::parse_json_text(text, "oci-layout");
    const std::string version = oci::Fields(document, "oci-layout").required_text("imageLayoutVersion");
    if (!version.starts_with("1.")) throw Error("oci-layout: version ", oci::printable(version), " is not supported");
}

/// The only one that has the name, or that there is.
const oci::Descriptor& choose_entry(const oci::Index& index, const std::string& name) {
    const oci::Descriptor* found = nullptr;
    for (const oci::Descriptor& entry : index.manifests) {
        if (!name.empty() && annotated_name(entry) != name) continue;
        if (found != nullptr)
            throw Error("index.json: lists several images", name.empty() ? ": say which, as in oci:DIR:NAME" : cat(" with the name ", oci::printable(name)));
        found = &entry;
    }
    if (found == nullptr) throw Error("index.json: has no image", name.empty() ? "" : cat(" with the name ", oci::printable(name)));
    return *found;
}

/// '[' or '{', whatever blanks are before it.
char first_character(const Archive& archive, const std::string& name) {
    const std::string text = archive.get(name, Links::refused).read(name, manifest_limit);
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? '\0' : text[first];
}

} // namespace

std::string annotated_name(const oci::Descriptor& descriptor) {
    for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"})
        if (const auto it = descriptor.annotations.find(key); it != descriptor.annotations.end()) return it->second;
    return {};
}

std::string Layout::blob_name(const oci::Digest& digest) const { return kind_ == LayoutKind::oci ? "blobs/sha256/" + digest.hex() : digest.hex(); }

oci::Index Layout::index() const {
    check_version(archive_);
    return oci::parse_index(archive_.get("index.json", Links::refused).read("index.json", manifest_limit));
}

RawManifest Layout::root(const std::string& name) const {
    if (kind_ == LayoutKind::oci) return manifest(choose_entry(index(), name));
    std::string body = archive_.get("manifest.json", Links::refused).read("manifest.json", manifest_limit);
    const oci::Digest digest = oci::Digest::parse(storage::sha256_digest(body));
    return {std::move(body), {}, digest};
}

std::string Layout::read_verified(const std::string& name, const oci::Descriptor& descriptor, std::size_t limit) const {
    std::string content = archive_.get(name, Links::refused).read(name, limit);
    if (content.size() != descriptor.size) throw Error(name, ": has ", content.size(), " bytes, its descriptor says ", descriptor.size);
    if (storage::sha256_digest(content) != descriptor.digest.str()) throw Error(name, ": its content has another digest");
    return content;
}

RawManifest Layout::manifest(const oci::Descriptor& descriptor) const {
    const std::string name = kind_ == LayoutKind::oci ? blob_name(descriptor.digest) : descriptor.digest.hex() + ".manifest.json";
    return {read_verified(name, descriptor, manifest_limit), descriptor.media_type, descriptor.digest};
}

std::string Layout::read_blob(const oci::Descriptor& descriptor, std::size_t limit) const {
    return read_verified(blob_name(descriptor.digest), descriptor, limit);
}

std::string archive_kind(const Archive& archive, bool is_directory) {
    if (archive.has("oci-layout") && archive.has("index.json")) return is_directory ? "oci" : "oci-archive";
    if (archive.has("manifest.json")) return is_directory && first_character(archive, "manifest.json") == '{' ? "dir" : "docker-archive";
    throw Error("not an image archive: it has neither oci-layout and index.json nor manifest.json");
}

} // namespace lib::worker
