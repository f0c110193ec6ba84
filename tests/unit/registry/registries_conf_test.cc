#include "lib/registry/registries_conf.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

using lib::registry::Endpoint;
using lib::registry::RegistriesConf;

namespace {

Endpoint endpoint(const std::string& conf, const std::string& name) {
    return RegistriesConf::parse(conf, "r.conf").endpoint(oci::parse_reference(name));
}

std::string failure(const std::string& conf) {
    try {
        RegistriesConf::parse(conf, "r.conf");
    } catch (const Error& e) {
        return e.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("without rules a name is pulled from its registry, docker.io from its host") {
    CHECK(endpoint("", "nginx").host == "registry-1.docker.io");
    CHECK(endpoint("", "nginx").repository == "library/nginx");
    CHECK(endpoint("", "quay.io/a/b").host == "quay.io");
    CHECK_FALSE(endpoint("", "quay.io/a/b").insecure);
}

TEST_CASE("the longest prefix decides, by whole components") {
    const std::string conf = "[[registry]]\nprefix=\"h.example/a\"\nlocation=\"m.example:5000/x\"\n"
                             "[[registry]]\nlocation=\"h.example\"\ninsecure=true\n";
    CHECK(endpoint(conf, "h.example/a/b").host == "m.example:5000");
    CHECK(endpoint(conf, "h.example/a/b").repository == "x/b");
    CHECK_FALSE(endpoint(conf, "h.example/a/b").insecure);
    CHECK(endpoint(conf, "h.example/ab").repository == "ab");
    CHECK(endpoint(conf, "h.example/ab").insecure);
    CHECK_FALSE(endpoint(conf, "h.example.evil/ab").insecure);
    CHECK_FALSE(endpoint(conf, "h.example:5000/ab").insecure);
}

TEST_CASE("docker.io can be served from elsewhere, and wildcards mean subdomains") {
    CHECK(endpoint("[[registry]]\nprefix=\"docker.io\"\nlocation=\"localhost:5000\"", "nginx").host == "localhost:5000");
    const std::string wild = "[[registry]]\nprefix=\"*.example\"\ninsecure=true";
    CHECK(endpoint(wild, "a.example/x").insecure);
    CHECK_FALSE(endpoint(wild, "example.com/x").insecure);
}

TEST_CASE("a blocked registry is an error when it is asked for") {
    const auto conf = RegistriesConf::parse("[[registry]]\nlocation=\"bad.example\"\nblocked=true", "r.conf");
    CHECK_THROWS_WITH_AS(conf.endpoint(oci::parse_reference("bad.example/x")), "registry bad.example is blocked by registries.conf", Error);
    CHECK(conf.endpoint(oci::parse_reference("good.example/x")).host == "good.example");
}

TEST_CASE("malformed files are errors naming file and field") {
    CHECK(failure("[[registry]]\nlocation=3") == "r.conf: registry.location: expected a string");
    CHECK(failure("[[registry]]\nlocation=\"x\"\ninsecure=\"yes\"") == "r.conf: registry.insecure: expected true or false");
    CHECK(failure("[[registry]]\ninsecure=true") == "r.conf: a [[registry]] needs a prefix or a location");
    CHECK(failure("registry=3").starts_with("r.conf: registry: expected"));
    CHECK(failure("[[registry]").starts_with("r.conf: "));
    CHECK_THROWS_AS(endpoint("[[registry]]\nprefix=\"h.example\"\nlocation=\"m.example/../..\"", "h.example/x"), Error);
}
