// ctl oci exec and update.
#include "base/error.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/oci_main.h"
#include "cli/values.h"
#include "lib/runtime/control.h"
#include "lib/runtime/exec.h"

#include <limits>

namespace cli {
namespace {

std::uint32_t parse_id(std::string_view option, const std::string& text) {
    const std::int64_t id = parse_integer(option, text, 0);
    if (id > std::numeric_limits<std::uint32_t>::max() - 1) throw Error("--", option, " ", text, ": no id is that large");
    return static_cast<std::uint32_t>(id);
}

void take_user(const ParsedCommand& command, lib::runtime::ExecRequest& request) {
    if (const auto text = command.find("user")) {
        const auto colon = text->find(':');
        request.uid = parse_id("user", text->substr(0, colon));
        if (colon != text->npos) request.gid = parse_id("user", text->substr(colon + 1));
    }
    for (const std::string& group : command.list("additional-gids")) request.additional_gids.push_back(parse_id("additional-gids", group));
}

} // namespace

int cmd_oci_exec(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::ExecRequest request;
    request.id = command.arguments.at(0);
    request.args.assign(command.arguments.begin() + 1, command.arguments.end());
    request.process_file = command.find("process").value_or("");
    request.env = command.list("env");
    request.cwd = command.find("cwd").value_or("");
    take_user(command, request);
    request.caps = command.list("cap");
    if (command.is_on("no-new-privs")) request.no_new_privileges = true;
    request.terminal = command.is_on("tty");
    request.apparmor = command.find("apparmor").value_or("");
    request.selinux_label = command.find("process-label").value_or("");
    request.cgroup = command.find("cgroup").value_or("");
    request.pid_file = absolute_path(command, "pid-file");
    request.console_socket = absolute_path(command, "console-socket");
    request.preserve_fds = preserve_count(command);
    request.detach = command.is_on("detach");
    request.new_keyring = !command.is_on("no-new-keyring");
    return lib::runtime::exec(make_runtime(globals), request);
}

int cmd_oci_update(const ParsedCommand& command, const Globals& globals) {
    oci::Resources resources;
    if (const auto file = command.find("resources"))
        resources = oci::parse_resources(files::read_named(*file == "-" ? "/dev/stdin" : *file, "--resources"), *file);
    const auto number = [&](std::string_view option) -> std::optional<std::int64_t> {
        const auto text = command.find(option);
        return text ? std::optional(parse_integer(option, *text, -1)) : std::nullopt;
    };
    const auto set = [&](std::string_view option, auto& field) {
        if (const auto value = number(option)) field = static_cast<typename std::remove_reference_t<decltype(field)>::value_type>(*value);
    };
    set("blkio-weight", resources.blkio_weight);
    set("cpu-period", resources.cpu_period);
    set("cpu-quota", resources.cpu_quota);
    set("cpu-share", resources.cpu_shares);
    set("memory", resources.memory_limit);
    set("memory-reservation", resources.memory_reservation);
    set("memory-swap", resources.memory_swap);
    set("pids-limit", resources.pids_limit);
    if (const auto cpus = command.find("cpuset-cpus")) resources.cpuset_cpus = *cpus;
    if (const auto mems = command.find("cpuset-mems")) resources.cpuset_mems = *mems;
    if (resources.empty()) throw Error("oci update: nothing to change; name a limit or --resources");
    lib::runtime::update(make_runtime(globals), command.arguments.at(0), resources);
    return 0;
}

} // namespace cli
