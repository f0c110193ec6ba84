// HTTP over libcurl, as a stream one reads from. The only file that knows curl.
//
// One Http belongs to one thread and keeps its connections for the next request. Redirects are not followed here: who
// may be redirected where, with what headers, is the caller's decision (security.md E7).
#pragma once

#include "base/error.h"
#include "lib/registry/url.h"
#include "storage/byte_source.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

/// Why a transfer came to nothing. Http throws none for a response with an error status; Client does for those that ask
/// for another attempt.
enum class TransferFailure {
    nameless,    ///< the name does not resolve
    unreachable, ///< nobody listens
    not_tls,     ///< somebody listens who does not speak TLS
    certificate, ///< TLS, but not with a peer we may trust
    interrupted, ///< time-out, reset, truncated, overloaded: another attempt may work
};

class TransferError : public Error {
public:
    TransferError(TransferFailure failure, const std::string& message, std::string retry_after = {})
        : Error(message), failure_(failure), retry_after_(std::move(retry_after)) {}
    TransferFailure failure() const noexcept { return failure_; }
    const std::string& retry_after() const noexcept { return retry_after_; } ///< the server's header, mostly empty

private:
    TransferFailure failure_;
    std::string retry_after_;
};

/// Whom to trust beyond the system's certificates, and how to prove who we are.
struct TlsIdentity {
    std::string authorities;      ///< PEM, possibly several; empty: the system's alone
    std::string certificate_file; ///< PEM of ours; empty: none
    std::string key_file;
};

struct HttpRequest {
    std::string method = "GET";
    Url url;
    std::vector<std::string> headers{}; ///< "Name: value"
    bool verify_tls = true;             ///< false only for registries marked insecure
    TlsIdentity tls{};
    storage::ByteSource* body = nullptr; ///< what PUT, PATCH and POST send; must outlive the request
    std::uint64_t body_size = 0;
};

struct ResponseHead {
    long status = 0;
    std::multimap<std::string, std::string> headers; ///< names in lower case

    /// The first value, empty where there is none.
    std::string header(const std::string& name) const;
};

class Http {
public:
    Http();
    ~Http();

    /// Sends the request and waits for the head of the response. A request still being read from is given up. Throws
    /// TransferError, and what reading the body throws.
    const ResponseHead& send(const HttpRequest& request);
    /// The body, up to into.size() bytes; 0 at its end. Throws TransferError when the connection breaks before.
    std::size_t read(std::span<std::byte> into);
    /// The whole body; Error above `limit` bytes.
    std::string read_body(std::size_t limit);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Passes a text as a request's body.
class TextSource : public storage::ByteSource {
public:
    explicit TextSource(std::string_view text) : rest_(text) {}
    std::size_t read(std::span<std::byte> into) override;

private:
    std::string_view rest_;
};

/// Once per process, before any thread; never undone.
void initialise_http();

} // namespace lib::registry
