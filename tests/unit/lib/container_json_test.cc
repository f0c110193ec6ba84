#include "lib/container_json.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using lib::ContainerRecord;
using lib::ContainerState;
using nlohmann::json;

namespace {

ContainerRecord full_record() {
    ContainerRecord r;
    r.id = std::string(64, 'a');
    r.name = "web";
    r.image = "localhost/web:1";
    r.image_id = "sha256:1";
    r.image_digest = "sha256:4";
    r.asked = {{"dns", {"1.1.1.1", "9.9.9.9"}}, {"tz", {"local"}}};
    r.exposed_ports = {"80/tcp", "53/udp"};
    r.image_diff_ids = {"sha256:2", "sha256:3"};
    r.created = 1795000000123456789;
    r.create_command = {"ctl", "run", "a \"b\"\n"};
    r.entrypoint = {"/entry"};
    r.command = {"serve", ""};
    r.user = "app:crew";
    r.network = "none";
    r.ports = {{"127.0.0.1", 8080, 80}, {"", 0, 65535}};
    r.labels = {{"a", "1"}, {"b", ""}};
    r.mounts = {{"volume", "v", "/v", "/data", "rw,rbind", false}};
    r.anonymous_volumes = {"x"};
    r.stop_signal = 3;
    r.stop_timeout = 0;
    r.timeout = 7;
    r.sdnotify = "conmon";
    r.pid_file = "/p";
    r.monitor_pid_file = "/m";
    r.cgroup_mode = "split";
    r.cgroup_parent = "x.slice";
    r.cgroup_manager = "systemd";
    r.passwd_addition = "a:b\n";
    r.group_addition = "c:d\n";
    r.no_keyring = true;
    r.auto_remove = r.interactive = r.tty = r.init = r.make_cwd = r.privileged = r.single_id = true;
    return r;
}

ContainerState full_state() {
    ContainerState s;
    s.status = "running";
    s.boot_id = "boot";
    s.pid = 4194303;
    s.pid_start = 18446744073709551615u;
    s.monitor_pid = 5;
    s.started = 1795000000000000001;
    s.finished = 1795000000000000002;
    s.exit_code = 137;
    s.oom_killed = true;
    s.error = "why";
    s.ports = {{"::1", 1, 2}};
    s.cgroup.manager = rootless::CgroupManager::cgroupfs;
    s.cgroup.unit = "u";
    s.cgroup.bus = "b";
    s.cgroup.scope_helper = "h";
    s.cgroup.base = "/base";
    s.cgroup.leaf = "leaf";
    s.runtime_dir = "/run/x";
    return s;
}

template <class Parse>
std::string error_after(const std::string& text, const char* pointer, const json& value, Parse parse) {
    json document = json::parse(text);
    const json::json_pointer place(pointer);
    REQUIRE_MESSAGE(document.contains(place), pointer);
    document.at(place) = value;
    try {
        parse(document.dump(), "F");
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("a record survives the way out and in") {
    const ContainerRecord r = lib::parse_record(lib::record_json(full_record()), "F");
    CHECK(lib::record_json(r) == lib::record_json(full_record()));
    CHECK(r.created == 1795000000123456789);
    CHECK(r.create_command == full_record().create_command);
    CHECK(r.command == full_record().command);
    CHECK(r.ports == full_record().ports);
    CHECK(r.labels == full_record().labels);
    REQUIRE(r.mounts.size() == 1);
    CHECK(r.mounts[0].options == "rw,rbind");
    CHECK_FALSE(r.mounts[0].writable);
    CHECK(r.stop_timeout == 0);
    CHECK((r.auto_remove && r.interactive && r.tty && r.init && r.make_cwd && r.privileged && r.single_id));
}

TEST_CASE("a state survives the way out and in") {
    const ContainerState s = lib::parse_state(lib::state_json(full_state()), "F");
    CHECK(lib::state_json(s) == lib::state_json(full_state()));
    CHECK(s.pid == 4194303);
    CHECK(s.pid_start == 18446744073709551615u);
    CHECK(s.finished == 1795000000000000002);
    CHECK(s.cgroup.manager == rootless::CgroupManager::cgroupfs);
    CHECK(s.cgroup.leaf == "leaf");
    CHECK(s.ports == full_state().ports);
    CHECK(s.runtime_dir == "/run/x");
}

TEST_CASE("members of a later version are ignored") {
    json record = json::parse(lib::record_json(full_record()));
    record["version"] = 99;
    record["hologram"] = {{"a", json::array()}};
    record["mounts"][0]["hologram"] = 1;
    CHECK(lib::record_json(lib::parse_record(record.dump(), "F")) == lib::record_json(full_record()));
    json state = json::parse(lib::state_json(full_state()));
    state["hologram"] = nullptr;
    CHECK(lib::state_json(lib::parse_state(state.dump(), "F")) == lib::state_json(full_state()));
}

TEST_CASE("damaged records are errors that name file and field") {
    const std::string record = lib::record_json(full_record()), state = lib::state_json(full_state());
    CHECK(error_after(record, "/id", nullptr, lib::parse_record) == "F: id: missing");
    CHECK(error_after(record, "/name", 5, lib::parse_record).starts_with("F: name: expected a string"));
    CHECK(error_after(record, "/ports/0/host_port", 65536, lib::parse_record) == "F: ports[0].host_port: 65536 is more than 65535");
    CHECK(error_after(record, "/created", -1, lib::parse_record).starts_with("F: created: expected a whole number"));
    CHECK(error_after(record, "/mounts/0", "x", lib::parse_record).starts_with("F: mounts[0]: expected an object"));
    CHECK(error_after(state, "/status", "", lib::parse_state) == "F: status: missing");
    CHECK(error_after(state, "/pid", 4294967297, lib::parse_state).starts_with("F: pid: 4294967297 is more than"));
    CHECK(error_after(state, "/pid", -1, lib::parse_state).starts_with("F: pid: expected a whole number"));
    CHECK(error_after(state, "/cgroup/manager", 3, lib::parse_state) == "F: cgroup.manager: 3 is more than 2");
    CHECK_THROWS_AS(lib::parse_state("{", "F"), Error);
}
