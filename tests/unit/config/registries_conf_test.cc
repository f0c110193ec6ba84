#include "lib/config/registries_conf.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

using lib::config::RegistriesConf;
using lib::config::RegistrySource;
using lib::config::ShortNameMode;

namespace {

RegistriesConf conf_of(const std::string& text) {
    RegistriesConf conf;
    conf.add(text, "r.conf");
    return conf;
}

RegistrySource endpoint(const std::string& conf, const std::string& name) { return conf_of(conf).target(oci::parse_reference(name)); }

/// "host/repository" of every source, in order.
std::string sources(const std::string& conf, const std::string& name) {
    std::string text;
    for (const RegistrySource& source : conf_of(conf).sources(oci::parse_reference(name)))
        text += cat(text.empty() ? "" : " ", source.host, "/", source.repository, source.insecure ? "!" : "");
    return text;
}

std::string meanings(const std::string& conf, const std::string& name) {
    std::string text;
    for (const oci::Reference& reference : conf_of(conf).candidates(name)) text += cat(text.empty() ? "" : " ", reference.str());
    return text;
}

std::string failure(const std::string& conf) {
    try {
        (void)conf_of(conf);
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
    const auto conf = conf_of("[[registry]]\nlocation=\"bad.example\"\nblocked=true");
    CHECK_THROWS_WITH_AS(conf.target(oci::parse_reference("bad.example/x")), "registry bad.example is blocked by registries.conf", Error);
    CHECK(conf.target(oci::parse_reference("good.example/x")).host == "good.example");
}

TEST_CASE("malformed files are errors naming file and field") {
    CHECK(failure("[[registry]]\nlocation=3") == "r.conf: registry.location: expected a text in quotes");
    CHECK(failure("[[registry]]\nlocation=\"x\"\ninsecure=\"yes\"") == "r.conf: registry.insecure: expected true or false");
    CHECK(failure("[[registry]]\ninsecure=true") == "r.conf: registry.prefix: a [[registry]] needs a prefix or a location");
    CHECK(failure("registry=3").starts_with("r.conf: registry: expected"));
    CHECK(failure("[[registry]").starts_with("r.conf line 1: "));
    CHECK_THROWS_AS(endpoint("[[registry]]\nprefix=\"h.example\"\nlocation=\"m.example/../..\"", "h.example/x"), Error);
}

TEST_CASE("mirrors come first, and only for the names they are meant for") {
    const std::string conf = "[[registry]]\nprefix=\"h.example/a\"\nlocation=\"m.example/b\"\n"
                             "[[registry.mirror]]\nlocation=\"one.example/x\"\ninsecure=true\n"
                             "[[registry.mirror]]\nlocation=\"two.example\"\npull-from-mirror=\"digest-only\"\n"
                             "[[registry.mirror]]\nlocation=\"three.example\"\npull-from-mirror=\"tag-only\"\n";
    const std::string digest = "@sha256:" + std::string(64, 'a');
    CHECK(sources(conf, "h.example/a/img:1") == "one.example/x/img! three.example/img m.example/b/img");
    CHECK(sources(conf, "h.example/a/img" + digest) == "one.example/x/img! two.example/img m.example/b/img");
    CHECK(sources(conf, "h.example/b") == "h.example/b");
    CHECK(sources("[[registry]]\nlocation=\"h.example\"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation=\"m.example\"", "h.example/x") == "h.example/x");
    CHECK(failure("[[registry]]\nlocation=\"h\"\n[[registry.mirror]]\nlocation=\"m\"\npull-from-mirror=\"never\"").find("not one of all, digest-only, tag-only") != std::string::npos);
    CHECK(conf_of(conf).insecure_hosts().empty()); // a mirror's path is not the host
}

TEST_CASE("a wildcard's location takes the place of the host") {
    CHECK(sources("[[registry]]\nprefix=\"*.example\"\nlocation=\"m.test/y\"", "a.b.example/x/z") == "m.test/y/x/z");
    CHECK(failure("[[registry]]\nprefix=\"*.example\"\nlocation=\"*.test\"").find("wildcard") != std::string::npos);
}

TEST_CASE("names without registry: docker.io where nothing is configured, then aliases, then the search registries") {
    CHECK(meanings("", "nginx") == "docker.io/library/nginx:latest");
    const std::string conf = "unqualified-search-registries=[\"a.example\", \"docker.io\"]\n[aliases]\n\"fedora\"=\"r.example/f/fedora\"\n";
    CHECK(meanings(conf, "nginx:1") == "a.example/nginx:1 docker.io/library/nginx:1");
    CHECK(meanings(conf, "fedora:40") == "r.example/f/fedora:40");
    CHECK(meanings(conf, "quay.io/fedora") == "quay.io/fedora:latest");
}

TEST_CASE("later files replace what earlier ones said") {
    RegistriesConf conf = conf_of("short-name-mode=\"permissive\"\n[aliases]\nx=\"a.example/x\"\ny=\"a.example/y\"\n[[registry]]\nlocation=\"h.example\"\nblocked=true");
    conf.add("unqualified-search-registries=[\"b.example\"]\n[aliases]\nx=\"\"\n[[registry]]\nlocation=\"h.example\"\ninsecure=true", "2.conf");
    CHECK(conf.short_name_mode() == ShortNameMode::permissive);
    CHECK(conf.candidates("x").front().str() == "b.example/x:latest");
    CHECK(conf.candidates("y").front().str() == "a.example/y:latest");
    CHECK(conf.target(oci::parse_reference("h.example/i")).insecure);
    CHECK(conf.rules().size() == 1);
    CHECK_THROWS_AS((void)conf_of("unqualified-search-registries=[]").candidates("x"), Error);
}

TEST_CASE("keys without effect are told, version 1 is an error") {
    CHECK(conf_of("additional-layer-store-auth-helper=\"x\"\n[[registry]]\nlocation=\"h\"\nfoo=1").warnings()
          == std::vector<std::string>{"r.conf: additional-layer-store-auth-helper is not supported and has no effect",
                                      "r.conf: registry.foo is not supported and has no effect"});
    CHECK(failure("[registries.search]\nregistries=[\"x\"]").find("version 1") != std::string::npos);
}
