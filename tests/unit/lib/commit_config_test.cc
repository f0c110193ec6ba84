// The config of an image made from a container.
#include "lib/commit_config.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

json changed(const std::string& instruction, json config = {{"config", json::object()}}) {
    lib::apply_change(config, instruction);
    return config["config"];
}

std::string error_of(const std::string& instruction) {
    try {
        changed(instruction);
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

} // namespace

TEST_CASE("instructions in both spellings") {
    CHECK(changed("CMD [\"a\", \"b c\"]")["Cmd"] == json({"a", "b c"}));
    CHECK(changed("CMD=/bin/bash")["Cmd"] == json({"/bin/sh", "-c", "/bin/bash"}));
    CHECK(changed("entrypoint run it")["Entrypoint"] == json({"/bin/sh", "-c", "run it"}));
    CHECK(changed("ENV a=1 b='x y'")["Env"] == json({"a=1", "b=x y"}));
    CHECK(changed("ENV a several words")["Env"] == json({"a=several words"}));
    CHECK(changed("ENV=a=b")["Env"] == json({"a=b"}));
    CHECK(changed("LABEL blue=image")["Labels"]["blue"] == "image");
    CHECK(changed("EXPOSE 80 53/udp")["ExposedPorts"] == json({{"80/tcp", json::object()}, {"53/udp", json::object()}}));
    CHECK(changed("VOLUME [\"/a\", \"/b\"]")["Volumes"] == json({{"/a", json::object()}, {"/b", json::object()}}));
    CHECK(changed("VOLUME /a /b")["Volumes"].size() == 2);
    CHECK(changed("ONBUILD RUN x")["OnBuild"] == json({"RUN x"}));
    CHECK(changed("STOPSIGNAL SIGINT")["StopSignal"] == "SIGINT");
    CHECK(changed("USER app:app")["User"] == "app:app");
    CHECK(changed("WORKDIR /srv")["WorkingDir"] == "/srv");
}

TEST_CASE("a variable that is there is replaced") {
    const json config{{"config", {{"Env", {"PATH=/bin", "a=old"}}}}};
    CHECK(changed("ENV a=new", config)["Env"] == json({"PATH=/bin", "a=new"}));
}

TEST_CASE("errors name the instruction") {
    CHECK(error_of("FROM x").find("--change \"FROM x\": unknown") == 0);
    CHECK(error_of("CMD").find("value is missing") != std::string::npos);
    CHECK(error_of("").find("value is missing") != std::string::npos);
    CHECK(error_of("ENV a=1 b").find("\"b\" is not of the form") != std::string::npos);
    CHECK(error_of("LABEL a='x").find("not closed") != std::string::npos);
    CHECK(error_of("USER a b").find("one value") != std::string::npos);
}

TEST_CASE("the container's settings go over the image's") {
    lib::CommitSettings settings;
    settings.env = {"PATH=/usr/bin", "HOSTNAME=box", "HOME=/root", "MINE=1"};
    settings.command = {"sleep", "1"};
    settings.working_dir = "/";
    settings.created = "2026-01-01T00:00:00Z";
    settings.message = "why";
    const json config = lib::commit_config(
        R"({"architecture":"amd64","os":"linux","container":"x","rootfs":{"type":"layers","diff_ids":[]},
            "config":{"Env":["PATH=/bin","HOME=/app"],"Entrypoint":["e"],"Labels":{"a":"b"}},"history":[{"created_by":"first"}]})", settings);
    CHECK(config["config"]["Env"] == json({"PATH=/usr/bin", "HOME=/root", "MINE=1"}));
    CHECK(config["config"]["Cmd"] == json({"sleep", "1"}));
    CHECK_FALSE(config["config"].contains("Entrypoint"));
    CHECK_FALSE(config["config"].contains("WorkingDir"));
    CHECK_FALSE(config.contains("container"));
    CHECK(config["config"]["Labels"]["a"] == "b");
    CHECK(config["history"].size() == 2);
    CHECK(config["history"][1]["comment"] == "why");
}

TEST_CASE("members of --config replace those of the config") {
    json config{{"config", {{"User", "old"}, {"Cmd", {"x"}}}}};
    lib::merge_config(config, R"({"User": "new"})", "file");
    CHECK(config["config"] == json({{"User", "new"}, {"Cmd", {"x"}}}));
    CHECK_THROWS_AS(lib::merge_config(config, "[]", "file"), Error);
}
