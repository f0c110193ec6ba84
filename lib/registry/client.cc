// The registry client, see lib/registry/client.h.
#include "lib/registry/client.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/registry/retry.h"
#include "storage/digest.h"

#include <array>

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

/// What a limit's own headers say ("100;w=21600"), for the error that explains it.
std::string limit_words(const ResponseHead& head) {
    std::string words = "too many requests; the registry limits how many are allowed in a time";
    if (const std::string limit = head.header("ratelimit-limit"); !limit.empty()) words += cat(" (limit ", oci::printable(limit), ")");
    if (const std::string after = head.header("retry-after"); !after.empty()) words += cat(" and asks to wait (Retry-After: ", oci::printable(after), ")");
    return words + ": try again later, or log in, which raises the limit at most registries";
}

TransferError transient(const Url& url, const ResponseHead& head) {
    return {TransferFailure::interrupted, cat(url.origin(), ": status ", head.status, head.status == 429 ? ", " + limit_words(head) : ""),
            head.header("retry-after")};
}

} // namespace

Client::Client(Endpoint endpoint, const Access& access, Scopes scopes)
    : endpoint_(std::move(endpoint)), access_(access), scopes_(std::move(scopes)) {}

/// Whether the URL is on the registry's host.
bool Client::is_own(const Url& url) const {
    return endpoint_.host == url.host || endpoint_.host == cat(url.host, ":", url.port);
}

bool Client::is_insecure(const Url& url) const { return (endpoint_.insecure && is_own(url)) || access_.is_insecure(url); }

bool Client::may_be_clear(const Url& url) const {
    return (access_.clear_on_loopback && is_loopback(url.host)) || is_insecure(url);
}

HttpRequest Client::request(const Url& url) const {
    HttpRequest request;
    request.url = url;
    request.verify_tls = !is_insecure(url);
    request.tls = find_tls_identity(access_, url, is_own(url));
    return request;
}

std::string Client::authorization() const {
    const std::lock_guard lock(mutex_);
    return authorization_;
}

/// Throws the failure of a TLS connection again, with what can be done where that is known. The texts are OpenSSL's.
void Client::explain(const TransferError& error, const Url& url) const {
    const std::string why = error.what();
    const auto says = [&](const char* text) { return why.find(text) != std::string::npos; };
    if (error.failure() == TransferFailure::certificate && (says("issuer certificate") || says("self-signed") || says("self signed")))
        throw TransferError(error.failure(), why + authority_advice(access_, url));
    if (error.failure() == TransferFailure::not_tls && says("wrong version number"))
        throw TransferError(error.failure(), cat(url.origin(), ": the registry speaks plain http, and https is asked for; --tls-verify=false, or "
                                                 "insecure = true for it in registries.conf, allows that"));
    throw error;
}

/// https where somebody answers it, http where that is allowed and nobody does.
Url Client::probe(Http& http) {
    auto url = find_url("https://" + endpoint_.host + "/v2/");
    if (!url) throw Error("\"", oci::printable(endpoint_.host), "\" is not a registry's address");
    try {
        with_retries(access_, [&] { return http.send(request(*url)).status; });
        return *url;
    } catch (const TransferError& e) {
        const bool is_answer = e.failure() == TransferFailure::certificate || e.failure() == TransferFailure::nameless; // http would not change it
        if (!is_answer && may_be_clear(*url)) return probe_clear(http);
        explain(e, *url);
    }
}

Url Client::probe_clear(Http& http) {
    const auto url = find_url("http://" + endpoint_.host + "/v2/");
    with_retries(access_, [&] { return http.send(request(*url)).status; });
    return *url;
}

/// The base URL, found out by the first thread that asks while the others wait.
Url Client::base(Http& http) {
    const std::lock_guard lock(mutex_);
    if (!base_) base_ = probe(http);
    return *base_;
}

std::string Client::fetch_token(Http& http, const Challenge& bearer) {
    const Credentials& user = endpoint_.credentials;
    const Url url = token_url(bearer, user.identity_token.empty() ? scopes_ : Scopes{}, user.none() ? "" : user.username);
    if (url.scheme != "https" && (base_->scheme == "https" || !may_be_clear(url)))
        throw Error("the registry asks for a token from ", url.origin(), ", which is not https: refused");
    HttpRequest wanted = request(url);
    if (!user.none() && !may_have_password(*base_, url))
        throw Error("the registry asks to send the password to ", url.origin(), ", which is no host of its own: refused");
    if (!user.password.empty()) wanted.headers.push_back("Authorization: " + basic_authorization(user));
    const std::string form = user.identity_token.empty() ? "" : token_form(bearer, scopes_, user.identity_token);
    if (!form.empty()) {
        wanted.url.target = wanted.url.target.substr(0, wanted.url.target.find('?'));
        wanted.method = "POST";
        wanted.headers.push_back("Content-Type: application/x-www-form-urlencoded");
        wanted.body_size = form.size();
    }
    return with_retries(access_, [&] {
        TextSource body(form);
        if (!form.empty()) wanted.body = &body;
        const ResponseHead head = http.send(wanted);
        if (is_transient_status(head.status)) throw transient(url, head);
        if (is_redirect(head.status)) throw Error("token server ", url.origin(), ": redirects, which is refused");
        if ((head.status == 401 || head.status == 403) && !user.none()) throw LoginRefused(endpoint_.host);
        if (head.status != 200)
            throw Error("token server ", url.origin(), ": status ", head.status, " ", registry_words(http.read_body(error_limit)));
        return parse_token(http.read_body(token_limit));
    });
}

/// The Authorization header that the challenges ask for.
std::string Client::answer(Http& http, const std::vector<Challenge>& challenges, const std::string& old) {
    const Credentials& user = endpoint_.credentials;
    const Challenge* const bearer = find_challenge(challenges, "bearer");
    if (!user.registry_token.empty()) {
        const std::string given = "Bearer " + checked_token(user.registry_token);
        if (bearer == nullptr || given == old) throw LoginRefused(endpoint_.host);
        return given;
    }
    if (bearer != nullptr) return "Bearer " + fetch_token(http, *bearer);
    if (find_challenge(challenges, "basic") == nullptr) {
        const std::string scheme = challenges.empty() ? "nothing we know" : challenges.front().scheme;
        throw Error("the registry asks for a login of a kind that is not supported: ", oci::printable(scheme));
    }
    if (user.none()) throw Error("the registry asks for a login: ctl login ", endpoint_.host);
    if (!user.identity_token.empty())
        throw Error("the registry asks for a password, but there is only an identity token in the credential file: ctl login ", endpoint_.host);
    const std::string basic = basic_authorization(user);
    if (basic == old) throw LoginRefused(endpoint_.host);
    return basic;
}

/// Answers a 401. Another thread may have done so already: then its answer is used.
void Client::renew_authorization(Http& http, const ResponseHead& refused, const std::string& old) {
    const std::lock_guard lock(mutex_);
    if (authorization_ != old) return;
    authorization_ = answer(http, parse_challenges(refused.header("www-authenticate")), old);
}

/// One request and the redirects it leads to; those of what is sent are not followed.
ResponseHead Client::follow(Http& http, Url url, const Call& call) {
    const std::string origin = base(http).origin();
    const std::string credential = authorization();
    for (int hop = 0;; ++hop) {
        HttpRequest wanted = request(url);
        wanted.method = call.method;
        wanted.headers = call.headers;
        if (!credential.empty() && url.origin() == origin) wanted.headers.push_back("Authorization: " + credential);
        const auto body = call.body ? call.body() : nullptr;
        wanted.body = body.get();
        wanted.body_size = call.body_size;
        const ResponseHead head = http.send(wanted);
        const bool reads = call.method == "GET" || call.method == "HEAD";
        if (!is_redirect(head.status) || !reads) {
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

void Client::fail(Http& http, const ResponseHead& head) const {
    std::string words = registry_words(http.read_body(error_limit));
    if (!words.empty()) words.insert(0, ": ");
    if (head.status == 404) throw Error("not found in the registry", words);
    if (head.status == 401 || head.status == 403) {
        const Credentials& user = endpoint_.credentials;
        if (head.status == 401 && authorization().starts_with("Basic ")) throw LoginRefused(endpoint_.host);
        if (user.none()) throw Error("access denied; it does not exist or needs a login: ctl login ", endpoint_.host, words);
        throw Error("access denied to ", user.username.empty() ? "the user logged in" : "user " + oci::printable(user.username), words);
    }
    throw Error(endpoint_.host, ": status ", head.status, words);
}

/// A path of the registry, or where an answer of its led: judged as a redirect is.
Url Client::resolve(Http& http, const std::string& target) {
    const Url start = base(http);
    const auto url = resolve_location(start, target);
    if (!url) throw Error(start.origin(), ": leads to \"", oci::printable(target), "\", which is no URL");
    if (url->scheme != "https" && (start.scheme == "https" || !may_be_clear(*url)))
        throw Error(start.origin(), ": leads to ", url->origin(), ", which is not https: refused");
    return *url;
}

ResponseHead Client::perform(Http& http, const Call& call) {
    const Url url = resolve(http, call.target);
    const std::string old = authorization();
    ResponseHead head = follow(http, url, call);
    if (head.status == 401) {
        renew_authorization(http, head, old);
        head = follow(http, url, call);
    }
    if (is_transient_status(head.status)) throw transient(url, head);
    return head;
}

ResponseHead Client::perform_with_retries(Http& http, const Call& call) {
    return with_retries(access_, [&] { return perform(http, call); });
}

ResponseHead Client::open(Http& http, const std::string& what, const std::vector<std::string>& headers) {
    ResponseHead head = perform(http, {.target = path(what), .headers = headers});
    if (head.status == 200 || head.status == 206) return head;
    fail(http, head);
}

void Client::log_in() {
    Http http;
    const ResponseHead head = perform_with_retries(http, {.target = "/v2/"});
    if (head.status == 401 || head.status == 403) throw LoginRefused(endpoint_.host);
    if (head.status != 200) fail(http, head);
}

Client::Page Client::fetch_page(const std::string& target) {
    Http http;
    return with_retries(access_, [&] {
        const ResponseHead head = perform(http, {.target = target});
        if (head.status != 200) fail(http, head);
        Page page{http.read_body(manifest_limit), {}};
        // Link: </v2/_catalog?last=x&n=100>; rel="next" (distribution-spec, pagination)
        const std::string link = head.header("link");
        const auto begin = link.find('<'), end = link.find('>');
        if (begin != std::string::npos && end != std::string::npos && begin < end && link.find("next", end) != std::string::npos)
            page.next = link.substr(begin + 1, end - begin - 1);
        return page;
    });
}

Client::FetchedManifest Client::fetch_manifest(const std::string& tag_or_digest) {
    Http http;
    return with_retries(access_, [&] {
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
            if (!wait_for_retry(client_.access(), ++failures_, e)) throw;
        }
    }
}

} // namespace lib::registry
