// The image worker's word for the place that an image comes from: what copy and image inspect --remote have in common.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/registry_access.h"
#include "lib/trust_policy.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace lib {

/// How policies know it. Throws Error for what is no name.
ImageOrigin origin_of(const ImagePlace& place);

/// The request's "source" (lib/worker/image_source.h). Not for our own store.
nlohmann::json source_request(const Engine& engine, const ImagePlace& place, const RegistryOptions& options, const Notice& notice);

/// Opens the archive for the worker; other places need nothing.
class SourceArchive {
public:
    explicit SourceArchive(const ImagePlace& place);
    OpenExtra opener() const;

private:
    std::optional<UniqueFd> fd_;
};

} // namespace lib
