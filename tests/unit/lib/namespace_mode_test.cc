#include "lib/namespace_mode.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::NamespaceKind;
using lib::parse_namespace_mode;

TEST_CASE("an empty namespace option is the default") {
    CHECK(parse_namespace_mode("pid", "").kind == NamespaceKind::own);
    CHECK(parse_namespace_mode("pid", "").word == "private");
    CHECK(parse_namespace_mode("ipc", "").word == "shareable");
    CHECK(parse_namespace_mode("network", "").word == "default");
    CHECK(parse_namespace_mode("network", "private").word == "default");
}

TEST_CASE("namespace options name the host, a container or a path") {
    CHECK(parse_namespace_mode("uts", "host").kind == NamespaceKind::host);
    const auto container = parse_namespace_mode("network", "container:web");
    CHECK(container.kind == NamespaceKind::container);
    CHECK(container.target == "web");
    const auto path = parse_namespace_mode("cgroupns", "ns:/run/x");
    CHECK(path.kind == NamespaceKind::path);
    CHECK(path.target == "/run/x");
}

TEST_CASE("none and shareable belong to ipc, none and default to the network") {
    CHECK(parse_namespace_mode("ipc", "none").kind == NamespaceKind::own);
    CHECK(parse_namespace_mode("network", "none").word == "none");
    CHECK_THROWS_AS(parse_namespace_mode("pid", "none"), Error);
    CHECK_THROWS_AS(parse_namespace_mode("uts", "shareable"), Error);
    CHECK_THROWS_AS(parse_namespace_mode("network", "shareable"), Error);
}

TEST_CASE("namespace options without a target, with a relative path or unknown are refused") {
    for (const char* text : {"container:", "ns:", "ns:x", "hosts", "private ", "Container:x"})
        CHECK_THROWS_AS(parse_namespace_mode("pid", text), Error);
    CHECK_THROWS_WITH_AS(parse_namespace_mode("network", "bridge"), doctest::Contains("not supported yet"), Error);
}

TEST_CASE("the document has no entry for the host's namespaces and names containers by id") {
    const lib::NamespaceModes modes{{"pid", {NamespaceKind::host, "", "host"}},
                                    {"ipc", {NamespaceKind::container, "abc", "container:abc"}},
                                    {"network", {NamespaceKind::path, "/run/x", "ns:/run/x"}}};
    std::string text;
    for (const oci::Namespace& n : lib::spec_namespaces(modes)) {
        text += n.type + "=" + n.path + " ";
        CHECK(lib::named_container(n) == (n.type == "ipc" ? "abc" : ""));
    }
    CHECK(text == "user= ipc=container:abc uts= cgroup= network=/run/x ");
}
