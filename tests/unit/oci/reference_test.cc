#include "base/oci/reference.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

const std::string hex(64, 'a');
const std::string digest = "sha256:" + hex;

std::string failure(const std::string& text) {
    try {
        return "parsed as " + oci::parse_reference(text).str();
    } catch (const Error& e) {
        return e.what();
    }
}

} // namespace

TEST_CASE("names as users type them are qualified") {
    const std::vector<std::pair<std::string, std::string>> table{
        {"nginx", "docker.io/library/nginx:latest"},
        {"nginx:1.27", "docker.io/library/nginx:1.27"},
        {"user/app", "docker.io/user/app:latest"},
        {"docker.io/nginx", "docker.io/library/nginx:latest"},
        {"index.docker.io/nginx", "docker.io/library/nginx:latest"},
        {"docker.io/user/app", "docker.io/user/app:latest"},
        {"localhost/x", "localhost/x:latest"},
        {"localhost:5000/x", "localhost:5000/x:latest"},
        {"localhost:5000/x:y", "localhost:5000/x:y"},
        {"127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"},
        {"[::1]:5000/x", "[::1]:5000/x:latest"},
        {"[::1]/x:t", "[::1]/x:t"},
        {"Registry.Example.com/x", "Registry.Example.com/x:latest"},
        {"quay.io/a__b/c.d/e--f", "quay.io/a__b/c.d/e--f:latest"},
        {"x@" + digest, "docker.io/library/x@" + digest},
        {"x:tag@" + digest, "docker.io/library/x:tag@" + digest},
        {"localhost:5000/x:tag@" + digest, "localhost:5000/x:tag@" + digest},
        {"x:_T.a-g", "docker.io/library/x:_T.a-g"},
    };
    for (const auto& [typed, qualified] : table) {
        CAPTURE(typed);
        CHECK(oci::parse_reference(typed).str() == qualified);
    }
}

TEST_CASE("printing and parsing a qualified name is the identity") {
    for (const std::string& name : {std::string("docker.io/library/nginx:1.27"), "localhost:5000/a/b@" + digest,
                                    "quay.io/x:y@" + digest, std::string("[::1]:5000/x:latest")}) {
        CHECK(oci::parse_reference(name).str() == name);
        CHECK(oci::parse_reference(oci::parse_reference(name).str()) == oci::parse_reference(name));
    }
}

TEST_CASE("an error names the part that is wrong") {
    const std::vector<std::pair<std::string, std::string>> table{
        {"", "the repository is missing"},
        {"Nginx", "the repository must be lower case"},
        {"localhost:5000/Upper", "the repository must be lower case"},
        {"x:", "\"\" is not a valid tag"},
        {"x:-a", "\"-a\" is not a valid tag"},
        {"x:" + std::string(129, 't'), "is not a valid tag"},
        {"x@sha256:abc", "the part after @ must be sha256"},
        {"x@sha512:" + std::string(128, 'a'), "the part after @ must be sha256"},
        {"x@sha256:" + std::string(64, 'A'), "the part after @ must be sha256"},
        {"x@", "the part after @"},
        {"localhost:99999/x", "\"99999\" is not a port number"},
        {"localhost:/x", "\"\" is not a port number"},
        {"-a.b/x", "\"-a.b\" is not a host name"},
        {"a..b/x", "\"a..b\" is not a host name"},
        {"a//b", "\"\" is not a valid repository component"},
        {"a/", "\"\" is not a valid repository component"},
        {"/a", "\"\" is not a valid repository component"},
        {"../x", "\"..\" is not a host name"},
        {"a/../b", "\"..\" is not a valid repository component"},
        {"a___b", "\"a___b\" is not a valid repository component"},
        {"a..b", "\"a..b\" is not a valid repository component"},
        {"a-", "\"a-\" is not a valid repository component"},
        {"a b", "\"a b\" is not a valid repository component"},
        {"x\ny", "\"x?y\""},
        {hex, "cannot look like an image id"},
        {std::string(300, 'a'), "longer than 255 characters"},
    };
    for (const auto& [typed, part] : table) {
        CAPTURE(typed);
        const std::string message = failure(typed);
        CAPTURE(message);
        CHECK(message.starts_with("invalid image name"));
        CHECK(message.find(part) != std::string::npos);
    }
}

TEST_CASE("a bare name means a local image first, then docker.io; a qualified one is itself") {
    const auto bare = oci::local_candidates("nginx:1");
    REQUIRE(bare.size() == 2);
    CHECK(bare[0].str() == "localhost/nginx:1");
    CHECK(bare[1].str() == "docker.io/library/nginx:1");
    const auto qualified = oci::local_candidates("quay.io/nginx");
    REQUIRE(qualified.size() == 1);
    CHECK(qualified[0].str() == "quay.io/nginx:latest");
    CHECK(oci::parse_local_reference("user/app").str() == "localhost/user/app:latest");
    CHECK(oci::parse_local_reference("quay.io/app").str() == "quay.io/app:latest");
}

TEST_CASE("digests that could become a path are refused") {
    for (const std::string& text : {std::string("sha256:../../x"), "sha256:" + std::string(64, 'A'), "sha256:" + std::string(63, 'a'),
                                    "sha256:" + std::string(65, 'a'), "sha512:" + hex, std::string("sha256:"), hex,
                                    "sha256:" + std::string(63, 'a') + std::string(1, '\0'), std::string(1 << 20, 'a'), std::string()}) {
        CHECK_FALSE(oci::Digest::find(text));
        CHECK_THROWS_AS(oci::Digest::parse(text), Error);
    }
    CHECK(oci::Digest::parse(digest).hex() == hex);
    CHECK(oci::Digest::from_hex(hex).str() == digest);
}
