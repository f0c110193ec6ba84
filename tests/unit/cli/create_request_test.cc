#include "cli/create_request.h"

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
    CHECK(r.network == "default");
    CHECK(r.pull == lib::PullPolicy::missing);
    CHECK_FALSE(r.entrypoint);
    CHECK_FALSE(r.cpus);
    CHECK_FALSE(r.memory);
    CHECK_FALSE(r.pids_limit);
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
    CHECK(r.cpus == 0.5);
    CHECK(r.memory == 512LL << 20);
    CHECK(r.pids_limit == 10);
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

TEST_CASE("zero is no limit") {
    const auto r = request({"--cpus=0", "--memory=0", "--pids-limit=0"});
    CHECK_FALSE(r.cpus);
    CHECK_FALSE(r.memory);
    CHECK(r.pids_limit == -1);
}

TEST_CASE("values that are not supported yet are errors") {
    CHECK(request_error({"--network=bridge"}) == "--network=bridge is not supported yet, only default, none and host are");
    CHECK(request_error({"--network=pasta:-T"}).find("not supported yet") != std::string::npos);
    CHECK(request_error({"--pull=sometimes"}).starts_with("--pull: "));
    CHECK(request_error({"--memory=lots"}).starts_with("--memory: "));
}
