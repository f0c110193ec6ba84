// From what the user typed to an image in the store, fetching it where the policy says so.
//
// A name without registry means a local image first (localhost/, where tag, load and build put bare names), then what
// registries.conf says (an alias, the search registries), then docker.io. Names come before ids: "fed" is the image of that name, if there is one, and the prefix of an id otherwise.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"
#include "storage/store.h"

#include <optional>
#include <string>

namespace lib {

/// An image found in the store, and by what.
struct FoundLocalImage {
    storage::Image image;     ///< where it was found by a name, that name comes first in image.names
    std::string by_name;      ///< the qualified name:tag it was found by; empty: by digest or id
};

/// In the store only; writes nothing. Throws Error for what is neither a name nor an id, and for an ambiguous id.
std::optional<FoundLocalImage> find_local_image(const Engine& engine, const std::string& typed);

/// As find_local_image; a missing one is an Error.
FoundLocalImage get_local_image(const Engine& engine, const std::string& typed);

struct ImageRequest {
    std::string name;     ///< as typed
    PullPolicy policy = PullPolicy::missing;
    std::string platform; ///< os/architecture[/variant]; a local image for another one does not do. Empty: any
    RegistryOptions registry{};
};

/// The image to run. Its layers are there, unless they vanish before the caller opens them (Store::open_layers leases).
/// A pull is reported through the callbacks. Local images without a registry (localhost/…, ids) are never pulled.
storage::Image resolve_image(Engine& engine, const ImageRequest& request, const Callbacks& callbacks);
/// Its id alone, 64 hexadecimal digits.
std::string resolve_image_id(Engine& engine, const ImageRequest& request, const Callbacks& callbacks);

} // namespace lib
