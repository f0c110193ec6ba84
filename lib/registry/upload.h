// What is sent to a registry: blobs and manifests (distribution-spec, "Push").
//
// A blob goes in one PUT. When the connection breaks the registry is asked how much it has, and the rest follows as one chunk
// (PATCH with Content-Range); a registry that has forgotten the upload gets it from the start. Every byte of progress renews
// the patience that Access grants.
#pragma once

#include "base/oci/digest.h"
#include "lib/registry/client.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lib::registry {

/// Opens the blob's bytes from an offset on.
using OpenBytes = std::function<std::unique_ptr<storage::ByteSource>(std::uint64_t offset)>;

/// For one thread; the client may have many.
class Uploader {
public:
    explicit Uploader(Client& client) : client_(client) {}

    bool has_blob(const oci::Digest& digest);
    /// From another repository of the same registry; false where the registry does not do that, for us.
    bool try_mount(const oci::Digest& digest, const std::string& from_repository);
    void put_blob(const oci::Digest& digest, std::uint64_t size, const OpenBytes& open);
    /// Under a tag or a digest. One with a subject is put into the list of its referrers too, where the registry does not do that (it says
    /// so by OCI-Subject): two clients that do this at the same time may lose one of the entries, as the specification knows.
    void put_manifest(const std::string& reference, const std::string& media_type, const std::string& body);

private:
    std::string begin();
    void send_whole(const std::string& location, const oci::Digest& digest, std::uint64_t size, const OpenBytes& open);
    void send_rest(std::string location, const oci::Digest& digest, std::uint64_t offset, std::uint64_t size, const OpenBytes& open);
    std::optional<std::uint64_t> find_received(const std::string& location);
    ResponseHead send_manifest(const std::string& reference, const std::string& media_type, const std::string& body);
    void expect(const ResponseHead& head, long status);

    Client& client_;
    Http http_;
    std::string begun_; ///< an upload that a refused mount has opened
};

} // namespace lib::registry
