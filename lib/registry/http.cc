// HTTP over libcurl, see lib/registry/http.h.
#include "lib/registry/http.h"

#include "base/files.h"
#include "base/version.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

namespace lib::registry {
namespace {

constexpr std::size_t buffer_high = 1 << 20; ///< bytes read ahead of the consumer before the connection is paused
constexpr std::size_t head_limit = 256 << 10;
constexpr long connect_seconds = 30;
constexpr long stall_seconds = 60; ///< without a byte

struct ListCloser {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListCloser>;

TransferFailure failure_of(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return TransferFailure::nameless;
    case CURLE_COULDNT_CONNECT: return TransferFailure::unreachable;
    case CURLE_SSL_CONNECT_ERROR: return TransferFailure::not_tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return TransferFailure::certificate;
    default: return TransferFailure::interrupted;
    }
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

/// What to add where it is the proxy that failed: curl's text names its host as if it were the registry's. The variable's value may
/// have a password in it.
std::string proxy_words(CURLcode code, const std::string& why, const Url& url) {
    const bool elsewhere = code == CURLE_COULDNT_CONNECT && why.find(cat("to ", url.host, " port ")) == std::string::npos;
    if (code != CURLE_COULDNT_RESOLVE_PROXY && !elsewhere && why.find("CONNECT tunnel") == std::string::npos) return {};
    const bool tls = url.scheme == "https";
    for (const char* name : {tls ? "https_proxy" : "http_proxy", tls ? "HTTPS_PROXY" : "http_proxy", "all_proxy", "ALL_PROXY"})
        if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
            return cat("; this is the proxy that ", name, tls || name[0] != 'h' ? "" : " or HTTP_PROXY", " names: correct or unset the variable, or name the registry's host in no_proxy");
    return {};
}

void check(CURLcode code) {
    if (code != CURLE_OK) throw Error("libcurl: ", curl_easy_strerror(code));
}

} // namespace

/// The transfer in progress. curl calls back from curl_multi_perform only, so everything happens on the owner's thread.
struct Http::State {
    CURLM* multi = curl_multi_init();
    CURL* easy = curl_easy_init();
    List headers;
    std::string url;
    Url target;
    ResponseHead head;
    std::size_t head_bytes = 0;
    bool head_complete = false;
    std::string buffer;    ///< received; what is before `taken` has been read
    std::size_t taken = 0;
    bool paused = false;
    bool running = false; ///< the easy handle is in the multi handle
    CURLcode result = CURLE_OK;
    storage::ByteSource* body = nullptr;
    std::exception_ptr body_error; ///< what reading the body threw
    char message[CURL_ERROR_SIZE] = {};

    State() {
        if (multi == nullptr || easy == nullptr) throw Error("libcurl: cannot be initialised");
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        stop();
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }

    void stop() noexcept {
        if (running) curl_multi_remove_handle(multi, easy);
        running = false;
    }

    void start(const HttpRequest& request);
    void set_method(const HttpRequest& request);
    void set_tls(const HttpRequest& request);
    void step();
    void check_result() const;
    void finish_from_messages();
    std::size_t waiting() const noexcept { return buffer.size() - taken; }
    void add_header_line(std::string_view line);

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_send(char* data, std::size_t, std::size_t size, void* self) noexcept;
};

void Http::State::add_header_line(std::string_view line) {
    if (line.starts_with("HTTP/")) { // of the final response, after those of a 1xx or of a proxy
        head = {};
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    head.headers.emplace(std::move(name), trimmed(line.substr(colon + 1)));
}

std::size_t Http::State::on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& state = *static_cast<State*>(self);
    try {
        state.head_bytes += size;
        if (state.head_bytes > head_limit) return 0;
        state.add_header_line({data, size});
        return size;
    } catch (const std::bad_alloc&) {
        return 0; // curl ends the transfer with CURLE_WRITE_ERROR
    }
}

std::size_t Http::State::on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& state = *static_cast<State*>(self);
    state.head_complete = true;
    if (state.waiting() >= buffer_high) {
        state.paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    try {
        if (state.taken == state.buffer.size()) {
            state.buffer.clear();
            state.taken = 0;
        }
        state.buffer.append(data, size);
        return size;
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

std::size_t Http::State::on_send(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& state = *static_cast<State*>(self);
    try {
        return state.body->read(std::as_writable_bytes(std::span(data, size)));
    } catch (...) {
        state.body_error = std::current_exception();
        return CURL_READFUNC_ABORT;
    }
}

void Http::State::set_method(const HttpRequest& request) {
    body = request.body;
    body_error = nullptr;
    if (request.method == "HEAD") {
        check(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
    } else if (request.method != "GET") {
        check(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str()));
        if (body == nullptr) {
            check(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ""));
            check(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L));
            return;
        }
        check(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
        check(curl_easy_setopt(easy, CURLOPT_READFUNCTION, &State::on_send));
        check(curl_easy_setopt(easy, CURLOPT_READDATA, this));
        check(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body_size)));
        check(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10));
    }
}

void Http::State::set_tls(const HttpRequest& request) {
    check(curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)));
    check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify_tls ? 1L : 0L));
    check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify_tls ? 2L : 0L));
    // OpenSSL's own variables, which libcurl overrides by the bundle it was built with.
    const char* file = std::getenv("SSL_CERT_FILE");
    if (file != nullptr) check(curl_easy_setopt(easy, CURLOPT_CAINFO, file));
    if (const char* dir = std::getenv("SSL_CERT_DIR")) check(curl_easy_setopt(easy, CURLOPT_CAPATH, dir));
    if (!request.tls.authorities.empty()) { // the blob takes the bundle's place, so the bundle goes into it
        if (file == nullptr) curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
        std::string all = request.tls.authorities;
        if (file != nullptr) all += "\n" + files::find(file).value_or("");
        curl_blob blob{all.data(), all.size(), CURL_BLOB_COPY};
        check(curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob));
    }
    if (request.tls.certificate_file.empty()) return;
    check(curl_easy_setopt(easy, CURLOPT_SSLCERT, request.tls.certificate_file.c_str()));
    check(curl_easy_setopt(easy, CURLOPT_SSLKEY, request.tls.key_file.c_str()));
}

void Http::State::start(const HttpRequest& request) {
    stop();
    curl_easy_reset(easy);
    head = {};
    head_bytes = 0;
    head_complete = paused = false;
    buffer.clear();
    taken = 0;
    result = CURLE_OK;
    message[0] = '\0';
    url = request.url.str();
    target = request.url;
    curl_slist* list = nullptr;
    for (const std::string& header : request.headers) {
        curl_slist* longer = curl_slist_append(list, header.c_str());
        if (longer == nullptr) {
            curl_slist_free_all(list);
            throw std::bad_alloc();
        }
        list = longer;
    }
    headers.reset(list);
    check(curl_easy_setopt(easy, CURLOPT_URL, url.c_str()));
    check(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request.url.scheme.c_str()));
    check(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get()));
    check(curl_easy_setopt(easy, CURLOPT_USERAGENT, cat("ctl/", ctl_version).c_str()));
    check(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    check(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_seconds));
    check(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L));
    check(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall_seconds));
    set_method(request);
    set_tls(request);
    check(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10));
    check(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message));
    check(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &State::on_header));
    check(curl_easy_setopt(easy, CURLOPT_HEADERDATA, this));
    check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &State::on_body));
    check(curl_easy_setopt(easy, CURLOPT_WRITEDATA, this));
    if (is_loopback(request.url.host)) check(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"));
    if (curl_multi_add_handle(multi, easy) != CURLM_OK) throw Error("libcurl: cannot start a transfer");
    running = true;
}

void Http::State::finish_from_messages() {
    int left = 0;
    while (const CURLMsg* done = curl_multi_info_read(multi, &left)) {
        if (done->msg != CURLMSG_DONE) continue;
        result = done->data.result;
        head_complete = true;
        stop();
    }
}

/// Lets curl work once, waiting for the network where there is nothing to do.
void Http::State::step() {
    if (paused && waiting() < buffer_high) {
        paused = false;
        curl_easy_pause(easy, CURLPAUSE_CONT);
    }
    int still_running = 0;
    CURLMcode code = curl_multi_perform(multi, &still_running);
    finish_from_messages();
    if (code == CURLM_OK && running && waiting() == 0) code = curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    if (code != CURLM_OK) throw Error("libcurl: ", curl_multi_strerror(code));
}

/// After what had come before the failure has been read: a resumed download starts behind it.
void Http::State::check_result() const {
    if (result == CURLE_OK || waiting() > 0) return;
    if (body_error) std::rethrow_exception(body_error);
    const std::string why = message[0] != '\0' ? message : curl_easy_strerror(result);
    throw TransferError(failure_of(result), cat(url.substr(0, url.find('?')), ": ", why, proxy_words(result, why, target)));
}

Http::Http() : state_(std::make_unique<State>()) {}
Http::~Http() = default;

std::string ResponseHead::header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string() : it->second;
}

const ResponseHead& Http::send(const HttpRequest& request) {
    state_->start(request);
    while (!state_->head_complete) state_->step();
    state_->check_result();
    curl_easy_getinfo(state_->easy, CURLINFO_RESPONSE_CODE, &state_->head.status);
    return state_->head;
}

std::size_t Http::read(std::span<std::byte> into) {
    while (state_->waiting() == 0 && state_->running) state_->step();
    state_->check_result();
    const std::size_t count = std::min(into.size(), state_->waiting());
    std::memcpy(into.data(), state_->buffer.data() + state_->taken, count);
    state_->taken += count;
    return count;
}

std::string Http::read_body(std::size_t limit) {
    std::string body;
    std::byte chunk[16 << 10];
    while (const std::size_t count = read(chunk)) {
        if (body.size() + count > limit) throw Error(state_->url, ": the answer is larger than ", limit, " bytes");
        body.append(reinterpret_cast<const char*>(chunk), count);
    }
    return body;
}

std::size_t TextSource::read(std::span<std::byte> into) {
    const std::size_t count = std::min(into.size(), rest_.size());
    std::memcpy(into.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
}

void initialise_http() { check(curl_global_init(CURL_GLOBAL_DEFAULT)); }

} // namespace lib::registry
