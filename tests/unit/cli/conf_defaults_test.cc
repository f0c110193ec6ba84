#include "cli/conf_defaults.h"

#include "lib/config/conf_keys.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>

using Words = std::vector<std::string>;

namespace {

lib::config::ContainersConf conf_of(const std::string& text) {
    lib::config::ContainersConf conf;
    conf.add(text, "F");
    return conf;
}

cli::ParsedCommand with_defaults(const std::string& conf, Words words, const char* name = "run") {
    words.push_back("image");
    if (std::string_view(name) == "exec") words.push_back("true");
    cli::ParsedCommand command = cli::parse_command(*cli::find_command(name), words);
    cli::apply_conf_defaults(command, conf_of(conf));
    return command;
}

} // namespace

TEST_CASE("what the file says holds where the user says nothing") {
    const char* conf = "[containers]\ntz = \"local\"\npids_limit = 7\ninit = true\nshm_size = \"\"\n";
    CHECK(with_defaults(conf, {}).find("tz") == "local");
    CHECK(with_defaults(conf, {}).find("pids-limit") == "7");
    CHECK(with_defaults(conf, {}).is_on("init"));
    CHECK_FALSE(with_defaults(conf, {}).find("shm-size"));
    CHECK(with_defaults(conf, {"--tz", "UTC"}).find("tz") == "UTC");
    CHECK_FALSE(with_defaults(conf, {"--init=false"}).is_on("init"));
}

TEST_CASE("lists that add up come before the user's, others give way to them") {
    const char* conf = "[containers]\nvolumes = [\"a:/a\"]\ndefault_ulimits = [\"nofile=1\"]\ndns_servers = [\"1.1.1.1\"]\n";
    CHECK(with_defaults(conf, {"-v", "b:/b"}).list("volume") == Words{"a:/a", "b:/b"});
    CHECK(with_defaults(conf, {"--ulimit", "nofile=2"}).list("ulimit") == Words{"nofile=1", "nofile=2"});
    CHECK(with_defaults(conf, {"--dns", "9.9.9.9"}).list("dns") == Words{"9.9.9.9"});
    CHECK(with_defaults(conf, {}).list("dns") == Words{"1.1.1.1"});
}

TEST_CASE("words for what holds anyway are no option") {
    const char* conf = "[containers]\nnetns = \"private\"\nuserns = \"host\"\n";
    CHECK_FALSE(with_defaults(conf, {}).find("network"));
    CHECK_FALSE(with_defaults(conf, {}).find("userns"));
    CHECK(with_defaults("[containers]\nnetns = \"none\"\n", {}).find("network") == "none");
}

TEST_CASE("a default does not contradict what the user asked for") {
    CHECK_FALSE(with_defaults("[containers]\nno_hosts = true\n", {"--add-host", "a:1.2.3.4"}).is_on("no-hosts"));
    CHECK_FALSE(with_defaults("[containers]\nnetns = \"none\"\n", {"-p", "8080:80"}).find("network"));
}

TEST_CASE("what is about containers is not for exec, what is about the engine is") {
    CHECK_FALSE(with_defaults("[containers]\nprivileged = true\n", {}, "exec").is_on("privileged"));
    CHECK(with_defaults("[containers]\nprivileged = true\n", {}, "create").is_on("privileged"));
    CHECK(with_defaults("[engine]\nstop_timeout = 3\n", {}).find("stop-timeout") == "3");
    CHECK(with_defaults("[engine]\npull_policy = \"newer\"\n", {}).find("pull") == "newer");
}

TEST_CASE("the size and the tag of logs go to the drivers that have them") {
    const char* conf = "[containers]\nlog_size_max = 8192\nlog_tag = \"t\"\n";
    CHECK(with_defaults(conf, {}).list("log-opt") == Words{"max-size=8192"});
    CHECK(with_defaults(conf, {"--log-opt", "max-size=1m"}).list("log-opt") == Words{"max-size=1m"});
    CHECK(with_defaults(conf, {"--log-driver", "journald"}).list("log-opt") == Words{"tag=t"});
    CHECK(with_defaults(conf, {"--log-driver", "none"}).list("log-opt").empty());
    CHECK(with_defaults("[containers]\nlog_size_max = -1\n", {}).list("log-opt").empty());
}

TEST_CASE("what no option can say goes into the request") {
    lib::CreateRequest request;
    cli::apply_conf(request, conf_of("[containers]\nenv = [\"A=1\"]\ndefault_capabilities = [\"CHOWN\"]\ndefault_sysctls = [\"net.a=1\"]\n"
                                     "seccomp_profile = \"/s\"\nkeyring = false\nhost_containers_internal_ip = \"1.2.3.4\"\n"
                                     "[engine]\ncgroup_manager = \"cgroupfs\"\n"));
    CHECK(request.process.default_env == Words{"A=1"});
    CHECK(request.process.default_capabilities == Words{"CHOWN"});
    CHECK(request.process.default_sysctls == Words{"net.a=1"});
    CHECK(request.process.seccomp_profile == "/s");
    CHECK_FALSE(request.process.keyring);
    CHECK(request.names.host_address == "1.2.3.4");
    CHECK(request.cgroup.manager == "cgroupfs");
    CHECK(error_of([&] { cli::apply_conf(request, conf_of("[engine]\ncgroup_manager = \"x\"\n")); })
          == "F: engine.cgroup_manager: \"x\" is neither systemd nor cgroupfs");
}

TEST_CASE("an error about a default names the file and the key, and only that one") {
    const std::vector<cli::ConfDefault> defaults{{"dns", "containers.dns_servers", "F"}, {"dns-search", "containers.dns_searches", "G"}};
    const auto named = [&](const char* text) {
        Error error(text);
        cli::name_source(error, defaults);
        return std::string(error.what());
    };
    CHECK(named("--dns x: not an IP address") == "F: containers.dns_servers: --dns x: not an IP address");
    CHECK(named("--dns-search: bad") == "G: containers.dns_searches: --dns-search: bad");
    CHECK(named("--tz: bad") == "--tz: bad");
}

TEST_CASE("every key that is called supported is used") {
    for (const lib::config::ConfKey& key : lib::config::conf_keys()) {
        CAPTURE(std::string(key.name));
        if (key.status == lib::config::KeyStatus::supported) CHECK(cli::is_conf_key_used(key.name));
        if (key.status == lib::config::KeyStatus::never) CHECK_FALSE(cli::is_conf_key_used(key.name));
        if (key.status == lib::config::KeyStatus::never) CHECK_FALSE(key.note.empty());
    }
}
