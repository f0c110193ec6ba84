#include "lib/trust_policy.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::TrustPolicy;

namespace {

constexpr const char* accept = R"([{"type": "insecureAcceptAnything"}])";
constexpr const char* reject = R"([{"type": "reject"}])";

/// Whether a policy with these scopes of docker and this default lets the image in.
bool lets_in(const std::string& fallback, const std::string& scopes, const std::string& image) {
    const TrustPolicy policy = TrustPolicy::parse(cat(R"({"default": )", fallback, R"(, "transports": {"docker": {)", scopes, "}}}"), "p");
    return !policy.refusal(lib::registry_origin(oci::parse_reference(image)));
}

std::string rule(const std::string& scope, const std::string& requirements) { return cat("\"", scope, "\": ", requirements); }

std::string refusal(const std::string& requirements) {
    return TrustPolicy::parse(cat(R"({"default": )", requirements, "}"), "/etc/p").refusal({"docker", {}}).value_or("accepted");
}

} // namespace

TEST_CASE("the scopes of a name, the most specific one first") {
    CHECK(lib::registry_origin(oci::parse_reference("nginx")).scopes
          == std::vector<std::string>{"docker.io/library/nginx:latest", "docker.io/library/nginx", "docker.io/library", "docker.io", "*.io"});
    CHECK(lib::registry_origin(oci::parse_reference("a.b.example:5000/x/y:1")).scopes
          == std::vector<std::string>{"a.b.example:5000/x/y:1", "a.b.example:5000/x/y", "a.b.example:5000/x", "a.b.example:5000", "*.b.example", "*.example"});
    const std::string digest = "sha256:" + std::string(64, 'a');
    CHECK(lib::registry_origin(oci::parse_reference("h.x/r:tag@" + digest)).scopes.front() == "h.x/r@" + digest);
    CHECK(lib::file_origin("oci", "/no/such/dir/").scopes == std::vector<std::string>{"/no/such/dir", "/no/such", "/no"});
    CHECK(lib::file_origin("docker-archive", "/no/file").scopes.empty());
}

TEST_CASE("the most specific scope counts alone") {
    const std::string rules = cat(rule("docker.io", accept), ",", rule("docker.io/library", reject), ",", rule("docker.io/library/nginx:1", accept));
    CHECK(lets_in(reject, rules, "docker.io/user/app"));
    CHECK_FALSE(lets_in(reject, rules, "nginx"));
    CHECK(lets_in(reject, rules, "nginx:1"));
    CHECK_FALSE(lets_in(reject, rules, "quay.io/x/y"));
    CHECK_FALSE(lets_in(reject, rules, "docker.io.evil.example/x")); // a prefix of the text is none of the name
    CHECK(lets_in(reject, rule("*.example", accept), "a.b.example:5000/x"));
    CHECK_FALSE(lets_in(reject, rule("*.example", accept), "example/x"));
    CHECK(lets_in(reject, rule("", accept), "quay.io/x/y"));
    CHECK_FALSE(lets_in(accept, rule("", reject), "quay.io/x/y"));
}

TEST_CASE("all requirements must hold, and what is not understood does not") {
    CHECK(refusal(accept) == "accepted");
    CHECK(refusal(R"([{"type": "insecureAcceptAnything"}, {"type": "reject"}])") == "refused by /etc/p, \"default\": reject");
    CHECK(refusal(R"([{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}])").find("signedBy asks for a signature") != std::string::npos);
    CHECK(refusal(R"([{"type": "sigstoreSigned", "keyPath": "/k"}])").find("not verified yet") != std::string::npos);
    CHECK(refusal(R"([{"type": "ofTheFuture"}])") == "refused by /etc/p, \"default\": the kind ofTheFuture is not known");
}

TEST_CASE("a policy that cannot be read as a whole is an error") {
    for (const char* text : {"", "[]", "{}", R"({"default": []})", R"({"default": null})", R"({"default": [{}]})",
                             R"({"default": [{"type": "reject"}], "transport": {}})", R"({"default": [{"type": "reject"}], "default": []})",
                             R"({"default": [{"type": "insecureAcceptAnything", "x": 1}]})",
                             R"({"default": [{"type": "reject"}], "transports": {"docker": {"a": []}}})",
                             R"({"default": [{"type": "reject"}], "transports": {"docker": []}})"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(TrustPolicy::parse(text, "p"), Error);
    }
}

TEST_CASE("without a file everything is accepted") {
    CHECK_FALSE(TrustPolicy().refusal({"docker", {"x"}}));
}
