#include "lib/log_settings.h"

#include "base/error.h"

#include <doctest/doctest.h>

namespace {

const lib::TagSubject subject{"0123456789abcdef0123", "web", "docker.io/library/nginx:latest", "fedcba9876543210ff"};

} // namespace

TEST_CASE("without options the log is rotated") {
    const lib::LogSettings log = lib::parse_log_settings("", {});
    CHECK(log.driver == lib::LogDriver::k8s_file);
    CHECK(log.limits().max_size == 20 << 20);
    CHECK(log.limits().max_files == 5);
}

TEST_CASE("drivers have their names") {
    for (const char* name : {"k8s-file", "json-file", "journald", "none", "passthrough", "passthrough-tty"})
        CHECK(to_string(lib::parse_log_settings(name, {}).driver) == name);
    CHECK_THROWS_WITH_AS(lib::parse_log_settings("syslog", {}),
                         "--log-driver=syslog: no such log driver; there are k8s-file, json-file, journald, none, passthrough, passthrough-tty", Error);
}

TEST_CASE("sizes and counts") {
    const auto size = [](const char* text) { return lib::parse_log_settings("k8s-file", {cat("max-size=", text)}).max_size; };
    CHECK(size("10") == 10);
    CHECK(size("10b") == 10);
    CHECK(size("2k") == 2048);
    CHECK(size("10m") == 10 << 20);
    CHECK(size("10MB") == 10 << 20);
    CHECK(size("3GiB") == INT64_C(3) << 30);
    CHECK(size("-1") == 0);
    CHECK(size("0") == 0);
    for (const char* wrong : {"", "m", "ten", "-2", "1x", "9000000000t", "1.5m"}) CHECK_THROWS_AS(size(wrong), Error);
    const auto files = [](const char* text) { return lib::parse_log_settings("json-file", {cat("max-file=", text)}).max_files; };
    CHECK(files("1") == 1);
    CHECK(files("30") == 30);
    for (const char* wrong : {"", "0", "-1", "1001", "x"}) CHECK_THROWS_AS(files(wrong), Error);
}

TEST_CASE("an unlimited log is one file") { CHECK(lib::parse_log_settings("k8s-file", {"max-size=-1", "max-file=7"}).limits().max_files == 1); }

TEST_CASE("options that are unknown or of another driver are errors that name them") {
    CHECK_THROWS_WITH_AS(lib::parse_log_settings("k8s-file", {"color=red"}),
                         "--log-opt color: no such option; there are path, max-size, max-file, tag", Error);
    CHECK_THROWS_WITH_AS(lib::parse_log_settings("none", {"max-size=1m"}), "--log-opt max-size: the log driver none has no use for it", Error);
    CHECK_THROWS_AS(lib::parse_log_settings("k8s-file", {"tag=x"}), Error);
    CHECK_THROWS_AS(lib::parse_log_settings("journald", {"path=/x"}), Error);
    CHECK_THROWS_AS(lib::parse_log_settings("k8s-file", {"path"}), Error);
    CHECK_THROWS_AS(lib::parse_log_settings("k8s-file", {"path="}), Error);
    CHECK(lib::parse_log_settings("journald", {"tag=x"}).tag == "x");
}

TEST_CASE("tags name their container") {
    CHECK(lib::expand_tag("plain", subject) == "plain");
    CHECK(lib::expand_tag("{{.Name}}/{{ .ID }}", subject) == "web/0123456789ab");
    CHECK(lib::expand_tag("{{.FullID}}", subject) == subject.id);
    CHECK(lib::expand_tag("{{.ImageName}} {{.ImageID}} {{.ImageFullID}}", subject) == "docker.io/library/nginx:latest fedcba987654 fedcba9876543210ff");
    for (const char* wrong : {"{{.Nam}}", "{{.Name", "a\nb"}) CHECK_THROWS_AS(lib::expand_tag(wrong, subject), Error);
}
