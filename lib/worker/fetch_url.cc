// See lib/worker/fetch_url.h.
#include "lib/worker/fetch_url.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/image_worker.h"
#include "lib/registry/http.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace lib::worker {
namespace {

using registry::Url;

constexpr int most_redirects = 10;

bool is_redirect(long status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

Url next_url(const Url& from, const std::string& location) {
    const auto next = registry::resolve_location(from, location);
    if (!next) throw Error(from.origin(), ": redirects to \"", oci::printable(location), "\", which is no URL");
    if (from.scheme == "https" && next->scheme != "https") throw Error(from.origin(), ": redirects to ", next->origin(), ", which is not https: refused");
    return *next;
}

/// Until a body comes; its length, 0 where the server does not say.
std::uint64_t open_body(registry::Http& http, Url url) {
    for (int hop = 0; hop <= most_redirects; ++hop) {
        const registry::ResponseHead& head = http.send({.url = url});
        if (head.status == 200) return std::strtoull(head.header("content-length").c_str(), nullptr, 10);
        if (!is_redirect(head.status)) throw Error(url.origin(), ": status ", head.status);
        url = next_url(url, head.header("location"));
    }
    throw Error(url.origin(), ": redirects more than ", most_redirects, " times");
}

} // namespace

nlohmann::json fetch_url(const nlohmann::json& request, Report& report) {
    const std::string text = oci::Fields(request, "the request").required_text("url");
    const auto url = registry::find_url(text);
    if (!url) throw Error("\"", oci::printable(text), "\" is no URL");
    registry::Http http;
    const std::uint64_t length = open_body(http, *url);
    std::uint64_t done = 0;
    std::vector<std::byte> chunk(256 << 10);
    while (const std::size_t count = http.read(chunk)) {
        sys::write_all(worker_extra_fd, {reinterpret_cast<const char*>(chunk.data()), count}, "write what was fetched");
        done += count;
        report.layer(url->host, LayerState::downloading, done, length);
    }
    report.layer(url->host, LayerState::done, done, done);
    return {{"size", done}};
}

} // namespace lib::worker
