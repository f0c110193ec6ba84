// Where a pulled image's packed layers still are, for a push to another registry that is to keep the image's digest: layers are kept
// unpacked here, and what they had been packed to cannot be made again.
#pragma once

#include "base/oci/manifest.h"
#include "lib/registry/client.h"
#include "storage/byte_source.h"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace lib::worker {

class BlobOrigins {
public:
    /// The request's "origins": {"host/repository": endpoint, …}, none where it has none, with its "access". Nobody is asked yet.
    explicit BlobOrigins(const nlohmann::json& request);

    /// Calls `take` with a way to read the blob from an offset on, once for each of the places that may have it, until it does not throw Error.
    /// False: none has it, or can be asked. A place that has failed once is not asked again. Any thread.
    using Open = std::function<std::unique_ptr<storage::ByteSource>(std::uint64_t offset)>;
    bool try_each(const oci::Descriptor& blob, const std::vector<std::string>& places, const std::function<void(const Open&)>& take);

private:
    struct Origin {
        Origin(std::string where, registry::Endpoint endpoint, const registry::Access& access);
        std::string place;
        registry::Client client;
        std::atomic<bool> failed = false;
    };

    registry::Access access_;
    std::deque<Origin> origins_;
};

} // namespace lib::worker
