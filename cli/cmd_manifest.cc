// ctl manifest create, add, annotate, inspect, push, remove, rm, exists.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/push_options.h"
#include "cli/registry_options.h"
#include "cli/targets.h"
#include "lib/manifest_list.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

lib::ListEntryOptions entry_options(const ParsedCommand& command) {
    lib::ListEntryOptions options;
    options.os = command.find("os");
    options.architecture = command.find("arch");
    options.variant = command.find("variant");
    options.os_version = command.find("os-version");
    options.features = command.list_split("features");
    if (find_option(command.spec(), "os-features") != nullptr) options.os_features = command.list_split("os-features");
    options.annotations = annotations_of(command);
    return options;
}

/// Images may be several at `create` and `add`.
void add_images(lib::Engine& engine, const ParsedCommand& command, const std::string& list, lib::ListAddRequest request) {
    request.list = list;
    request.registry = registry_options(command);
    request.all = command.is_on("all");
    for (std::size_t i = 1; i < command.arguments.size(); ++i) {
        request.image = command.arguments[i];
        lib::add_to_manifest_list(engine, request, make_callbacks(false));
    }
}

constexpr const char* of_artifacts[] = {"artifact-config", "artifact-config-type", "artifact-layer-type", "artifact-subject", "artifact-type"};

void refuse_artifact_options(const ParsedCommand& command) {
    for (const char* option : of_artifacts)
        if (command.find(option)) throw Error("manifest add: --", option, " requires --artifact");
    if (command.is_on("artifact-exclude-titles")) throw Error("manifest add: --artifact-exclude-titles requires --artifact");
}

lib::ListArtifactRequest artifact_options(const ParsedCommand& command) {
    lib::ListArtifactRequest request;
    request.files.assign(command.arguments.begin() + 1, command.arguments.end());
    request.type = command.find("artifact-type");
    request.config = command.find("artifact-config").value_or("");
    request.config_type = command.find("artifact-config-type").value_or("");
    request.file_type = command.find("artifact-layer-type").value_or("");
    request.untitled = command.is_on("artifact-exclude-titles");
    return request;
}

} // namespace

int cmd_manifest_create(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto amend = command.is_on("amend") ? lib::Amend::yes : lib::Amend::no;
    const std::string name = lib::create_manifest_list(engine, command.arguments.front(), amend, annotations_of(command));
    add_images(engine, command, name, {});
    print(escaped(name) + "\n");
    return 0;
}

int cmd_manifest_add(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::ListAddRequest request;
    request.options = entry_options(command);
    if (command.is_on("artifact")) {
        request.list = command.arguments.front();
        request.registry = registry_options(command);
        lib::add_artifact_to_manifest_list(engine, request, artifact_options(command), command.find("artifact-subject").value_or(""), make_callbacks(true));
    } else {
        refuse_artifact_options(command);
        add_images(engine, command, command.arguments.front(), std::move(request));
    }
    print(escaped(command.arguments.front()) + "\n");
    return 0;
}

int cmd_manifest_annotate(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const bool index = command.is_on("index");
    if (index == (command.arguments.size() > 1)) throw Error("manifest annotate: name an entry, or say --index for the list itself");
    const auto subject = command.find("subject");
    if (subject && !index) throw Error("manifest annotate: --subject is the list's: say --index, too");
    if (subject) lib::set_list_subject(engine, command.arguments[0], *subject, print_notice);
    lib::annotate_manifest_list(engine, command.arguments[0], index ? "" : command.arguments[1], entry_options(command));
    print(escaped(command.arguments[0]) + "\n");
    return 0;
}

int cmd_manifest_inspect(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    print(json_text(lib::inspect_manifest_list(engine, command.arguments.front(), registry_options(command), make_callbacks(true))));
    return 0;
}

int cmd_manifest_push(const ParsedCommand& command, const Globals& globals) {
    lib::ListPushRequest request;
    request.list = command.arguments.front();
    request.destination = command.arguments.size() > 1 ? command.arguments[1] : "";
    request.all = command.is_on("all", true);
    request.packing = packing_options(command);
    request.registry = registry_options(command);
    request.signing = sign_options(command);
    for (const std::string& word : command.list_split("add-compression")) request.variants.push_back(checked_compression("--add-compression", word));
    lib::Engine engine = globals.make_engine();
    const std::string digest = lib::push_manifest_list(engine, request, make_callbacks(command.is_on("quiet")));
    write_digest_file(command, digest);
    if (command.is_on("rm")) (void)lib::remove_manifest_list(engine, request.list);
    print(digest + "\n");
    return 0;
}

int cmd_manifest_remove(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::remove_from_manifest_list(engine, command.arguments[0], command.arguments[1]);
    print(escaped(command.arguments[0]) + "\n");
    return 0;
}

int cmd_manifest_rm(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments, [&](const std::string& name) {
        if (lib::remove_manifest_list(engine, name)) print(cat("Deleted: ", escaped(name), "\n"));
        else if (!command.is_on("ignore")) throw Error("no manifest list with the name \"", name, "\" found").with_exit_code(1);
    });
    return 0;
}

int cmd_manifest_exists(const ParsedCommand& command, const Globals& globals) {
    return lib::manifest_list_exists(globals.make_engine(), command.arguments.front()) ? 0 : 1;
}

} // namespace cli
