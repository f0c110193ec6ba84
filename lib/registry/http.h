// HTTP over libcurl, as a stream one reads from. The only file that knows curl.
//
// One Http belongs to one thread and keeps its connections for the next request. Redirects are not followed here: who
// may be redirected where, with what headers, is the caller's decision (security.md E7).
#pragma once

#include "base/error.h"
#include "lib/registry/url.h"

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lib::registry {

/// Why a transfer came to nothing. Http throws none for a response with an error status; Client does for those that ask
/// for another attempt.
enum class TransferFailure {
    unreachable, ///< the name does not resolve or nobody listens
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

struct HttpRequest {
    Url url;
    std::vector<std::string> headers; ///< "Name: value"
    bool verify_tls = true;           ///< false only for registries marked insecure
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

    /// Sends a GET and waits for the head of the response. A request still being read from is given up. Throws TransferError.
    const ResponseHead& get(const HttpRequest& request);
    /// The body, up to into.size() bytes; 0 at its end. Throws TransferError when the connection breaks before.
    std::size_t read(std::span<std::byte> into);
    /// The whole body; Error above `limit` bytes.
    std::string read_body(std::size_t limit);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Once per process, before any thread; never undone.
void initialise_http();

} // namespace lib::registry
