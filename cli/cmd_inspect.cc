// ctl inspect.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace cli {
namespace {

enum class Kind { container, image, all };

Kind parse_kind(const std::string& text) {
    if (text == "all") return Kind::all;
    if (text == "container") return Kind::container;
    if (text == "image") return Kind::image;
    throw Error("inspect: --type=", text, " is not supported yet, only container, image and all are");
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

nlohmann::json inspect(const lib::Engine& engine, const std::string& name, Kind kind) {
    if (kind == Kind::container) return lib::inspect_container(engine, name);
    if (kind == Kind::image) return lib::inspect_image(engine, name);
    std::string why;
    if (const auto id = try_find_container(engine, name, why)) return lib::inspect_container(engine, *id);
    try {
        return lib::inspect_image(engine, name);
    } catch (const Error& e) {
        throw Error(why, "; ", e.what());
    }
}

/// `container inspect` and `image inspect` say in their names what they look for.
std::string default_kind(const ParsedCommand& command) {
    const auto blank = command.called_as.find(' ');
    return blank == std::string::npos ? "all" : command.called_as.substr(0, blank);
}

} // namespace

int cmd_inspect(const ParsedCommand& command, const Globals& globals) {
    const Kind kind = parse_kind(command.find("type").value_or(default_kind(command)));
    const Format format = Format::parse(command.find("format").value_or("json"));
    const lib::Engine engine = globals.make_engine();
    std::vector<nlohmann::json> documents;
    std::vector<Error> errors = try_each_target(
        command.arguments, [&](const std::string& name) { documents.push_back(inspect(engine, name, kind)); });
    print(format.render_all(documents)); // what was found is shown, whatever else was not
    throw_errors(std::move(errors));
    return 0;
}

} // namespace cli
