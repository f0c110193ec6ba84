// See lib/worker/choose_manifest.h.
#include "lib/worker/choose_manifest.h"

#include "base/error.h"

namespace lib::worker {
namespace {

constexpr int most_indexes = 32; ///< looked into in all, for one image

class Search {
public:
    Search(const oci::Platform& platform, const FetchManifest& fetch, oci::Content content) : platform_(platform), fetch_(fetch), content_(content) {}

    /// nullopt: no image for the platform.
    std::optional<ChosenManifest> run(ChosenManifest from, int depth) {
        const auto document = oci::parse_manifest_or_index(from.raw.body, from.raw.media_type, content_);
        const auto* index = std::get_if<oci::Index>(&document);
        if (index == nullptr) return from;
        if (depth == deepest_index) throw Error("more than ", deepest_index, " indexes within each other");
        if (const oci::Descriptor* best = oci::find_platform(*index, platform_)) return run({fetch_entry(*best, fetch_), best->platform}, depth + 1);
        for (const oci::Descriptor& entry : index->manifests) {
            if (entry.platform || !is_index_type(entry.media_type)) continue;
            if (++looked_into_ > most_indexes) throw Error("more than ", most_indexes, " indexes in an index");
            if (auto found = run({fetch_entry(entry, fetch_)}, depth + 1)) return found;
        }
        return std::nullopt;
    }

private:
    const oci::Platform& platform_;
    const FetchManifest& fetch_;
    oci::Content content_;
    int looked_into_ = 0;
};

} // namespace

bool is_index_type(std::string_view media_type) { return media_type == oci::media_type::oci_index || media_type == oci::media_type::docker_list; }

RawManifest fetch_entry(const oci::Descriptor& entry, const FetchManifest& fetch) {
    RawManifest raw = fetch(entry);
    if (raw.body.size() != entry.size)
        throw Error("manifest ", entry.digest.str(), ": has ", raw.body.size(), " bytes, but its index says ", entry.size);
    // The index's word on the type counts as much as the transport's and the manifest's own: they must not contradict each other.
    const auto document = oci::parse_manifest_or_index(raw.body, raw.media_type, oci::Content::any);
    const std::string type = std::visit([](const auto& of) { return of.media_type; }, document);
    if (!entry.media_type.empty() && type != entry.media_type)
        throw Error("manifest ", entry.digest.str(), ": is ", type, ", but its index says ", oci::printable(entry.media_type));
    return raw;
}

ChosenManifest choose_manifest(RawManifest root, const oci::Platform& platform, const FetchManifest& fetch, oci::Content content) {
    if (auto found = Search(platform, fetch, content).run({root}, 0)) return *std::move(found);
    const auto document = oci::parse_manifest_or_index(root.body, root.media_type, content);
    (void)oci::choose_platform(std::get<oci::Index>(document), platform); // throws
    throw Error("no image for platform ", platform.str());
}

} // namespace lib::worker
