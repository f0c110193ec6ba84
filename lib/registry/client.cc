// The registry client, see lib/registry/client.h.
#include "lib/registry/client.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/registry/auth.h"
#include "lib/registry/retry.h"
#include "storage/digest.h"

#include <array>
#include <thread>

namespace lib::registry {
namespace {

constexpr std::size_t manifest_limit = 4 << 20;
constexpr std::size_t token_limit = 1 << 20;
constexpr std::size_t error_limit = 64 << 10;
constexpr int most_redirects = 5;

bool is_redirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The registry's own words in {"errors": [{"code": …, "message": …}]}; empty where there are none.
std::string registry_words(std::string_view body) {
    try {
        const nlohmann::json document = oci::parse_json_text(body, "error");
        const auto errors = oci::Fields(document, "error").objects("errors");
        return errors.empty() ? "" : oci::printable(errors.front().text("message"));
    } catch (const Error&) {
        return {}; // not every proxy in between answers in JSON
    }
}

std::string accept_manifests() {
    return cat("Accept: ", oci::media_type::oci_index, ", ", oci::media_type::docker_list, ", ",
               oci::media_type::oci_manifest, ", ", oci::media_type::docker_manifest);
}

/// Calls `attempt` until it returns or fails for good.
template <class Attempt>
auto with_retries(const Attempt& attempt) {
    for (int failure = 1;; ++failure) {
        std::string retry_after;
        try {
            return attempt();
        } catch (const TransferError& e) {
            if (e.failure() != TransferFailure::interrupted || failure == most_attempts) throw;
            retry_after = e.retry_after();
        }
        std::this_thread::sleep_for(retry_pause(failure, retry_after));
    }
}

TransferError transient(const Url& url, const ResponseHead& head) {
    return {TransferFailure::interrupted, cat(url.origin(), ": status ", head.status), head.header("retry-after")};
}

} // namespace

Client::Client(Endpoint endpoint, const RegistriesConf& conf) : endpoint_(std::move(endpoint)), conf_(conf) {}

bool Client::is_insecure(const Url& url) const {
    const std::string with_port = cat(url.host, ":", url.port);
    return (endpoint_.insecure && (endpoint_.host == url.host || endpoint_.host == with_port)) || conf_.is_insecure(url.host)
           || conf_.is_insecure(with_port);
}

bool Client::may_be_clear(const Url& url) const { return is_loopback(url.host) || is_insecure(url); }

std::string Client::token() const {
    const std::lock_guard lock(mutex_);
    return token_;
}

/// https where somebody answers it, http where that is allowed and nobody does.
Url Client::probe(Http& http) {
    auto url = find_url("https://" + endpoint_.host + "/v2/");
    if (!url) throw Error("\"", oci::printable(endpoint_.host), "\" is not a registry's address");
    try {
        with_retries([&] { return http.get({*url, {}, !is_insecure(*url)}).status; });
        return *url;
    } catch (const TransferError& e) {
        if (e.failure() == TransferFailure::certificate || !may_be_clear(*url)) throw;
    }
    url = find_url("http://" + endpoint_.host + "/v2/");
    with_retries([&] { return http.get({*url, {}, true}).status; });
    return *url;
}

/// The base URL, found out by the first thread that asks while the others wait.
Url Client::base(Http& http) {
    const std::lock_guard lock(mutex_);
    if (!base_) base_ = probe(http);
    return *base_;
}

std::string Client::fetch_token(Http& http, const Url& url) {
    return with_retries([&] {
        const ResponseHead head = http.get({url, {}, !is_insecure(url)});
        if (is_transient_status(head.status)) throw transient(url, head);
        if (is_redirect(head.status)) throw Error("token server ", url.origin(), ": redirects, which is refused");
        if (head.status != 200)
            throw Error("token server ", url.origin(), ": status ", head.status, " ", registry_words(http.read_body(error_limit)));
        return parse_token(http.read_body(token_limit));
    });
}

/// Answers a 401. Another thread may have done so already: then its token is used.
void Client::renew_token(Http& http, const ResponseHead& refused, const std::string& old_token) {
    const std::lock_guard lock(mutex_);
    if (token_ != old_token) return;
    const Url url = token_url(parse_challenges(refused.header("www-authenticate")), endpoint_.repository);
    if (url.scheme != "https" && (base_->scheme == "https" || !may_be_clear(url)))
        throw Error("the registry asks for a token from ", url.origin(), ", which is not https: refused");
    token_ = fetch_token(http, url);
}

/// One GET and the redirects it leads to.
ResponseHead Client::follow(Http& http, Url url, const std::vector<std::string>& headers) {
    const std::string origin = url.origin();
    const std::string bearer = token();
    for (int hop = 0;; ++hop) {
        HttpRequest request{url, headers, !is_insecure(url)};
        if (!bearer.empty() && url.origin() == origin) request.headers.push_back("Authorization: Bearer " + bearer);
        const ResponseHead head = http.get(request);
        if (!is_redirect(head.status)) {
            if (head.status == 401 && hop > 0) throw Error(url.origin(), ": refuses what ", origin, " redirected to it");
            return head;
        }
        if (hop == most_redirects) throw Error(origin, ": redirects more than ", most_redirects, " times");
        const auto next = resolve_location(url, head.header("location"));
        if (!next) throw Error(origin, ": redirects to \"", oci::printable(head.header("location")), "\", which is no URL");
        if (next->scheme != "https" && (url.scheme == "https" || !may_be_clear(*next)))
            throw Error(origin, ": redirects to ", next->origin(), ", which is not https: refused");
        url = *next;
    }
}

void Client::fail(Http& http, const ResponseHead& head, const Url& url) const {
    std::string words = registry_words(http.read_body(error_limit));
    if (!words.empty()) words.insert(0, ": ");
    if (head.status == 404) throw Error("not found in the registry", words);
    if (head.status == 401 || head.status == 403)
        throw Error("access denied; it does not exist or needs a login, which is not supported yet", words);
    throw Error(url.origin(), ": status ", head.status, words);
}

/// With a fresh token where the old one is refused.
ResponseHead Client::open(Http& http, const std::string& what, const std::vector<std::string>& headers) {
    Url url = base(http);
    url.target = "/v2/" + endpoint_.repository + "/" + what;
    const std::string old_token = token();
    ResponseHead head = follow(http, url, headers);
    if (head.status == 401) {
        renew_token(http, head, old_token);
        head = follow(http, url, headers);
    }
    if (head.status == 200 || head.status == 206) return head;
    if (is_transient_status(head.status)) throw transient(url, head);
    fail(http, head, url);
}

Client::FetchedManifest Client::fetch_manifest(const std::string& tag_or_digest) {
    Http http;
    return with_retries([&] {
        const ResponseHead head = open(http, "manifests/" + tag_or_digest, {accept_manifests()});
        std::string body = http.read_body(manifest_limit);
        const oci::Digest digest = oci::Digest::parse(storage::sha256_digest(body));
        const auto wanted = oci::Digest::find(tag_or_digest);
        const auto claimed = oci::Digest::find(head.header("docker-content-digest"));
        for (const auto& expected : {wanted, claimed})
            if (expected && *expected != digest)
                throw Error("manifest ", tag_or_digest, ": the registry sent content with digest ", digest.str(), " for ",
                            expected->str());
        return FetchedManifest{std::move(body), head.header("content-type"), digest};
    });
}

std::string Client::fetch_blob(const oci::Descriptor& descriptor, std::size_t limit) {
    if (descriptor.size > limit) throw Error("blob ", descriptor.digest.str(), ": larger than ", limit, " bytes");
    BlobStream stream(*this, descriptor, 0);
    std::string body;
    std::array<std::byte, 16 << 10> chunk;
    while (const std::size_t count = stream.read(chunk)) body.append(reinterpret_cast<const char*>(chunk.data()), count);
    if (storage::sha256_digest(body) != descriptor.digest.str())
        throw Error("blob ", descriptor.digest.str(), ": the registry sent content with another digest");
    return body;
}

std::unique_ptr<BlobStream> Client::open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) {
    return std::make_unique<BlobStream>(*this, descriptor, offset);
}

BlobStream::BlobStream(Client& client, const oci::Descriptor& descriptor, std::uint64_t offset)
    : client_(client), digest_(descriptor.digest), size_(descriptor.size), position_(offset) {}

void BlobStream::skip(std::uint64_t count) {
    std::array<std::byte, 16 << 10> chunk;
    while (count > 0) {
        const std::size_t part = http_.read(std::span(chunk).first(std::min<std::uint64_t>(count, chunk.size())));
        if (part == 0) throw TransferError(TransferFailure::interrupted, cat("blob ", digest_.str(), ": truncated"));
        count -= part;
    }
}

void BlobStream::open() {
    std::vector<std::string> headers;
    if (position_ > 0) headers.push_back(cat("Range: bytes=", position_, "-"));
    const ResponseHead head = client_.open(http_, "blobs/" + digest_.str(), headers);
    if (head.status == 200) {
        skip(position_);
    } else if (find_range_start(head.header("content-range")) != position_) {
        throw Error("blob ", digest_.str(), ": the registry sent another range than asked for");
    }
    open_ = true;
}

std::size_t BlobStream::read(std::span<std::byte> into) {
    if (into.empty()) return 0;
    while (true) {
        if (position_ == size_ && !open_) return 0; // an empty blob, or one that was complete already
        std::string retry_after;
        try {
            if (!open_) open();
            const std::size_t count = http_.read(into);
            if (count > size_ - position_)
                throw Error("blob ", digest_.str(), ": the registry sends more than the ", size_, " bytes of its descriptor");
            if (count == 0 && position_ < size_)
                throw TransferError(TransferFailure::interrupted, cat("blob ", digest_.str(), ": ends after ", position_, " of ", size_, " bytes"));
            position_ += count;
            failures_ = count > 0 ? 0 : failures_;
            return count;
        } catch (const TransferError& e) {
            open_ = false;
            if (e.failure() != TransferFailure::interrupted || ++failures_ == most_attempts) throw;
            retry_after = e.retry_after();
        }
        std::this_thread::sleep_for(retry_pause(failures_, retry_after));
    }
}

} // namespace lib::registry
