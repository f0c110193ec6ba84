// load, the worker's side: the images of a docker-archive, an OCI archive, an OCI layout directory or a dir: into the store.
//
// An archive with oci-layout and index.json is read as OCI, also where a manifest.json lies beside them (Docker 25 and
// later write both): only there the manifests are exact. Bare names of either kind become localhost/….
#pragma once

#include "lib/worker/archive.h"
#include "lib/worker/image.h"
#include "lib/worker/layout.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace lib::worker {

/// An image of an archive and where its layers lie.
struct ArchivedImage {
    FoundImage found;
    struct Layer {
        Member member;
        std::string name;
        bool verify = false; ///< its bytes must have the manifest's digest; a docker-archive's have a diff-id only
    };
    std::vector<Layer> layers;
};

/// The request: {"read": the path of a directory; without it an archive is descriptor 3, "refused": {"oci-archive": "why", …}, what
/// the policy does not let in, "names": those that one image is to have, which "transport",
/// "choose" and "platform" say}. Without names: every image.
/// {"images": [{"id": …, "names": […]}]}. Throws Error; images before a bad one stay loaded.
nlohmann::json load(storage::Store& store, const nlohmann::json& request, Report& report);

/// The images of an OCI layout for this machine's platform.
std::vector<ArchivedImage> find_oci_images(const Archive& archive, Report& report);
/// The images manifest.json lists.
std::vector<ArchivedImage> find_docker_images(const Archive& archive, Report& report);

/// The one with this name, qualified or not; the only one where the name is empty.
ArchivedImage choose_docker_image(std::vector<ArchivedImage> images, const std::string& name);

/// A name found in an archive, qualified; nullopt (and a notice) for what is no name.
std::optional<std::string> archived_name(const std::string& text, Report& report);

} // namespace lib::worker
