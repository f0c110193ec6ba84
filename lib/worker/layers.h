// Getting the layers of an image into the store, several at a time, wherever their bytes come from.
#pragma once

#include "base/oci/digest.h"
#include "lib/worker/report.h"
#include "storage/byte_source.h"
#include "storage/store.h"
#include "storage/unpack.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lib::worker {

struct LayerJob {
    oci::Digest diff_id;
    std::string name;        ///< what progress lines call it: the blob's digest
    std::uint64_t size = 0;  ///< bytes of the blob
    std::size_t index = 0;   ///< for the opener
};

/// The bytes of a layer on their way into the unpacker.
class LayerSource : public storage::ByteSource {
public:
    /// Told after unpacking: the layer is in the store.
    virtual void accepted() {}
    /// Told after a failure that is not an interruption. True: another attempt would start from other bytes.
    virtual bool rejected() { return false; }
};

/// Makes the source of a job. `cancelled` becomes true when another layer has failed: its reads should then end by an Error.
using OpenLayer = std::function<std::unique_ptr<LayerSource>(const LayerJob&, const std::atomic<bool>& cancelled)>;

/// Unpacks and publishes every layer that is not there; equal diff-ids once. Layers that were finished stay when a later
/// one fails. Throws the first error, naming the layer. The caller holds a lease on the diff-ids.
void fetch_layers(storage::Store& store, const std::vector<LayerJob>& jobs, const OpenLayer& open_layer, Report& report);

/// Only the user's own id is mapped here: the worker was started in single-id mode.
bool is_single_id();

} // namespace lib::worker
