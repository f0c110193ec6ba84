#include "lib/registry/referrers.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
namespace registry = lib::registry;

namespace {

const std::string type(oci::media_type::oci_manifest);
const oci::Digest own = oci::Digest::parse("sha256:" + std::string(64, 'a'));
const std::string subject = "sha256:" + std::string(64, 'b');

json manifest(const json& more = json::object()) {
    json document{{"schemaVersion", 2}, {"config", {{"mediaType", "text/config"}}}, {"subject", {{"digest", subject}}}};
    document.update(more);
    return document;
}

} // namespace

TEST_CASE("what a referrer is listed as") {
    const auto found = registry::find_referrer(type, manifest({{"artifactType", "text/own"}, {"annotations", {{"a", "b"}}}}).dump(), own);
    REQUIRE(found);
    CHECK(found->subject.str() == subject);
    const json descriptor = json::parse(found->descriptor);
    CHECK(descriptor["artifactType"] == "text/own");
    CHECK(descriptor["annotations"]["a"] == "b");
    CHECK(descriptor["digest"] == own.str());
    CHECK(json::parse(registry::find_referrer(type, manifest().dump(), own)->descriptor)["artifactType"] == "text/config");
    CHECK_FALSE(registry::find_referrer(type, manifest({{"subject", nullptr}}).dump(), own));
    CHECK_THROWS_AS(registry::find_referrer(type, manifest({{"subject", {{"digest", "md5:1"}}}}).dump(), own), Error);
}

TEST_CASE("the list has an entry once, and keeps those of others") {
    const auto referrer = *registry::find_referrer(type, manifest().dump(), own);
    const auto first = registry::with_referrer("", referrer);
    REQUIRE(first);
    CHECK_FALSE(registry::with_referrer(*first, referrer));
    auto other = referrer;
    other.descriptor = json{{"mediaType", type}, {"digest", subject}, {"size", 1}}.dump();
    const json both = json::parse(*registry::with_referrer(*first, other));
    CHECK(both["mediaType"] == oci::media_type::oci_index);
    CHECK(both["manifests"].size() == 2);
    CHECK_THROWS_AS(registry::with_referrer(R"({"config": {}, "layers": []})", referrer), Error);
}
