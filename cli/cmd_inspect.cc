// ctl inspect.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "lib/container_size.h"
#include "lib/containers.h"
#include "lib/volumes.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace cli {
namespace {

enum class Kind { container, image, volume, all };

Kind parse_kind(const std::string& text) {
    if (text == "all") return Kind::all;
    if (text == "container") return Kind::container;
    if (text == "image") return Kind::image;
    if (text == "volume") return Kind::volume;
    throw Error("inspect: --type=", text, " is not supported yet, only container, image, volume and all are");
}

/// Empty when there is no such container; `why` is then the reason.
std::optional<std::string> try_find_container(const lib::Engine& engine, const std::string& name, std::string& why) {
    try {
        return lib::find_container_id(engine, name);
    } catch (const Error& e) {
        why = e.what();
        return std::nullopt;
    }
}

enum class Sizes { shown, hidden };

nlohmann::json inspect_container(lib::Engine& engine, const std::string& name, Sizes sizes) {
    nlohmann::json document = lib::inspect_container(engine, name);
    if (sizes == Sizes::hidden) return document;
    const std::string id = document["Id"];
    for (const auto& [measured, size] : lib::measure_containers(engine, {id})) {
        document["SizeRw"] = size.writable;
        document["SizeRootFs"] = size.root_fs;
    }
    return document;
}

nlohmann::json inspect(lib::Engine& engine, const std::string& name, Kind kind, Sizes sizes) {
    if (kind == Kind::container) return inspect_container(engine, name, sizes);
    if (kind == Kind::image) return lib::inspect_image(engine, name);
    if (kind == Kind::volume) return lib::inspect_volume(engine, name);
    std::string why;
    if (const auto id = try_find_container(engine, name, why)) return inspect_container(engine, *id, sizes);
    try {
        return lib::inspect_image(engine, name);
    } catch (const Error& e) {
        if (lib::volume_exists(engine, name)) return lib::inspect_volume(engine, name);
        throw Error("no such object \"", name, "\": ", why, "; ", e.what());
    }
}

/// `container inspect` says in its name what it looks for.
std::string default_kind(const ParsedCommand& command) {
    const auto blank = command.called_as.find(' ');
    return blank == std::string::npos ? "all" : command.called_as.substr(0, blank);
}

/// The names given, or with --latest the youngest container.
std::vector<std::string> targets(const ParsedCommand& command, const lib::Engine& engine) {
    if (!command.is_on("latest")) {
        if (command.arguments.empty()) throw Error("inspect: missing argument NAME, or --latest for the latest container");
        return command.arguments;
    }
    if (!command.arguments.empty()) throw Error("inspect: names and --latest exclude each other");
    const auto containers = lib::list_containers(engine, true);
    if (containers.empty()) throw Error("inspect: --latest: there is no container");
    return {containers.front().id};
}

} // namespace

int cmd_inspect(const ParsedCommand& command, const Globals& globals) {
    const Kind kind = parse_kind(command.find("type").value_or(default_kind(command)));
    lib::Engine engine = globals.make_engine();
    const Sizes sizes = command.is_on("size") ? Sizes::shown : Sizes::hidden;
    print_inspected(command, targets(command, engine), [&](const std::string& name) { return inspect(engine, name, kind, sizes); });
    return 0;
}

} // namespace cli
