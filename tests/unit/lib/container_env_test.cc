#include "lib/container_env.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>

using lib::Environment;

namespace {

Environment build(const lib::CreateRequest& request, const Environment& host = {}) {
    oci::ImageConfig image;
    image.env = {"PATH=/image", "FLAVOUR=plain"};
    return lib::container_environment(request, image, "box", "/root", host);
}

} // namespace

TEST_CASE("the environment of a container: defaults, the image, and that it is one") {
    CHECK(build({}) == Environment{{"FLAVOUR", "plain"}, {"HOME", "/root"}, {"HOSTNAME", "box"}, {"PATH", "/image"}, {"container", "podman"}});
    lib::CreateRequest terminal;
    terminal.tty = true;
    CHECK(build(terminal).at("TERM") == "xterm");
}

TEST_CASE("containers.conf's env stands below the image's") {
    lib::CreateRequest request;
    request.process.default_env = {"PATH=/conf", "EDITOR=vi"};
    CHECK(build(request).at("PATH") == "/image");
    CHECK(build(request).at("EDITOR") == "vi");
}

TEST_CASE("proxies are passed on unless that is switched off, and anybody's word beats them") {
    const Environment host{{"http_proxy", "h"}, {"NO_PROXY", "n"}, {"OTHER", "o"}};
    CHECK(build({}, host).at("http_proxy") == "h");
    CHECK(build({}, host).at("NO_PROXY") == "n");
    CHECK_FALSE(build({}, host).contains("OTHER"));
    lib::CreateRequest request;
    request.env = {"http_proxy=mine"};
    CHECK(build(request, host).at("http_proxy") == "mine");
    request.process.http_proxy = false;
    CHECK_FALSE(build(request, host).contains("NO_PROXY"));
}

TEST_CASE("--env-host passes everything on, below the image, but for systemd's socket") {
    lib::CreateRequest request;
    request.process.env_host = true;
    const Environment result = build(request, {{"OTHER", "o"}, {"PATH", "/host"}, {"NOTIFY_SOCKET", "/run/x"}});
    CHECK(result.at("OTHER") == "o");
    CHECK(result.at("PATH") == "/image");
    CHECK_FALSE(result.contains("NOTIFY_SOCKET"));
}

TEST_CASE("--env-merge sees what is there, --env does not") {
    lib::CreateRequest request;
    request.process.env_merge = {"PATH=${PATH}:/x", "TASTE=$FLAVOUR!"};
    request.env = {"RAW=${PATH}"};
    CHECK(build(request).at("PATH") == "/image:/x");
    CHECK(build(request).at("TASTE") == "plain!");
    CHECK(build(request).at("RAW") == "${PATH}");
    request.process.env_merge = {"nothing"};
    CHECK(error_text([&] { build(request); }).starts_with("--env-merge "));
}

TEST_CASE("--unsetenv takes defaults and the image's away, not the user's own") {
    lib::CreateRequest request;
    request.process.unsetenv = {"FLAVOUR", "MINE"};
    request.env = {"MINE=1"};
    CHECK_FALSE(build(request).contains("FLAVOUR"));
    CHECK(build(request).at("MINE") == "1");
    request.process.unsetenv_all = true;
    CHECK(build(request) == Environment{{"HOME", "/root"}, {"HOSTNAME", "box"}, {"MINE", "1"}});
}

TEST_CASE("variables in a text are replaced, and a dollar alone is one") {
    const Environment values{{"A", "1"}, {"LONG_name2", "x"}};
    CHECK(lib::expand_variables("$A-${A}-$LONG_name2-$NONE-${NONE}", values) == "1-1-x--");
    CHECK(lib::expand_variables("$ $$A ${A", values) == "$ $1 ${A");
    CHECK(lib::expand_variables("", values).empty());
}
