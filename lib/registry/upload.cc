// See lib/registry/upload.h.
#include "lib/registry/upload.h"

#include "base/error.h"
#include "lib/registry/referrers.h"
#include "lib/registry/retry.h"
#include "storage/digest.h"

#include <charconv>
#include <utility>

namespace lib::registry {
namespace {

constexpr const char* bytes_type = "Content-Type: application/octet-stream";

std::string with_digest(const std::string& location, const oci::Digest& digest) {
    return cat(location, location.find('?') == std::string::npos ? '?' : '&', "digest=", query_escape(digest.str()));
}

/// N of "0-N", what the registry has received; nullopt for anything else.
std::optional<std::uint64_t> find_range_end(std::string_view range) {
    if (range.starts_with("bytes=")) range.remove_prefix(6);
    const auto dash = range.find('-');
    if (dash == std::string_view::npos || range.substr(0, dash) != "0") return std::nullopt;
    std::uint64_t end = 0;
    range.remove_prefix(dash + 1);
    const auto [stop, error] = std::from_chars(range.data(), range.data() + range.size(), end);
    if (error != std::errc() || stop != range.data() + range.size()) return std::nullopt;
    return end;
}

} // namespace

void Uploader::expect(const ResponseHead& head, long status) {
    if (head.status != status) client_.fail(http_, head);
}

bool Uploader::has_blob(const oci::Digest& digest) {
    const ResponseHead head = client_.perform_with_retries(http_, {.method = "HEAD", .target = client_.path("blobs/" + digest.str())});
    if (head.status == 200) return true;
    if (head.status == 404) return false;
    client_.fail(http_, head);
}

/// Where an upload goes.
std::string Uploader::begin() {
    const ResponseHead head = client_.perform_with_retries(http_, {.method = "POST", .target = client_.path("blobs/uploads/")});
    expect(head, 202);
    std::string location = head.header("location");
    if (location.empty()) throw Error(client_.endpoint().host, ": does not say where to upload to");
    return location;
}

bool Uploader::try_mount(const oci::Digest& digest, const std::string& from_repository) {
    const std::string query = cat("?mount=", query_escape(digest.str()), "&from=", query_escape(from_repository));
    const ResponseHead head = client_.perform_with_retries(http_, {.method = "POST", .target = client_.path("blobs/uploads/" + query)});
    if (head.status == 202) begun_ = head.header("location"); // refused, and an upload begun instead
    return head.status == 201;
}

void Uploader::send_whole(const std::string& location, const oci::Digest& digest, std::uint64_t size, const OpenBytes& open) {
    const ResponseHead head = client_.perform(http_, {.method = "PUT", .target = with_digest(location, digest), .headers = {bytes_type},
                                                      .body = [&] { return open(0); }, .body_size = size});
    // Seen of docker-registry 2.8 once in a while, when two upload the same blob: a second upload is taken.
    if (head.status == 400)
        throw TransferError(TransferFailure::interrupted, cat(client_.endpoint().host, ": says that blob ", digest.str(), " did not arrive as it was sent"));
    expect(head, 201);
}

void Uploader::send_rest(std::string location, const oci::Digest& digest, std::uint64_t offset, std::uint64_t size, const OpenBytes& open) {
    if (offset < size) {
        const ResponseHead head = client_.perform(http_, {.method = "PATCH", .target = location,
                                                          .headers = {bytes_type, cat("Content-Range: ", offset, "-", size - 1)},
                                                          .body = [&] { return open(offset); }, .body_size = size - offset});
        expect(head, 202);
        if (const std::string next = head.header("location"); !next.empty()) location = next;
    }
    expect(client_.perform(http_, {.method = "PUT", .target = with_digest(location, digest), .headers = {bytes_type}}), 201);
}

/// How much of the upload the registry has; nullopt when it does not know of it any more.
std::optional<std::uint64_t> Uploader::find_received(const std::string& location) {
    const ResponseHead head = client_.perform_with_retries(http_, {.target = location});
    if (head.status != 204) return std::nullopt;
    const auto end = find_range_end(head.header("range"));
    return end ? *end + 1 : 0; // "0-0" may mean none or one byte; sending one twice is refused, and then all is sent anew
}

void Uploader::put_blob(const oci::Digest& digest, std::uint64_t size, const OpenBytes& open) {
    std::string location = std::exchange(begun_, {});
    std::uint64_t offset = 0;
    for (int failures = 0;;) {
        try {
            if (location.empty()) location = begin();
            if (offset == 0) send_whole(location, digest, size, open);
            else send_rest(location, digest, offset, size, open);
            return;
        } catch (const TransferError& e) {
            if (!wait_for_retry(client_.access(), ++failures, e)) throw;
        }
        const auto received = find_received(location);
        const bool usable = received && *received > 1 && *received <= size;
        if (usable && *received > offset) failures = 0;
        offset = usable ? *received : 0;
        if (!usable) location.clear();
    }
}

void Uploader::put_manifest(const std::string& reference, const std::string& media_type, const std::string& body) {
    const ResponseHead head = send_manifest(reference, media_type, body);
    const auto referrer = find_referrer(media_type, body, oci::Digest::parse(storage::sha256_digest(body)));
    if (!referrer || !head.header("oci-subject").empty()) return; // the registry keeps the list of referrers
    const auto index = with_referrer(fetch_referrers_index(client_, referrer->subject).value_or(""), *referrer);
    if (index) send_manifest(referrers_tag(referrer->subject), std::string(oci::media_type::oci_index), *index);
}

ResponseHead Uploader::send_manifest(const std::string& reference, const std::string& media_type, const std::string& body) {
    ResponseHead head = client_.perform_with_retries(http_, {.method = "PUT", .target = client_.path("manifests/" + reference),
                                                             .headers = {"Content-Type: " + media_type},
                                                             .body = [&] { return std::make_unique<TextSource>(body); }, .body_size = body.size()});
    expect(head, 201);
    return head;
}

} // namespace lib::registry
