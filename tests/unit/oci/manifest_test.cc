#include "base/oci/manifest.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

namespace {

const std::string digest_a = "sha256:" + std::string(64, 'a');
const std::string digest_b = "sha256:" + std::string(64, 'b');

std::string descriptor(const std::string& type, const std::string& digest, const std::string& more = "") {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":7)" + more + "}";
}

std::string manifest(const std::string& head = R"("schemaVersion":2)", const std::string& tail = "") {
    return "{" + head + R"(,"config":)" + descriptor("application/vnd.oci.image.config.v1+json", digest_a) + R"(,"layers":[)"
           + descriptor("application/vnd.oci.image.layer.v1.tar+gzip", digest_b) + "]" + tail + "}";
}

std::string index(const std::string& entries, const std::string& head = R"("schemaVersion":2)") {
    return "{" + head + R"(,"manifests":[)" + entries + "]}";
}

std::string entry(const std::string& digest, const std::string& os, const std::string& architecture, const std::string& variant = "") {
    return descriptor(std::string(oci::media_type::oci_manifest), digest,
                      R"(,"platform":{"os":")" + os + R"(","architecture":")" + architecture + R"(","variant":")" + variant + R"("})");
}

std::string typed(std::string_view type) { return R"("schemaVersion":2,"mediaType":")" + std::string(type) + "\""; }

std::string failure(const std::string& text, std::string_view content_type = {}) {
    try {
        oci::parse_manifest_or_index(text, content_type);
    } catch (const Error& e) {
        return e.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("an image manifest is read, whatever a generic transport says") {
    for (std::string_view type : {std::string_view(""), oci::media_type::oci_manifest, std::string_view("application/json"),
                                  std::string_view("application/vnd.oci.image.manifest.v1+json; charset=utf-8")}) {
        const oci::Manifest m = oci::parse_manifest(manifest(), type);
        CHECK(m.config.digest.str() == digest_a);
        REQUIRE(m.layers.size() == 1);
        CHECK(m.layers[0].size == 7);
        CHECK(oci::layer_compression(m.layers[0]) == oci::LayerCompression::gzip);
    }
}

TEST_CASE("a manifest written by us is read back") {
    const oci::Manifest m = oci::parse_manifest(manifest());
    const oci::Manifest again = oci::parse_manifest(oci::to_json(m));
    CHECK(again.media_type == oci::media_type::oci_manifest);
    CHECK(again.config.digest == m.config.digest);
    CHECK(again.layers[0].media_type == m.layers[0].media_type);
}

TEST_CASE("a body with two meanings is refused") {
    CHECK(failure(manifest(R"("schemaVersion":2)", R"(,"manifests":[])")).find("ambiguous") != std::string::npos);
    CHECK(failure(manifest(), oci::media_type::oci_index).find("contradict") != std::string::npos);
    CHECK(failure(manifest(typed(oci::media_type::oci_index))).find("contradict") != std::string::npos);
    CHECK(failure(index("", typed(oci::media_type::docker_manifest))).find("contradict") != std::string::npos);
    CHECK(failure(manifest(typed(oci::media_type::docker_manifest)), oci::media_type::oci_manifest).find("calls itself")
          != std::string::npos);
    CHECK(failure(manifest(R"("schemaVersion":2)", R"(,"Layers":[])")).find("twice") != std::string::npos);
    CHECK(failure(R"({"schemaVersion":2})").find("neither") != std::string::npos);
    CHECK_THROWS_AS(oci::parse_manifest(index("")), Error);
    CHECK_THROWS_AS(oci::parse_index(manifest()), Error);
}

TEST_CASE("what is no container image is refused by name") {
    CHECK(failure(R"({"schemaVersion":1,"fsLayers":[]})").find("schema 1") != std::string::npos);
    CHECK(failure(manifest(typed("application/vnd.example+json"))).find("not an image") != std::string::npos);
    const std::string artifact = R"({"schemaVersion":2,"config":)" + descriptor("application/vnd.cncf.helm.config.v1+json", digest_a)
                                 + R"(,"layers":[]})";
    CHECK(failure(artifact).find("not a container image") != std::string::npos);
}

TEST_CASE("members of the wrong kind are errors naming the field") {
    const auto with_size = [](const std::string& size) {
        return R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" + digest_a
               + R"(","size":)" + size + R"(},"layers":[]})";
    };
    CHECK(failure(with_size("7")) == "accepted");
    for (const char* size : {"-1", "1.5", "\"7\"", "true", "[]"})
        CHECK(failure(with_size(size)).starts_with("manifest: config.size: expected a whole number"));
    CHECK(failure(with_size("18446744073709551615")) == "manifest: config.size: out of range");
    CHECK(failure(with_size("null")) == "manifest: config.size: missing");
    CHECK(failure(R"({"schemaVersion":2,"config":null,"layers":[]})") == "manifest: config: missing");
    CHECK(failure(R"({"schemaVersion":2,"config":[],"layers":[]})") == "manifest: config: expected an object, found array");
    CHECK(failure(index("3")) == "manifest: manifests[0]: expected an object, found number");
    CHECK(failure(index(descriptor("x", "sha256:../../etc"))).starts_with("manifest: manifests[0].digest: not a sha256 digest"));
}

TEST_CASE("the platform that fits best is chosen, attestations never") {
    const oci::Index both = oci::parse_index(index(entry(digest_a, "linux", "arm", "v6") + "," + entry(digest_b, "linux", "arm", "v7") + ","
                                                   + entry(digest_a, "unknown", "unknown")));
    CHECK(oci::choose_platform(both, {"linux", "arm", "v7"}).digest.str() == digest_b);
    CHECK(oci::choose_platform(both, {"linux", "arm", "v6"}).digest.str() == digest_a);
    CHECK_THROWS_WITH_AS(oci::choose_platform(both, {"linux", "s390x", ""}),
                         "no image for platform linux/s390x; there is: linux/arm/v6, linux/arm/v7", Error);
    const oci::Index bare = oci::parse_index(index(descriptor(std::string(oci::media_type::oci_manifest), digest_b)));
    CHECK(oci::choose_platform(bare, {"linux", "amd64", ""}).digest.str() == digest_b);
}

TEST_CASE("of two images for a platform the one marked as zstd is chosen, wherever it is; a better platform counts more") {
    oci::Index marked = oci::parse_index(index(entry(digest_a, "linux", "arm", "v7") + "," + entry(digest_b, "linux", "arm", "v7")));
    const oci::Platform wanted{"linux", "arm", "v7"};
    CHECK(oci::choose_platform(marked, wanted).digest.str() == digest_a);
    marked.manifests[1].annotations["io.github.containers.compression.zstd"] = "true";
    CHECK(oci::choose_platform(marked, wanted).digest.str() == digest_b);
    std::swap(marked.manifests[0], marked.manifests[1]);
    CHECK(oci::choose_platform(marked, wanted).digest.str() == digest_b);
    marked.manifests[0].platform->variant = "v6";
    CHECK(oci::choose_platform(marked, wanted).digest.str() == digest_a);
}

TEST_CASE("foreign and unknown layers are refused") {
    oci::Descriptor layer{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", oci::Digest::parse(digest_a), 1, {}, {}};
    CHECK_THROWS_AS(oci::layer_compression(layer), Error);
    layer.media_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    CHECK_THROWS_AS(oci::layer_compression(layer), Error);
    layer.media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
    CHECK(oci::layer_compression(layer) == oci::LayerCompression::zstd);
}
