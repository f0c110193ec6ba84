#include "base/oci/image_config.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using nlohmann::json;

json whole() {
    return json::parse(R"({
        "architecture": "amd64", "os": "linux", "created": "2025-01-02T03:04:05Z",
        "config": {
            "User": "nginx", "Env": ["PATH=/bin", "A=b=c"], "Entrypoint": ["/e"], "Cmd": [], "WorkingDir": "/srv",
            "Labels": {"k": "v", "K": "w"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}, "/Data": {}},
            "StopSignal": "SIGQUIT", "Healthcheck": {"Test": ["CMD", "true"], "Interval": 3000000000}
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]},
        "history": [{"created_by": "ADD", "empty_layer": false}, {"created_by": "CMD", "empty_layer": true}]
    })");
}

std::string failure(const json& document) {
    try {
        oci::parse_image_config(document.dump());
    } catch (const Error& e) {
        return e.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a whole image config is read") {
    const oci::ImageConfig config = oci::parse_image_config(whole().dump());
    CHECK(config.user == "nginx");
    CHECK(config.env == std::vector<std::string>{"PATH=/bin", "A=b=c"});
    CHECK(config.entrypoint == std::vector<std::string>{"/e"});
    REQUIRE(config.cmd);
    CHECK(config.cmd->empty());
    CHECK(config.working_dir == "/srv");
    CHECK(config.labels.at("k") == "v");
    CHECK(config.labels.at("K") == "w");
    CHECK(config.exposed_ports == std::vector<std::string>{"80/tcp"});
    CHECK(config.volumes.size() == 2);
    CHECK(config.stop_signal == "SIGQUIT");
    CHECK(json::parse(config.healthcheck)["Interval"] == 3000000000);
    CHECK(config.diff_ids.size() == 1);
    CHECK(config.history.at(1).empty_layer);
    CHECK(config.platform.str() == "linux/amd64");
    CHECK(config.created == "2025-01-02T03:04:05Z");
}

TEST_CASE("null members of the run part count as absent") {
    json document = whole();
    for (auto& [key, value] : document["config"].items()) value = nullptr;
    const oci::ImageConfig config = oci::parse_image_config(document.dump());
    CHECK(config.user.empty());
    CHECK_FALSE(config.entrypoint);
    CHECK_FALSE(config.cmd);
    CHECK(config.healthcheck.empty());
    document["config"] = nullptr;
    document["history"] = nullptr;
    CHECK(failure(document) == "accepted");
}

TEST_CASE("every member is refused, by name, when it is of another type") {
    for (const char* name : {"User", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels", "ExposedPorts", "Volumes", "StopSignal", "Healthcheck"}) {
        for (const json& wrong : {json(3), json(true), json::array({1})}) {
            json document = whole();
            document["config"][name] = wrong;
            CAPTURE(name);
            CHECK(failure(document).starts_with("image config: config." + std::string(name) + ": expected "));
        }
    }
    for (const char* name : {"config", "history", "created", "architecture", "os", "rootfs"}) {
        json document = whole();
        document[name] = 3;
        CHECK(failure(document).starts_with("image config: " + std::string(name) + ": expected "));
    }
}

TEST_CASE("what a container cannot be made without is required") {
    for (const char* name : {"architecture", "os", "rootfs"}) {
        json document = whole();
        document.erase(name);
        CHECK(failure(document) == "image config: " + std::string(name) + ": missing");
    }
    json document = whole();
    document["rootfs"]["type"] = "base";
    CHECK(failure(document).starts_with("image config: rootfs.type: expected \"layers\""));
    document = whole();
    document["rootfs"]["diff_ids"][0] = "sha256:../../x";
    CHECK(failure(document).starts_with("image config: rootfs.diff_ids: not a sha256 digest"));
}

TEST_CASE("a NUL inside a word is refused instead of cutting the word short") {
    for (const char* name : {"Env", "Cmd", "Entrypoint"}) {
        json document = whole();
        document["config"][name] = json::array({std::string("a\0b", 3)});
        CHECK(failure(document) == "image config: config." + std::string(name) + ": contains a NUL character");
    }
}
