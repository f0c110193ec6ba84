// image inspect --remote: an image where it is, without its layers.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib {

struct RemoteImageRequest {
    std::string place;    ///< as parse_image_place takes it; a plain name is one of a registry here
    std::string platform; ///< os/architecture[/variant], of an image made for several; empty: this machine's
    bool tags = true;     ///< list the repository's
    RegistryOptions registry{};
};

/// skopeo's document: Name, Digest, RepoTags, Created, Labels, Architecture, Os, Layers, LayersData, Env, …
nlohmann::json inspect_remote_image(Engine& engine, const RemoteImageRequest& request, const Notice& notice);

/// The manifest or index that a name leads to.
struct RemoteManifest {
    std::string body;   ///< exact bytes
    std::string digest; ///< "sha256:…"
};
RemoteManifest remote_manifest(Engine& engine, const RemoteImageRequest& request, const Notice& notice);
/// Exact bytes of the image's configuration.
std::string remote_config(Engine& engine, const RemoteImageRequest& request, const Notice& notice);

} // namespace lib
