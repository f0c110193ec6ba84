// The options of `run` and `create`, see cli/create_request.h.
#include "cli/create_request.h"

#include "base/error.h"
#include "cli/values.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace cli {
namespace {

/// One word, or a JSON list of words; the empty word clears the image's entry point.
std::vector<std::string> parse_entrypoint(const std::string& text) {
    if (!text.starts_with('[')) return {text};
    const auto list = nlohmann::json::parse(text, nullptr, false);
    const bool words = list.is_array() && std::ranges::all_of(list, [](const auto& word) { return word.is_string(); });
    if (!words) throw Error("--entrypoint: ", text, " is not a JSON list of words");
    return list.empty() ? std::vector<std::string>{""} : list.get<std::vector<std::string>>();
}

lib::PullPolicy parse_pull_policy(const std::string& text) {
    using enum lib::PullPolicy;
    constexpr std::array<std::pair<const char*, lib::PullPolicy>, 4> policies{
        {{"missing", missing}, {"always", always}, {"never", never}, {"newer", newer}}};
    const auto found = std::ranges::find(policies, text, &std::pair<const char*, lib::PullPolicy>::first);
    if (found != policies.end()) return found->second;
    throw Error("--pull: \"", text, "\" is not one of missing, always, never, newer");
}

void read_limits(const ParsedCommand& command, lib::CreateRequest& request) {
    // 0 is Podman's word for "no limit" with each of the three, and -1 with --pids-limit.
    if (const auto cpus = command.find("cpus")) {
        const double number = parse_decimal("cpus", *cpus);
        if (number > 0) request.cpus = number;
    }
    if (const auto memory = command.find("memory")) {
        const std::int64_t bytes = parse_size("memory", *memory);
        if (bytes > 0) request.memory = bytes;
    }
    if (const auto pids = command.find("pids-limit")) {
        const std::int64_t number = parse_integer("pids-limit", *pids, -1);
        request.pids_limit = number == 0 ? -1 : number;
    }
}

void read_process(const ParsedCommand& command, lib::CreateRequest& request) {
    request.env = command.list("env");
    request.env_files = command.list("env-file");
    request.workdir = command.find("workdir");
    request.user = command.find("user");
    if (const auto entrypoint = command.find("entrypoint")) request.entrypoint = parse_entrypoint(*entrypoint);
    request.interactive = command.is_on("interactive");
    request.tty = command.is_on("tty");
    request.init = command.is_on("init");
    request.stop_signal = command.find("stop-signal");
    if (const auto timeout = command.find("stop-timeout"))
        request.stop_timeout = static_cast<int>(
            std::min<std::int64_t>(parse_seconds("stop-timeout", *timeout).count(), std::numeric_limits<int>::max()));
}

void read_isolation(const ParsedCommand& command, lib::CreateRequest& request) {
    request.cap_add = command.list_split("cap-add");
    request.cap_drop = command.list_split("cap-drop");
    request.security_opt = command.list("security-opt");
    request.privileged = command.is_on("privileged");
    request.read_only = command.is_on("read-only");
    request.network = command.find("network").value_or("");
    request.pid = command.find("pid").value_or("");
    request.ipc = command.find("ipc").value_or("");
    request.uts = command.find("uts").value_or("");
    request.cgroupns = command.find("cgroupns").value_or("");
    request.userns = command.find("userns").value_or("");
}

} // namespace

lib::CreateRequest make_create_request(const ParsedCommand& command) {
    lib::CreateRequest request;
    request.image = command.arguments.front();
    request.command.assign(command.arguments.begin() + 1, command.arguments.end());
    request.name = command.find("name").value_or("");
    request.hostname = command.find("hostname");
    request.labels = command.list("label");
    request.volumes = command.list("volume");
    request.tmpfs = command.list("tmpfs");
    request.publish = command.list_split("publish");
    request.remove = command.is_on("rm");
    request.log_driver = command.find("log-driver").value_or("");
    request.log_options = command.list("log-opt");
    if (const auto policy = command.find("pull")) request.pull = parse_pull_policy(*policy);
    read_limits(command, request);
    read_process(command, request);
    read_isolation(command, request);
    return request;
}

} // namespace cli
