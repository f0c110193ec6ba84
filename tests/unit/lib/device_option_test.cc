#include "lib/cdi.h"
#include "lib/device_option.h"
#include "lib/systemd_mode.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>
#include <vector>

using namespace lib;
using Words = std::vector<std::string>;

namespace {

std::string error_of(const std::string& file, const std::string& name = "v.com/c=d") {
    TempDir dir;
    files::write_atomic(AT_FDCWD, dir.path + "/x.json", file, 0600, files::Durability::none);
    try {
        (void)resolve_cdi_devices({name}, {dir.path});
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

std::string with_edits(const std::string& edits) {
    return R"({"cdiVersion": "0.6.0", "kind": "v.com/c", "devices": [{"name": "d", "containerEdits": )" + edits + "}]}";
}

} // namespace

TEST_CASE("--device is a path, another one in the container, and permissions") {
    CHECK(parse_device_option("/dev/fuse") == DeviceRequest{"/dev/fuse", "/dev/fuse", "rwm"});
    CHECK(parse_device_option("/dev/fuse:/dev/x") == DeviceRequest{"/dev/fuse", "/dev/x", "rwm"});
    CHECK(parse_device_option("/dev/fuse:rw") == DeviceRequest{"/dev/fuse", "/dev/fuse", "rw"});
    CHECK(parse_device_option("/dev/fuse:/dev/x:r") == DeviceRequest{"/dev/fuse", "/dev/x", "r"});
    for (const char* odd : {"", "dev/fuse", "/dev/fuse:x", "/dev/fuse:/x:", "/dev/fuse:rr", "/dev/fuse:x:r", "/a:/b:r:w"})
        CHECK_THROWS_AS_MESSAGE(parse_device_option(odd), Error, odd);
    CHECK(is_cdi_name("nvidia.com/gpu=all"));
    CHECK_FALSE(is_cdi_name("/dev/fuse"));
    CHECK_FALSE(is_cdi_name("/dev/a=b"));
}

TEST_CASE("a device is bound, and what is none is refused") {
    const auto mounts = device_mounts({"/dev/null", "/dev/x", "rwm"});
    REQUIRE(mounts.size() == 1);
    CHECK(mounts[0].destination == "/dev/x");
    CHECK(mounts[0].options == Words{"bind", "rprivate", "nosuid", "noexec"});
    CHECK_THROWS_WITH_AS(device_mounts({"/etc/passwd", "/dev/x", "rwm"}), "--device /etc/passwd: neither a device nor a directory of devices", Error);
    CHECK_THROWS_AS(device_mounts({"/dev/null", "/proc/1/x", "rwm"}), Error);
    CHECK_THROWS_AS(device_mounts({"/does/not/exist", "/dev/x", "rwm"}), Error);
}

TEST_CASE("--gpus is words for CDI names") {
    CHECK(gpu_names("all") == Words{"nvidia.com/gpu=all"});
    CHECK(gpu_names("0,device=1") == Words{"nvidia.com/gpu=0", "nvidia.com/gpu=1"});
    CHECK_THROWS_AS(gpu_names(""), Error);
    CHECK_THROWS_AS(gpu_names("capabilities=compute"), Error);
}

TEST_CASE("a CDI device brings its edits and its file's, once") {
    TempDir low, high;
    files::write_atomic(AT_FDCWD, low.path + "/x.json", with_edits(R"({"env": ["A=weak"]})"), 0600, files::Durability::none);
    files::write_atomic(AT_FDCWD, high.path + "/x.json",
                        R"({"cdiVersion": "0.6.0", "kind": "v.com/c", "containerEdits": {"env": ["ALL=1"], "additionalGids": [5]},
                            "devices": [{"name": "d", "containerEdits": {"env": ["A=strong"], "deviceNodes": [{"path": "/dev/null"}],
                                         "mounts": [{"hostPath": "/etc/passwd", "containerPath": "/x", "options": ["ro"]}]}},
                                        {"name": "e", "containerEdits": {"deviceNodes": [{"path": "/dev/null"}]}}]})",
                        0600, files::Durability::none);
    const CdiEdits edits = resolve_cdi_devices({"v.com/c=d", "v.com/c=e"}, {low.path, high.path});
    CHECK(edits.env == Words{"A=strong", "ALL=1"});
    CHECK(edits.groups == std::vector<std::uint32_t>{5});
    REQUIRE(edits.mounts.size() == 2);
    CHECK(edits.mounts[0].destination == "/dev/null");
    CHECK(edits.mounts[1].destination == "/x");
    CHECK(edits.mounts[1].options == Words{"ro", "rbind"});
}

TEST_CASE("what of CDI cannot be honoured is an error that names the file and the member") {
    CHECK(error_of(with_edits("{}"), "v.com/c=other") == "no CDI file knows the device v.com/c=other");
    CHECK(error_of(with_edits(R"({"hooks": [{"hookName": "createContainer", "path": "/bin/x"}]})")).find("hooks: hooks, programs of this machine") != std::string::npos);
    CHECK(error_of(with_edits(R"({"mounts": [{"hostPath": "/etc", "containerPath": "/proc/1"}]})")).find("is the kernel's") != std::string::npos);
    CHECK(error_of(with_edits(R"({"mounts": [{"containerPath": "/x"}]})")).find("hostPath: missing") != std::string::npos);
    CHECK(error_of(with_edits(R"({"env": ["NOVALUE"]})")).find("NAME=VALUE") != std::string::npos);
    CHECK(error_of(with_edits(R"({"intelRdt": {}})")).find("intelRdt") != std::string::npos);
    CHECK(error_of(R"({"cdiVersion": "7", "kind": "v.com/c"})").find("version 7 is not known") != std::string::npos);
    CHECK(error_of("kind: v.com/c").find("x.json") != std::string::npos);
}

TEST_CASE("systemd mode is for init systems, or as said") {
    for (const char* init : {"/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init", "systemd", "/lib/systemd/systemd"})
        CHECK_MESSAGE(wants_systemd("true", {init}), init);
    for (const char* other : {"sh", "init", "/bin/init", "systemd-nspawn"}) CHECK_MESSAGE(!wants_systemd("true", {other}), other);
    CHECK_FALSE(wants_systemd("false", {"/sbin/init"}));
    CHECK(wants_systemd("always", {"sh"}));
    CHECK_THROWS_AS(wants_systemd("maybe", {"sh"}), Error);
}

TEST_CASE("systemd gets its id, and its own control groups to write") {
    oci::RuntimeSpec spec;
    spec.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "ro"}}};
    set_systemd(spec, std::string(64, 'a'));
    CHECK(spec.process.env == Words{"container_uuid=" + std::string(32, 'a')});
    CHECK(spec.mounts[0].options == Words{"nosuid", "ro"}); // the host's
    spec.namespaces = {{"cgroup", ""}};
    set_systemd(spec, std::string(64, 'b'));
    CHECK(spec.mounts[0].options == Words{"nosuid", "rw"});
    CHECK(spec.process.env.size() == 1);
}
