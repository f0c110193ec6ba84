// Speaking to a registry by the OCI distribution specification. What is sent there is in lib/registry/upload.h.
//
// Theory of operation
//
// Aims. Fetch manifests and blobs of one repository, over https, as anybody or as the user; survive a flaky network; give
// nothing away.
// Non-aims: choosing among mirrors and finding credentials, which the caller does.
//
// Actors. A Client is shared by the threads of one command: it knows the registry's base URL and how we prove who we are.
// Each request is made on an Http, which belongs to one thread. A BlobStream owns its Http and reads one blob.
//
// The way to the registry. https is always tried first. Plain http follows only where the registry is on loopback or
// marked insecure in registries.conf, and only when https met nobody or somebody who does not speak TLS: a certificate
// that cannot be verified is an error everywhere (security.md E8, E9). GET /v2/ decides, and brings the challenge along.
//
// Who may be told what. Redirects are followed by hand, five at most: never from https to http, never to plain http on a
// host that may not be spoken to in the clear; the Authorization header goes to the registry's origin and no other (E7).
// Where the password may go is said in lib/registry/auth.h.
//
// What is believed. Nothing but bytes whose digest was asked for: a manifest asked for by digest must have it; one asked
// for by tag must have the one the registry claims, if it claims one; blobs are verified by whoever reads the stream.
//
// Failure. Time-outs, resets, truncated bodies, 408, 429 and 5xx are tried again with growing pauses (Retry-After is
// honoured up to 30 s). A broken blob goes on where it stopped, by Range; a server that answers 200 to that is read from
// the start with the known part skipped. Access::attempts failures without a byte of progress in between are an Error.
#pragma once

#include "base/oci/manifest.h"
#include "lib/registry/access.h"
#include "lib/registry/auth.h"
#include "lib/registry/http.h"
#include "storage/byte_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

class BlobStream;

/// A request to the registry, as often as it takes.
struct Call {
    std::string method = "GET";
    std::string target;                 ///< "/v2/…"; or an absolute URL, where an answer said so
    std::vector<std::string> headers{};
    std::function<std::unique_ptr<storage::ByteSource>()> body{}; ///< made anew for every attempt
    std::uint64_t body_size = 0;
};

class Client {
public:
    /// Asks nobody yet. `access` must outlive this.
    Client(Endpoint endpoint, const Access& access, Scopes scopes);

    struct FetchedManifest {
        std::string body;         ///< exact bytes
        std::string content_type;
        oci::Digest digest;       ///< of the body, computed here
    };
    /// Throws Error, which does not repeat the name, when there is none or it may not be pulled.
    FetchedManifest fetch_manifest(const std::string& tag_or_digest);

    /// A small blob (a config), whole and verified.
    std::string fetch_blob(const oci::Descriptor& descriptor, std::size_t limit);

    /// The blob from `offset` bytes on; nothing is requested before the first read. The client must outlive it.
    std::unique_ptr<BlobStream> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset);

    /// A JSON document and where its next page is: {"tags": […]}, {"repositories": […]}. Throws Error unless the status is 200.
    struct Page {
        std::string body;
        std::string next; ///< target of the next page; empty: none
    };
    Page fetch_page(const std::string& target);

    /// Proves to the registry who we are; an Error says that it does not believe it.
    void log_in();

    /// One attempt, with a fresh token where the old one is refused: the head of a response, whatever its status. Throws
    /// TransferError for those that ask for another attempt. Any thread.
    ResponseHead perform(Http& http, const Call& call);
    /// perform(), again and again as Access says.
    ResponseHead perform_with_retries(Http& http, const Call& call);
    /// Throws the Error that a status and the registry's words in the body come to.
    [[noreturn]] void fail(Http& http, const ResponseHead& head) const;

    std::string path(const std::string& what) const { return cat("/v2/", endpoint_.repository, "/", what); }
    const Endpoint& endpoint() const noexcept { return endpoint_; }
    const Access& access() const noexcept { return access_; }

private:
    friend class BlobStream;

    ResponseHead open(Http& http, const std::string& what, const std::vector<std::string>& headers);
    ResponseHead follow(Http& http, Url url, const Call& call);
    Url resolve(Http& http, const std::string& target);
    Url base(Http& http);
    Url probe(Http& http);
    Url probe_clear(Http& http);
    [[noreturn]] void explain(const TransferError& error, const Url& url) const;
    std::string authorization() const;
    void renew_authorization(Http& http, const ResponseHead& refused, const std::string& old);
    std::string answer(Http& http, const std::vector<Challenge>& challenges, const std::string& old);
    std::string fetch_token(Http& http, const Challenge& bearer);
    bool may_be_clear(const Url& url) const;
    bool is_insecure(const Url& url) const;
    bool is_own(const Url& url) const;
    HttpRequest request(const Url& url) const;

    Endpoint endpoint_;
    const Access& access_;
    const Scopes scopes_;
    mutable std::mutex mutex_; ///< guards what follows
    std::optional<Url> base_;
    std::string authorization_; ///< the header's value; empty: none needed so far
};

/// One blob, resumed as often as the network demands. Delivers descriptor.size bytes or throws; the digest is the reader's.
class BlobStream : public storage::ByteSource {
public:
    BlobStream(Client& client, const oci::Descriptor& descriptor, std::uint64_t offset);
    std::size_t read(std::span<std::byte> into) override;

private:
    void open();
    void skip(std::uint64_t count);

    Client& client_;
    oci::Digest digest_;
    std::uint64_t size_;
    std::uint64_t position_; ///< bytes of the blob delivered, the offset included
    Http http_;
    bool open_ = false;
    int failures_ = 0; ///< since the last byte of progress
};

} // namespace lib::registry
