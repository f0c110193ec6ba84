#include "lib/container_filter.h"
#include "tests/unit/lib/temp_dir.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::ContainerFilter;
using lib::ContainerStatus;
using lib::ContainerSummary;

namespace {

ContainerSummary web() {
    ContainerSummary c;
    c.id = "abc123" + std::string(58, '0');
    c.name = "web-1";
    c.image = "docker.io/library/nginx:latest";
    c.image_id = "sha256:feed" + std::string(60, '1');
    c.command = {"nginx", "-g"};
    c.created = 1'000'000'000'000;
    c.status = ContainerStatus::exited;
    c.exit_code = 3;
    c.labels = {{"tier", "web"}, {"plain", ""}};
    c.mounts = {"/data", "/bind"};
    c.volumes = {"vol"};
    c.network = "none";
    return c;
}

bool matches(const std::vector<std::string>& words, const ContainerSummary& container = web()) {
    const TempDir dir;
    lib::Engine engine;
    engine.paths.data = dir.path;
    return ContainerFilter(engine, words, 2'000'000'000'000).matches(container);
}

std::string filter_error(const std::string& word) {
    try {
        matches({word});
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

} // namespace

TEST_CASE("filters: each key, matching and not") {
    for (const char* word : {"id=abc", "id=^abc.*0$", "name=web", "name=^web-[0-9]$", "label=tier", "label=tier=web", "label=plain=",
                             "label!=other", "label!=tier=db", "exited=3", "status=exited", "status=stopped", "ancestor=nginx",
                             "ancestor=nginx:latest", "ancestor=^docker.io/library/nginx$", "ancestor=feed", "volume=vol", "volume=/data",
                             "volume=/bind", "network=none", "command=nginx", "until=1500", "health=none"}) {
        CAPTURE(word);
        CHECK(matches({word}));
    }
    for (const char* word : {"id=bc1", "id=^b.*", "name=db", "name=^1", "label=none", "label=tier=db", "label=tier=we", "label!=tier",
                             "label!=tier=web", "exited=0", "status=running", "status=created", "ancestor=alpine", "ancestor=nginx:1",
                             "volume=vo", "volume=/dat", "network=host", "command=ngin", "until=500", "health=healthy", "pod=x"}) {
        CAPTURE(word);
        CHECK_FALSE(matches({word}));
    }
}

TEST_CASE("filters: alternatives within a key, all of the keys, and all of the labels") {
    CHECK(matches({}));
    CHECK(matches({"name=db", "name=web"}));
    CHECK(matches({"name=web", "exited=3"}));
    CHECK_FALSE(matches({"name=web", "exited=0"}));
    CHECK(matches({"label=tier=web", "label=plain"}));
    CHECK_FALSE(matches({"label=tier=web", "label=none"}));
    CHECK_FALSE(matches({"label!=none", "label!=tier"}));
}

TEST_CASE("filters: an exit code is that of an ended container") {
    ContainerSummary running = web();
    running.status = ContainerStatus::running;
    running.exit_code = 0;
    CHECK_FALSE(matches({"exited=0"}, running));
}

TEST_CASE("filters: what cannot be meant") {
    CHECK(filter_error("nosuch=1").find("there is no such filter; there are id, name") != std::string::npos);
    CHECK(filter_error("name").find("a value is missing") != std::string::npos);
    CHECK(filter_error("status=Up").find("expected created") != std::string::npos);
    CHECK(filter_error("exited=x").find("expected an exit code") != std::string::npos);
    CHECK(filter_error("exited=3x").find("expected an exit code") != std::string::npos);
    CHECK(filter_error("health=fine").find("expected starting") != std::string::npos);
    CHECK(filter_error("name=[").find("not a regular expression") != std::string::npos);
    CHECK(filter_error("before=nobody").find("no container with name or id") != std::string::npos);
    CHECK_FALSE(filter_error("until=whenever").empty());
}

TEST_CASE("filters: a status asks for those that do not run too") {
    lib::Engine engine;
    CHECK(ContainerFilter(engine, {"status=exited"}, 0).names_a_status());
    CHECK_FALSE(ContainerFilter(engine, {"exited=3"}, 0).names_a_status());
}
