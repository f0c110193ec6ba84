// image copy, the worker's side: an image from one place to another, its content stored nowhere else.
//
// Theory of operation
//
// Blobs first, then the manifests that name them, an index last: whoever is killed leaves no name for half an image. A blob is
// not moved where the destination has it or can mount it from the source's repository. Otherwise its bytes are streamed and
// their digest is checked on the way; where they break off, the source goes on by Range, and a registry as destination is asked
// for what it has (lib/registry/upload.h).
//
// Where nothing is converted all bytes stay, so that the digests do. A conversion packs a layer into an unnamed file first, since
// a blob's digest has to be known before it goes anywhere. What is no image (artifacts, attestations within an index) is moved
// as it is or not at all.
#pragma once

#include "lib/worker/fetcher.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"source": as make_source (archives: descriptor 4), "destination" and "access": as push (archives: descriptor 3), "names": at the
/// destination, "platform", "images": "one" | "all" | "index" (of an index), "expected": the digest it must have, and what
/// parse_wishes reads}. {"digest", "size", "media_type", "changed", "packings": of the layers of all images}.
nlohmann::json copy_image(storage::Store& store, const nlohmann::json& request, Report& report);
/// From a registry to a place that needs no network.
nlohmann::json copy_fetched_image(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report);

} // namespace lib::worker
