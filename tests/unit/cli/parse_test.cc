#include "cli/parse.h"

#include "cli/command.h"
#include "cli/podman_names.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>

using cli::parse_command;
using Words = std::vector<std::string>;

namespace {

cli::ParsedCommand parse(const char* command, const Words& words) { return parse_command(*cli::find_command(command), words); }

std::string parse_error(const char* command, const Words& words) {
    return error_of([&] { parse(command, words); });
}

} // namespace

TEST_CASE("run: what follows the image belongs to the command, dashes or not") {
    const auto run = parse("run", {"--rm", "-it", "image", "sh", "-c", "--rm", "--", "-x", "--y="});
    CHECK(run.arguments == Words{"image", "sh", "-c", "--rm", "--", "-x", "--y="});
    CHECK(run.is_on("rm"));
    CHECK(run.is_on("interactive"));
    CHECK(run.is_on("tty"));
    CHECK_FALSE(run.is_on("detach"));
}

TEST_CASE("run: -- ends the options, and is not the image") {
    CHECK(parse("run", {"--rm", "--", "image", "--", "x"}).arguments == Words{"image", "--", "x"});
}

TEST_CASE("other commands take options anywhere, until --") {
    const auto rm = parse("rm", {"one", "-f", "two", "--", "-three"});
    CHECK(rm.arguments == Words{"one", "two", "-three"});
    CHECK(rm.is_on("force"));
}

TEST_CASE("every way to give a value") {
    for (const Words& words : std::initializer_list<Words>{
             {"--name", "a", "i"}, {"--name=a", "i"}, {"--name=b", "--name=a", "i"}})
        CHECK(parse("run", words).find("name") == "a");
    CHECK(parse("run", {"-p8080:80", "-p", "81", "--publish=82", "i"}).list("publish") == Words{"8080:80", "81", "82"});
    CHECK(parse("run", {"-itvx:/x", "i"}).list("volume") == Words{"x:/x"});
    CHECK(parse("run", {"--net=none", "i"}).find("network") == "none");
    CHECK(parse("run", {"i"}).find("network") == std::nullopt);
}

TEST_CASE("an empty value is a value") {
    CHECK(parse("run", {"--entrypoint=", "image", "word"}).find("entrypoint") == "");
    CHECK(parse("run", {"--entrypoint=", "image", "word"}).arguments == Words{"image", "word"});
    CHECK(parse("run", {"--entrypoint", "", "image"}).find("entrypoint") == "");
    CHECK(parse("run", {"-e", "", "-e", "A=", "image"}).list("env") == Words{"", "A="});
}

TEST_CASE("an empty word is an argument of every command, or one too many") {
    for (const cli::CommandSpec* command : cli::commands()) {
        CAPTURE(command->name);
        Words got{"an error"};
        try {
            got = parse_command(*command, {""}).arguments;
        } catch (const Error&) {
            continue;
        }
        CHECK(got == Words{""});
    }
    CHECK(parse("run", {"--rm", ""}).arguments == Words{""});
}

TEST_CASE("a value may begin with a dash, and is never taken apart") {
    CHECK(parse("run", {"--pids-limit", "-1", "i"}).find("pids-limit") == "-1");
    CHECK(parse("logs", {"--tail", "-1", "web"}).find("tail") == "-1");
    CHECK(parse("run", {"-e", "[a,b]", "i"}).list("env") == Words{"[a,b]"});
    CHECK(parse("run", {"--cap-add", "a,b", "--cap-add=c", "i"}).list("cap-add") == Words{"a,b", "c"});
    CHECK(parse("run", {"--cap-add", "a,b", "--cap-add=c", "i"}).list_split("cap-add") == Words{"a", "b", "c"});
}

TEST_CASE("switches can be switched off") {
    CHECK_FALSE(parse("run", {"--rm=false", "i"}).is_on("rm"));
    CHECK(parse("run", {"--rm=true", "i"}).is_on("rm"));
    CHECK(parse("start", {"web"}).is_on("sig-proxy", true));
    CHECK_FALSE(parse("start", {"--sig-proxy=false", "web"}).is_on("sig-proxy", true));
    CHECK(error_of([] { parse("run", {"--rm=maybe", "i"}).is_on("rm"); }) == "run: --rm is true or false, not \"maybe\"");
}

TEST_CASE("-h is the host name of run and the help of the others") {
    CHECK(parse("run", {"-h", "box", "i"}).find("hostname") == "box");
    CHECK(parse("ps", {"-h"}).is_on("help"));
}

TEST_CASE("help is shown whatever else is wrong") {
    CHECK(parse("run", {"--help"}).is_on("help"));
    CHECK(parse("rm", {"--frce", "--help"}).is_on("help"));
}

TEST_CASE("options of Podman that ctl does not have are refused, not ignored") {
    CHECK(parse_error("run", {"--health-cmd", "x", "i"}) == "run: option --health-cmd is not supported yet");
    CHECK(parse_error("run", {"--health-cmd=x", "i"}) == "run: option --health-cmd is not supported yet");
    CHECK(parse_error("run", {"--dns-opt", "x", "i"}) == "run: option --dns-opt is not supported yet");
    CHECK(parse_error("generate spec", {"-n", "x"}) == "generate spec: option -n is not supported yet");
    CHECK(parse_error("generate spec", {"-cn", "x"}) == "generate spec: option -n is not supported yet");
    CHECK(error_of([] { parse_command(cli::program_spec, {"--hooks-dir", "/x", "ps"}); }) == "option --hooks-dir is not supported yet");
}

TEST_CASE("typing errors get the nearest name") {
    CHECK(parse_error("run", {"--detatch", "i"}) == "run: unknown option --detatch; did you mean --detach?");
    CHECK(parse_error("run", {"--xyzzyx", "i"}) == "run: unknown option --xyzzyx; see ctl run --help");
    CHECK(parse_error("ps", {"-X"}) == "ps: unknown option -X; see ctl ps --help");
    CHECK(error_of([] { cli::throw_unknown_command("imags"); }) == "unknown command imags; did you mean images?");
    CHECK(error_of([] { cli::throw_unknown_command("build"); }) == "the command build is not supported yet");
    CHECK(error_of([] { cli::throw_unknown_command("system renumber"); })
          == "the command system renumber is not there, for there is nothing to do: containers have no numbered locks");
    CHECK(error_of([] { cli::throw_unknown_command("network create"); }) == "the command network create is not supported yet");
}

TEST_CASE("an option that can never be says why") {
    CHECK(parse_error("run", {"--oom-kill-disable", "i"})
          == "run: option --oom-kill-disable is not possible: control groups v2 cannot pause the OOM killer for a group; "
             "--memory-reservation protects some memory");
    CHECK(parse_error("run", {"--memory-swappiness=5", "i"}).find("no swappiness") != std::string::npos);
    CHECK(parse_error("ps", {"--oom-kill-disable"}).find("unknown option") != std::string::npos);
}

TEST_CASE("missing values and wrong numbers of arguments") {
    CHECK(parse_error("run", {"--name"}) == "run: option --name needs a value");
    CHECK(parse_error("run", {"--rm"}).starts_with("run: missing argument IMAGE"));
    CHECK(parse_error("kill", {"--signal"}) == "kill: option --signal needs a value");
    CHECK(parse_error("images", {"a", "b"}).starts_with("images: too many arguments, from \"b\" on"));
    CHECK(parse_error("tag", {"a"}).starts_with("tag: missing argument NAME"));
}

TEST_CASE("every parse error is the engine's own") {
    try {
        parse("run", {"--health-cmd", "x", "i"});
        FAIL("no error");
    } catch (const Error& e) {
        CHECK(e.exit_code == 125);
    }
}

TEST_CASE("asking for an option that is not described is a defect that shows") {
    CHECK_THROWS_AS(parse("ps", {}).is_on("detach"), std::logic_error);
}

/// Commands, or what they do with --remote, that Podman leaves to skopeo, to its runtimes and to other tools.
static bool is_others(const cli::CommandSpec& command) {
    const std::set<std::string_view> names{"image copy", "image delete", "image inspect", "image referrers", "image sync"};
    return names.contains(command.name) || command.name.starts_with("oci");
}

TEST_CASE("the tables: names are unique, and every option of ours is one of Podman's") {
    // Ours alone, each with its reason: single-id is the mode for machines without subordinate ids; exec's --cidfile is
    // Podman 5.5's, and what start, stop and rm have; a clone can have all limits that run gives;
    // --cdi-spec-dir stands before the command in Podman; pull's --policy, and most of what artifacts have, is of Podman 5.5 and later.
    const std::set<std::string> own{" single-id", "exec cidfile", "container clone pids-limit", "container clone device-read-iops",
                                    "container clone device-write-iops", "pull policy", "run cdi-spec-dir", "create cdi-spec-dir",
                                    "artifact add append", "artifact add file-type", "artifact add replace", "artifact extract digest",
                                    "artifact extract title", "artifact inspect format", "artifact rm all", "artifact rm ignore",
                                    "run runtime", "run runtime-flag", "create runtime", "create runtime-flag", // before the command in Podman
                                    "update publish-add", "update publish-rm", // Podman cannot change ports,
                                    "network stats format", "network stats latest", "network stats no-trunc", "network capture count",
                                    "network capture snapshot-length"}; // or show what a network carries
    // Podman 5.4 takes it and does not show it in its help.
    const std::string_view hidden = "signature-policy";
    std::set<std::string_view> commands;
    for (const cli::CommandSpec* command : cli::commands()) {
        CAPTURE(command->name);
        CHECK(commands.insert(command->name).second);
        CHECK((is_others(*command) || command->name == "artifact extract" || command->name.starts_with("network ") || cli::is_podman_command(command->name)));
        const bool has_function = cli::find_command_function(command->name) != nullptr;
        CHECK(has_function != command->is_group);
        CHECK_FALSE(command->examples.empty());
        CHECK_FALSE(command->description.empty());
    }
    std::vector<const cli::CommandSpec*> all(cli::commands().begin(), cli::commands().end());
    all.push_back(&cli::program_spec);
    for (const cli::CommandSpec* command : all) {
        std::set<std::string> names;
        for (const cli::OptionSpec& option : command->options) {
            CAPTURE(option.long_name);
            CHECK(names.insert(std::string(option.long_name)).second);
            if (option.short_name != '\0') CHECK(names.insert(std::string(1, option.short_name)).second);
            const bool is_own = is_others(*command) || own.contains(std::string(command->name) + " " + std::string(option.long_name));
            const bool known = is_own || option.long_name == hidden || cli::is_podman_option(command->name, option.long_name);
            CHECK(known);
            if (option.short_name != '\0' && known && !is_own)
                CHECK(cli::is_podman_option(command->name, std::string(1, option.short_name)));
            CHECK_FALSE(option.help.ends_with('.'));
        }
    }
}

TEST_CASE("help shows every option with its help, in lines of at most 100 columns") {
    const std::string text = cli::help_text(*cli::find_command("run"));
    for (const cli::OptionSpec& option : cli::find_command("run")->options) {
        const std::string name = "--" + std::string(option.long_name);
        CHECK_MESSAGE(text.find(name) != std::string::npos, name);
    }
    CHECK(text.find("Usage: ctl run [options] IMAGE [COMMAND] [ARGUMENT...]") != std::string::npos);
    std::size_t start = 0;
    for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) CHECK(end - start <= 100);
    CHECK(cli::help_text(cli::program_spec).find("Run a command in a new container") != std::string::npos);
}
