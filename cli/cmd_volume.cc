// ctl volume create, ls, inspect, exists, rm, prune, mount, unmount, export, import.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/document.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/copy_stream.h"
#include "lib/volumes.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

namespace cli {
namespace {

std::vector<std::string> names_of_all(const lib::Engine& engine) {
    std::vector<std::string> names;
    for (const auto& document : lib::list_volumes(engine, {})) names.push_back(document["Name"].get<std::string>());
    return names;
}

} // namespace

int cmd_volume_create(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::CreateVolumeRequest request;
    if (!command.arguments.empty()) request.name = command.arguments.front();
    request.labels = command.list("label");
    request.options = command.list("opt");
    request.driver = command.find("driver").value_or("local");
    request.ignore = command.is_on("ignore");
    print(lib::create_volume(engine, request) + "\n");
    return 0;
}

int cmd_volume_ls(const ParsedCommand& command, const Globals& globals) {
    const auto documents = lib::list_volumes(globals.make_engine(), command.list("filter"));
    if (command.is_on("quiet")) {
        for (const auto& document : documents) print(document["Name"].get<std::string>() + "\n");
        return 0;
    }
    if (print_formatted(command, documents)) return 0;
    Table table(command.is_on("noheading") ? std::vector<std::string>{} : std::vector<std::string>{"DRIVER", "VOLUME NAME"});
    for (const auto& document : documents) table.add({document["Driver"], document["Name"]});
    print(table.text());
    return 0;
}

int cmd_volume_inspect(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    print_inspected(command, targets_or_all(command, [&] { return names_of_all(engine); }),
                    [&](const std::string& name) { return lib::inspect_volume(engine, name); });
    return 0;
}

int cmd_volume_exists(const ParsedCommand& command, const Globals& globals) {
    return lib::volume_exists(globals.make_engine(), command.arguments.front()) ? 0 : 1;
}

int cmd_volume_rm(const ParsedCommand& command, const Globals& globals) {
    lib::RemoveVolumeOptions options{.force = command.is_on("force"), .timeout = {}};
    if (const auto time = command.find("time")) {
        if (!options.force) throw Error("volume rm: --time needs --force");
        options.timeout = parse_seconds("time", *time);
    }
    lib::Engine engine = globals.make_engine();
    for_each_target(targets_or_all(command, [&] { return names_of_all(engine); }),
                    [&](const std::string& name) { print(escaped(lib::remove_volume(engine, name, options)) + "\n"); });
    return 0;
}

int cmd_volume_reload(const ParsedCommand&, const Globals&) { return 0; } // there are no plugins whose volumes could have changed

int cmd_volume_prune(const ParsedCommand& command, const Globals& globals) {
    if (!command.is_on("force") && !confirm("This removes all volumes that no container uses, with what is in them.")) return 0;
    lib::Engine engine = globals.make_engine();
    for (const std::string& name : lib::prune_volumes(engine, command.list("filter"))) print(name + "\n");
    return 0;
}

int cmd_volume_mount(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments, [&](const std::string& name) { print(escaped(lib::volume_directory(engine, name)) + "\n"); });
    return 0;
}

int cmd_volume_unmount(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments, [&](const std::string& name) { print(escaped(lib::inspect_volume(engine, name)["Name"].get<std::string>()) + "\n"); });
    return 0;
}

int cmd_volume_export(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::string& name = command.arguments.front();
    (void)lib::volume_directory(engine, name); // before a file is made for nothing
    if (const auto file = command.find("output")) {
        lib::export_volume(engine, name, sys::open(*file, O_WRONLY | O_CREAT | O_TRUNC, 0666).get());
        return 0;
    }
    lib::refuse_terminal(STDOUT_FILENO, "give a file with --output, or send standard output to one");
    lib::export_volume(engine, name, STDOUT_FILENO);
    return 0;
}

int cmd_volume_import(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::string& source = command.arguments[1];
    if (source == "-") lib::import_volume(engine, command.arguments[0], STDIN_FILENO);
    else lib::import_volume(engine, command.arguments[0], sys::open(source, O_RDONLY).get());
    return 0;
}

} // namespace cli
