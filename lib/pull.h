// pull: an image from a registry into the store.
#pragma once

#include "base/error.h"
#include "base/oci/reference.h"
#include "lib/engine.h"
#include "lib/registry_access.h"
#include "lib/run.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

struct PullRequest {
    std::string name;     ///< as typed, docker:// before it or not, or a place in a file or directory (lib/image_place.h)
    std::string platform; ///< os/architecture[/variant]; empty: this machine's
    RegistryOptions registry{};
    std::optional<std::vector<std::string>> names{}; ///< qualified, in place of the one it was fetched by
};

struct PullResult {
    std::string image_id;        ///< the config's digest, 64 hexadecimal digits
    std::string name;            ///< the qualified name it has now; empty where only a digest was asked for
    std::string manifest_digest; ///< sha256:…, of the manifest for the platform
};

/// Layers that the store has already are not fetched. A name without registry is looked for as registries.conf says, on docker.io
/// where it says nothing. Progress is reported through `callbacks.pull_progress`, in the lines of lib/image_worker.h.
PullResult pull_image(Engine& engine, const PullRequest& request, const Callbacks& callbacks);

/// `pull --all-tags`: every tag that the repository has.
std::vector<PullResult> pull_all_tags(Engine& engine, const PullRequest& request, const Callbacks& callbacks);

/// Without "docker://". Throws Error for another transport, naming the command that reads it.
std::string without_transport(const std::string& name, std::string_view command);

/// What a typed name is to mean, best first: more than one where the first that is there counts. The user may be asked. Throws Error
/// where nobody can be.
std::vector<oci::Reference> pulled_names(const RegistryAccess& access, const std::string& typed, const Callbacks& callbacks);

/// What `pull` returns for the first of the candidates for which it throws nothing.
template <class Pull>
auto first_pulled(const std::vector<oci::Reference>& candidates, const std::string& typed, const Pull& pull) {
    std::string tried;
    for (const oci::Reference& reference : candidates) {
        try {
            return pull(reference);
        } catch (const Error& e) {
            if (candidates.size() == 1) throw;
            tried += cat(tried.empty() ? "" : "; ", e.what());
        }
    }
    throw Error(typed, " is in none of the search registries: ", tried);
}

} // namespace lib
