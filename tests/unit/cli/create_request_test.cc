#include "cli/create_request.h"

#include "cli/values.h"

#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>

using Words = std::vector<std::string>;

namespace {

lib::CreateRequest request(Words words) {
    words.push_back("image");
    return cli::make_create_request(cli::parse_command(*cli::find_command("run"), words));
}
std::string request_error(const Words& words) {
    return error_of([&] { request(words); });
}

} // namespace

TEST_CASE("without options everything is the default") {
    const lib::CreateRequest r = request({});
    CHECK(r.image == "image");
    CHECK(r.command.empty());
    CHECK(r.network.empty()); // containers.conf or lib decide
    CHECK(r.pull == lib::PullPolicy::missing);
    CHECK_FALSE(r.entrypoint);
    CHECK_FALSE(r.limits.cpus);
    CHECK_FALSE(r.limits.memory);
    CHECK_FALSE(r.limits.pids);
    CHECK(r.process.http_proxy);
    CHECK(r.sig_proxy);
}

TEST_CASE("each option reaches its field") {
    const auto r = cli::make_create_request(cli::parse_command(
        *cli::find_command("run"),
        {"--rm", "-it", "--name", "n", "-e", "A=1", "--env-file", "f", "-v", "v:/v", "--tmpfs", "/t", "-w", "/w", "-u", "u:g",
         "-h", "host", "-l", "a=b", "-p", "1:2,3:4", "--net", "none", "--cpus", "0.5", "-m", "512m", "--pids-limit", "10",
         "--read-only", "--cap-add", "a,b", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--privileged",
         "--init", "--stop-signal", "HUP", "--stop-timeout", "3", "--pull", "never", "--userns", "keep-id", "image", "cmd", "-x"}));
    CHECK(r.remove);
    CHECK((r.interactive && r.tty && r.read_only && r.privileged && r.init));
    CHECK(r.name == "n");
    CHECK(r.env == Words{"A=1"});
    CHECK(r.env_files == Words{"f"});
    CHECK(r.volumes == Words{"v:/v"});
    CHECK(r.tmpfs == Words{"/t"});
    CHECK(r.workdir == "/w");
    CHECK(r.user == "u:g");
    CHECK(r.hostname == "host");
    CHECK(r.labels == Words{"a=b"});
    CHECK(r.publish == Words{"1:2", "3:4"});
    CHECK(r.network == "none");
    CHECK(r.limits.cpus == 0.5);
    CHECK(r.limits.memory == 512LL << 20);
    CHECK(r.limits.pids == 10);
    CHECK(r.cap_add == Words{"a", "b"});
    CHECK(r.cap_drop == Words{"all"});
    CHECK(r.security_opt == Words{"no-new-privileges"});
    CHECK(r.stop_signal == "HUP");
    CHECK(r.stop_timeout == 3);
    CHECK(r.pull == lib::PullPolicy::never);
    CHECK(r.userns == "keep-id"); // lib/ says that it is not supported yet
    CHECK(r.command == Words{"cmd", "-x"});
}

TEST_CASE("the entry point is one word, a list, or nothing") {
    CHECK(request({"--entrypoint", "/bin/sh -c"}).entrypoint == Words{"/bin/sh -c"});
    CHECK(request({"--entrypoint", R"(["/bin/sh", "-c"])"}).entrypoint == Words{"/bin/sh", "-c"});
    CHECK(request({"--entrypoint="}).entrypoint == Words{""});
    CHECK(request({"--entrypoint=[]"}).entrypoint == Words{""});
    CHECK(request_error({"--entrypoint", "[1]"}).starts_with("--entrypoint: "));
    CHECK(request_error({"--entrypoint", "[\"a"}).starts_with("--entrypoint: "));
}

TEST_CASE("the options of the process reach their fields") {
    const auto r = request({"--env-merge", "A=${B}", "--unsetenv", "C", "--unsetenv-all", "--env-host", "--http-proxy=false", "--umask",
                            "077", "--ulimit", "nofile=1,core=0", "--oom-score-adj", "-5", "--personality", "LINUX32", "--group-add",
                            "a,5", "--sysctl", "net.a=1", "--tz", "local", "--init-path", "/i", "--attach", "STDOUT,stderr"});
    CHECK(r.process.env_merge == Words{"A=${B}"});
    CHECK(r.process.unsetenv == Words{"C"});
    CHECK((r.process.unsetenv_all && r.process.env_host && !r.process.http_proxy));
    CHECK(r.process.umask == "077");
    CHECK(r.process.ulimits == Words{"nofile=1", "core=0"});
    CHECK(r.process.oom_score_adj == -5);
    CHECK(r.process.personality == "LINUX32");
    CHECK(r.process.group_add == Words{"a", "5"});
    CHECK(r.process.sysctls == Words{"net.a=1"});
    CHECK(r.process.timezone == "local");
    CHECK(r.process.init_path == "/i");
    CHECK(r.attach == Words{"stdout", "stderr"});
    CHECK(request_error({"--attach", "stdin,nose"}).starts_with("--attach nose: "));
}

TEST_CASE("the options of files and names reach their fields") {
    const auto r = request({"--hostuser", "a", "--passwd-entry", "p", "--group-entry", "g", "--add-host", "a:1.2.3.4",
                            "--dns", "1.1.1.1,::1", "--dns-search", "s", "--dns-option", "o", "--hosts-file", "image", "--no-hostname",
                            "--shm-size", "1k", "--platform", "linux/arm64"});
    CHECK(r.user_files.host_users == Words{"a"});
    CHECK(r.user_files.passwd_entry == "p");
    CHECK(r.user_files.group_entry == "g");
    CHECK(r.names.add_hosts == Words{"a:1.2.3.4"});
    CHECK(r.names.dns == Words{"1.1.1.1", "::1"});
    CHECK(r.names.dns_searches == Words{"s"});
    CHECK(r.names.dns_options == Words{"o"});
    CHECK(r.names.hosts_file == "image");
    CHECK(r.names.no_hostname);
    CHECK(r.shm_size == "1024");
    CHECK(r.platform.starts_with("linux/arm64"));
    CHECK(request_error({"--shm-size=0"}).starts_with("--shm-size 0: "));
    CHECK(request_error({"--platform=linux/arm64", "--arch=arm"}).find("exclude each other") != std::string::npos);
}

TEST_CASE("the options of the container's life reach their fields") {
    const auto r = request({"--cidfile", "c", "--pidfile", "p", "--conmon-pidfile", "m", "--replace", "--timeout", "7", "--sdnotify",
                            "conmon", "--annotation", "a=b,c", "--label-file", "l", "--cgroups", "split", "--cgroup-parent", "x.slice",
                            "--cgroup-conf", "memory.high=1,pids.max=2"});
    CHECK(r.life.cid_file == "c");
    CHECK(r.life.pid_file == "p");
    CHECK(r.life.monitor_pid_file == "m");
    CHECK(r.life.replace);
    CHECK(r.life.timeout == 7);
    CHECK(r.life.sdnotify == "conmon");
    CHECK(r.life.annotations == Words{"a=b,c"});
    CHECK(r.life.label_files == Words{"l"});
    CHECK(r.cgroup.mode == "split");
    CHECK(r.cgroup.parent == "x.slice");
    CHECK(r.limits.cgroup_conf == Words{"memory.high=1", "pids.max=2"});
    CHECK(request_error({"--sdnotify=healthy"}).find("not supported yet") != std::string::npos);
    CHECK(request_error({"--sdnotify=x"}).starts_with("--sdnotify=x: "));
    CHECK(request_error({"--cgroups=x"}).starts_with("--cgroups=x: "));
}

TEST_CASE("limits are read in their units") {
    const auto l = request({"--cpu-period", "1000", "--cpu-quota", "-1", "-c", "7", "--cpuset-cpus", "0-1", "--cpuset-mems", "0",
                            "--memory-reservation", "1m", "--memory-swap", "-1", "--blkio-weight", "10", "--blkio-weight-device", "/dev/a:20",
                            "--device-read-bps", "/dev/a:1k", "--device-write-iops", "/dev/b:5"}).limits;
    CHECK(l.cpu_period == 1000);
    CHECK(l.cpu_quota == -1);
    CHECK(l.cpu_shares == 7);
    CHECK(l.cpuset_cpus == "0-1");
    CHECK(l.cpuset_mems == "0");
    CHECK(l.memory_reservation == 1 << 20);
    CHECK(l.memory_swap == -1);
    CHECK(l.blkio_weight == 10);
    REQUIRE((l.blkio_weight_device.size() == 1 && l.device_read_bps.size() == 1 && l.device_write_iops.size() == 1));
    CHECK((l.blkio_weight_device[0].path == "/dev/a" && l.blkio_weight_device[0].value == 20));
    CHECK(l.device_read_bps[0].value == 1024);
    CHECK(l.device_write_iops[0].value == 5);
    CHECK(request_error({"--device-read-bps=/dev/a"}).starts_with("--device-read-bps: "));
}

TEST_CASE("descriptors to keep are counted from 3, or named") {
    const auto fds = [](Words words) {
        words.push_back("image");
        return cli::preserved_fds(cli::parse_command(*cli::find_command("run"), words));
    };
    CHECK(fds({}).empty());
    CHECK(fds({"--preserve-fds", "2"}) == std::vector<int>{3, 4});
    CHECK(fds({"--preserve-fd", "7,9"}) == std::vector<int>{7, 9});
    CHECK(error_of([&] { fds({"--preserve-fds", "100000"}); }).starts_with("--preserve-fds "));
}

TEST_CASE("zero is no limit") {
    const auto r = request({"--cpus=0", "--memory=0", "--pids-limit=0"});
    CHECK(r.limits.cpus == 0.0); // and lib/limits.cc leaves these out
    CHECK(r.limits.memory == 0);
    CHECK(r.limits.pids == -1);
}

TEST_CASE("values that mean nothing are errors") {
    CHECK(request_error({"--pull=sometimes"}).starts_with("--pull: "));
    CHECK(request_error({"--memory=lots"}).starts_with("--memory: "));
}
