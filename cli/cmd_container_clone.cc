// ctl container clone.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/values.h"
#include "lib/clone.h"
#include "lib/run.h"

namespace cli {
namespace {

template <class Parse>
auto find_value(const ParsedCommand& command, const char* option, Parse parse) -> std::optional<decltype(parse(std::string()))> {
    const auto text = command.find(option);
    if (!text) return std::nullopt;
    return parse(*text);
}

} // namespace

int cmd_container_clone(const ParsedCommand& command, const Globals& globals) {
    lib::CloneRequest request;
    request.container = command.arguments[0];
    if (command.arguments.size() > 1) request.name = command.arguments[1];
    if (command.arguments.size() > 2) request.image = command.arguments[2];
    if (const auto name = command.find("name")) {
        if (!request.name.empty() && request.name != *name) throw Error("the clone got two names: ", request.name, " and ", *name);
        request.name = *name;
    }
    const auto size = [&](const char* option) {
        return find_value(command, option, [&](const std::string& text) { return parse_size(option, text); });
    };
    const auto number = [&](const char* option, std::int64_t least) {
        return find_value(command, option, [&](const std::string& text) { return parse_integer(option, text, least); });
    };
    request.cpus = find_value(command, "cpus", [](const std::string& text) { return parse_decimal("cpus", text); });
    request.cpu_quota = number("cpu-quota", -1);
    if (const auto period = number("cpu-period", 1)) request.cpu_period = static_cast<std::uint64_t>(*period);
    if (const auto shares = number("cpu-shares", 2)) request.cpu_shares = static_cast<std::uint64_t>(*shares);
    request.memory = size("memory");
    request.memory_reservation = size("memory-reservation");
    request.memory_swap = find_value(command, "memory-swap", [](const std::string& text) {
        return text == "-1" ? std::int64_t{-1} : parse_size("memory-swap", text);
    });
    request.cpuset_cpus = command.find("cpuset-cpus");
    request.cpuset_mems = command.find("cpuset-mems");
    request.destroy = command.is_on("destroy");
    request.force = command.is_on("force");
    lib::Engine engine = globals.make_engine();
    const std::string id = lib::clone_container(engine, request, make_callbacks(false));
    if (command.is_on("run")) lib::start_container(engine, id, {}, {});
    print(id + "\n");
    return 0;
}

} // namespace cli
