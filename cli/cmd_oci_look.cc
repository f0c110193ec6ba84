// ctl oci: what it tells of its containers and of itself.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/oci_main.h"
#include "cli/output.h"
#include "cli/values.h"
#include "lib/runtime/control.h"
#include "lib/runtime/features.h"
#include "lib/runtime/first_spec.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace cli {
namespace {

using nlohmann::json;

bool wants_json(const ParsedCommand& command) {
    const std::string format = command.find("format").value_or("table");
    if (format != "table" && format != "json") throw Error("--format ", format, ": there are table and json");
    return format == "json";
}

} // namespace

int cmd_oci_state(const ParsedCommand& command, const Globals& globals) {
    const lib::runtime::Listed found = lib::runtime::find(make_runtime(globals), command.arguments.at(0));
    print(json_text(lib::runtime::state_json(found.state, found.status)));
    return 0;
}

int cmd_oci_list(const ParsedCommand& command, const Globals& globals) {
    const bool as_json = wants_json(command);
    const auto containers = lib::runtime::list(make_runtime(globals));
    if (command.is_on("quiet")) {
        for (const auto& [state, status] : containers) print(escaped(state.id) + "\n");
        return 0;
    }
    if (as_json) {
        json list = json::array();
        for (const auto& [state, status] : containers) list.push_back(lib::runtime::state_json(state, status));
        print(json_text(list));
        return 0;
    }
    Table table({"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
    for (const auto& [state, status] : containers) {
        const bool lives = status != lib::runtime::Status::stopped;
        table.add({state.id, std::to_string(lives ? state.pid : 0), std::string(status_name(status)), state.bundle, state.created, state.owner});
    }
    print(table.text());
    return 0;
}

int cmd_oci_ps(const ParsedCommand& command, const Globals& globals) {
    const bool as_json = wants_json(command);
    const std::vector<pid_t> pids = lib::runtime::processes(make_runtime(globals), command.arguments.at(0));
    if (as_json) {
        print(json(pids).dump() + "\n");
        return 0;
    }
    std::string text = "PID\n";
    for (const pid_t pid : pids) text += cat(pid, "\n");
    print(text);
    return 0;
}

int cmd_oci_features(const ParsedCommand&, const Globals&) {
    print(json_text(lib::runtime::features()));
    return 0;
}

int cmd_oci_spec(const ParsedCommand& command, const Globals&) {
    lib::runtime::write_first_spec(std::filesystem::absolute(command.find("bundle").value_or(".")).string(), command.is_on("rootless"));
    return 0;
}

int cmd_oci_events(const ParsedCommand& command, const Globals& globals) {
    const lib::runtime::Runtime runtime = make_runtime(globals);
    const std::string& id = command.arguments.at(0);
    if (command.is_on("stats")) {
        print(lib::runtime::stats_event(runtime, id).dump() + "\n");
        return 0;
    }
    const auto interval = parse_duration("interval", command.find("interval").value_or("5s"));
    std::int64_t kills = lib::runtime::oom_kills(lib::runtime::find(runtime, id).state);
    for (;;) {
        print(lib::runtime::stats_event(runtime, id).dump() + "\n");
        sys::sleep_for(interval);
        const lib::runtime::Listed found = lib::runtime::find(runtime, id);
        const std::int64_t now = lib::runtime::oom_kills(found.state);
        for (; kills < now; ++kills) print(json{{"type", "oom"}, {"id", id}}.dump() + "\n");
        if (found.status == lib::runtime::Status::stopped) return 0;
    }
}

} // namespace cli
