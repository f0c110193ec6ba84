#include "lib/other_runtime/abilities.h"
#include "lib/other_runtime/choice.h"
#include "lib/other_runtime/document.h"
#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using lib::OtherRuntime;
using lib::RuntimeAbilities;
using nlohmann::json;

namespace {

const OtherRuntime runc{"runc", "/usr/bin/runc", {}};

oci::RuntimeSpec small_spec() {
    oci::RuntimeSpec spec;
    spec.process.args = {"true"};
    spec.process.capabilities.bounding = {"CAP_CHOWN", "CAP_NEW"};
    spec.root_path = "/c/merged";
    spec.namespaces = {{"mount", ""}, {"user", ""}, {"network", ""}, {"pid", "/proc/7/ns/pid"}, {"ipc", ""}};
    spec.uid_mappings = spec.gid_mappings = {{0, 1000, 1}, {1, 100000, 65536}};
    spec.resources.memory_limit = 1 << 20;
    spec.cgroups_path = "ctl-1";
    return spec;
}

json document(const oci::RuntimeSpec& spec, const RuntimeAbilities& abilities = {}, const lib::DocumentPlace& place = {42, "", 0, 0}) {
    return json::parse(lib::document_for(spec, runc, abilities, place));
}

} // namespace

TEST_CASE("what ctl does itself is not in another runtime's document") {
    const json d = document(small_spec());
    CHECK(d["linux"]["namespaces"] == json::parse(R"([{"type": "mount"}, {"type": "network", "path": "/proc/42/ns/net"},
                                                      {"type": "pid", "path": "/proc/42/ns/pid"}, {"type": "ipc"}])"));
    for (const char* member : {"uidMappings", "gidMappings", "resources", "cgroupsPath"}) CHECK(!d["linux"].contains(member));
    CHECK(d["root"]["path"] == "/c/merged");
}

TEST_CASE("the cgroup is one below that of the stage") {
    CHECK(document(small_spec(), {}, {42, "/user.slice/a", 0, 0})["linux"]["cgroupsPath"] == "/user.slice/a/container");
    CHECK(document(small_spec(), {}, {42, "/", 0, 0})["linux"]["cgroupsPath"] == "/container");
}

TEST_CASE("mounts: read-only holds below, options of ours are gone") {
    oci::RuntimeSpec spec = small_spec();
    spec.mounts = {{"/a", "bind", "/x", {"rbind", "ro"}}, {"/b", "bind", "/x", {"bind", "ro"}}, {"/etc/hosts", "bind", "/h", {"bind", "nofail"}},
                   {"/dev/pts", "devpts", "devpts", {"newinstance", "gid=5"}}};
    RuntimeAbilities abilities;
    abilities.mount_options = {"ro", "rro"};
    const json mounts = document(spec, abilities)["mounts"];
    CHECK(mounts[0]["options"] == json{"rbind", "ro", "rro"});
    CHECK(mounts[1]["options"] == json{"bind", "ro"});
    CHECK(mounts[2]["options"] == json::array({"bind"}));
    CHECK(mounts[3]["options"] == json{"newinstance", "gid=5"});
    CHECK(document(spec)["mounts"][0]["options"] == json{"rbind", "ro"}); // it has not said that it knows the word
    spec.gid_mappings = {{0, 1000, 1}};
    CHECK(document(spec)["mounts"][3]["options"] == json::array({"newinstance"}));
}

TEST_CASE("the version is the newest that both know") {
    RuntimeAbilities abilities;
    CHECK(document(small_spec())["ociVersion"] == "1.0.0");
    for (const auto& [newest, used] : {std::pair("1.0.2-dev", "1.0.2-dev"), {"1.2.0", "1.2.0"}, {"1.10.0", "1.2.0"}}) {
        abilities.newest = newest;
        CHECK(document(small_spec(), abilities)["ociVersion"] == used);
    }
}

TEST_CASE("capabilities that the runtime does not know are left out, also of exec") {
    RuntimeAbilities abilities;
    abilities.capabilities = {"CAP_CHOWN"};
    CHECK(document(small_spec(), abilities)["process"]["capabilities"]["bounding"] == json::array({"CAP_CHOWN"}));
    CHECK(json::parse(lib::process_document_for(small_spec().process, abilities))["capabilities"]["bounding"] == json::array({"CAP_CHOWN"}));
}

TEST_CASE("what the runtime cannot do is an error with its name") {
    const auto error = [](const oci::RuntimeSpec& spec, const RuntimeAbilities& abilities) {
        return error_text([&] { lib::check_document(spec, runc, abilities); });
    };
    RuntimeAbilities abilities;
    abilities.namespaces = {"mount", "network", "pid"};
    CHECK(error(small_spec(), abilities) == "--runtime runc: it has no ipc namespaces");
    oci::RuntimeSpec spec = small_spec();
    spec.mounts = {{"/v", "bind", "/x", {"rbind", "X-mount.subdir=a"}}};
    CHECK(error(spec, {}).find("the mount on /v is not possible with --runtime runc: a part of a volume") == 0);
    spec = small_spec();
    spec.seccomp = oci::Seccomp{};
    spec.seccomp->flags = {"SECCOMP_FILTER_FLAG_LOG"};
    abilities = {};
    abilities.seccomp_flags = std::vector<std::string>{};
    CHECK(error(spec, abilities) == "--runtime runc: it does not know the flag SECCOMP_FILTER_FLAG_LOG of the seccomp profile");
    spec = small_spec();
    spec.personality = "LINUX32";
    abilities = {};
    abilities.newest = "1.0.2-dev";
    CHECK(error(spec, abilities).find("--personality LINUX32: --runtime runc does not say") == 0);
    abilities.newest = "1.2.0";
    CHECK(error(spec, abilities).empty());
    spec = small_spec();
    spec.annotations = {{"run.oci.keep_original_groups", "1"}};
    CHECK(error(spec, {}).find("--group-add keep-groups is not possible with --runtime runc") == 0);
}

TEST_CASE("features are read as far as they are there") {
    const RuntimeAbilities all = lib::parse_abilities(R"({"ociVersionMax": "1.1.0", "mountOptions": ["ro"], "linux": {"namespaces": ["pid"],
        "capabilities": ["CAP_KILL"], "seccomp": {"enabled": false, "actions": ["A"], "operators": ["O"], "archs": ["X"], "knownFlags": ["F"]}}})", "x");
    CHECK(all.newest == "1.1.0");
    CHECK(all.seccomp == false);
    CHECK(lib::may_have(all.namespaces, "pid"));
    CHECK(!lib::may_have(all.namespaces, "ipc"));
    CHECK(!lib::may_have(all.seccomp_flags, "G"));
    const RuntimeAbilities none = lib::parse_abilities("{}", "x");
    CHECK(none.newest.empty());
    CHECK(!none.seccomp.has_value());
    CHECK(lib::may_have(none.namespaces, "anything"));
    CHECK(error_text([] { lib::parse_abilities("runc: no such command", "x"); }).find("x features") == 0);
}

TEST_CASE("a runtime is found by path, by containers.conf, by the usual directories") {
    CHECK(lib::choose_runtime("", {}, {}).empty());
    CHECK(lib::choose_runtime("ctl", {}, {}).empty());
    CHECK(lib::choose_runtime("/bin/sh", {}, {}).path == "/bin/sh");
    CHECK(lib::choose_runtime("sh", {}, {}).path.ends_with("/sh"));
    const OtherRuntime named = lib::choose_runtime("mine", {"debug", "-x", "--y=1"}, {{"mine", {"/nothing", "/bin/sh"}}});
    CHECK(named.name == "mine");
    CHECK(named.path == "/bin/sh");
    CHECK(named.flags == std::vector<std::string>{"--debug", "-x", "--y=1"});
    CHECK(error_text([] { lib::choose_runtime("mine", {}, {{"mine", {"/nothing"}}}); }).find("none of the programs") != std::string::npos);
    CHECK(error_text([] { lib::choose_runtime("/bin", {}, {}); }).find("there is no such program") != std::string::npos);
}

TEST_CASE("kinds go by the program's name") {
    CHECK(lib::kind_of({"x", "/usr/bin/crun", {}}) == lib::RuntimeKind::crun);
    CHECK(lib::kind_of({"x", "/opt/runsc", {}}) == lib::RuntimeKind::runsc);
    CHECK(lib::kind_of({"crun", "/opt/else", {}}) == lib::RuntimeKind::unknown);
}
