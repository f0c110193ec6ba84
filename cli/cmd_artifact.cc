// ctl artifact add, extract, inspect, ls, pull, push, rm.
#include "base/error.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/format.h"
#include "cli/image_name.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/push_options.h"
#include "cli/registry_options.h"
#include "cli/targets.h"
#include "lib/artifacts.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

using nlohmann::json;

std::string hex_of(const std::string& digest) { return digest.substr(digest.find(':') + 1); }

json manifest_of(const storage::Artifact& artifact) {
    if (artifact.manifest_json.empty()) throw Error("artifact ", artifact.name, ": its manifest is missing: ctl system check says what helps");
    return oci::parse_json_text(artifact.manifest_json, "manifest of " + artifact.name);
}

/// When the manifest says it was made; empty where it does not say, or no time.
json creation_fields(const storage::Artifact& artifact, std::int64_t now) {
    json fields{{"Created", ""}, {"CreatedAt", ""}};
    if (artifact.manifest_json.empty()) return fields;
    const auto annotations = oci::parse_manifest(artifact.manifest_json, {}, oci::Content::any).annotations;
    const auto text = annotations.find("org.opencontainers.image.created");
    if (text == annotations.end()) return fields;
    if (const auto made = lib::parse_rfc3339(text->second)) fields = {{"Created", human_ago(*made, now)}, {"CreatedAt", go_time(*made)}};
    return fields;
}

json row(const storage::Artifact& artifact, bool truncate, std::int64_t now) {
    const auto at = artifact.name.find('@');
    const ImageName name = at == std::string::npos ? split_image_name(artifact.name) : ImageName{artifact.name.substr(0, at), ""};
    const std::string digest = hex_of(artifact.manifest_digest);
    json fields = creation_fields(artifact, now);
    fields.update({{"Repository", name.repository},
                   {"Tag", name.tag},
                   {"Digest", truncate ? short_id(digest) : digest},
                   {"Size", human_size(static_cast<std::uint64_t>(artifact.size), "")},
                   {"VirtualSize", std::to_string(artifact.size)}});
    return fields;
}

lib::ArtifactMode mode_of(const ParsedCommand& command) {
    if (command.is_on("append") && command.is_on("replace")) throw Error("artifact add: --append and --replace exclude each other");
    if (command.is_on("append")) return lib::ArtifactMode::append;
    return command.is_on("replace") ? lib::ArtifactMode::replace : lib::ArtifactMode::create;
}

} // namespace

int cmd_artifact_add(const ParsedCommand& command, const Globals& globals) {
    lib::ArtifactAddRequest request;
    request.name = command.arguments.front();
    request.files.assign(command.arguments.begin() + 1, command.arguments.end());
    request.mode = mode_of(command);
    request.type = command.find("type").value_or("");
    request.file_type = command.find("file-type").value_or("");
    request.annotations = annotations_of(command);
    lib::Engine engine = globals.make_engine();
    print(hex_of(lib::add_artifact(engine, request, make_callbacks(true))) + "\n");
    return 0;
}

int cmd_artifact_extract(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::extract_artifact(engine, command.arguments[0], command.arguments[1], {command.find("digest").value_or(""), command.find("title").value_or("")});
    return 0;
}

int cmd_artifact_inspect(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::string text = command.find("format").value_or("json");
    const auto format = text == "json" ? std::nullopt : std::optional(Format::parse(text));
    for_each_target(command.arguments, [&](const std::string& name) {
        const storage::Artifact artifact = lib::get_artifact(engine, name);
        const json document{{"Name", artifact.name}, {"Digest", artifact.manifest_digest}, {"TotalSizeBytes", artifact.size}, {"Manifest", manifest_of(artifact)}};
        print(format ? format->render_all({document}) : json_text(document));
    });
    return 0;
}

int cmd_artifact_ls(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::int64_t now = sys::realtime_ns();
    std::vector<json> rows;
    for (const storage::Artifact& artifact : lib::list_artifacts(engine)) rows.push_back(row(artifact, !command.is_on("no-trunc"), now));
    if (command.find("format") != "table" && print_formatted(command, rows)) return 0;
    Table table(command.is_on("noheading") ? std::vector<std::string>{} : std::vector<std::string>{"REPOSITORY", "TAG", "DIGEST", "SIZE"});
    for (const json& each : rows) table.add({each["Repository"], each["Tag"], each["Digest"], each["Size"]});
    print(table.text());
    return 0;
}

int cmd_artifact_pull(const ParsedCommand& command, const Globals& globals) {
    const lib::RegistryOptions registry = registry_options(command);
    lib::Engine engine = globals.make_engine();
    print(hex_of(lib::pull_artifact(engine, command.arguments.front(), registry, make_callbacks(command.is_on("quiet")))) + "\n");
    return 0;
}

int cmd_artifact_push(const ParsedCommand& command, const Globals& globals) {
    const lib::RegistryOptions registry = registry_options(command);
    const std::string destination = command.arguments.size() > 1 ? command.arguments[1] : "";
    const bool quiet = command.is_on("quiet");
    lib::Engine engine = globals.make_engine();
    const lib::PushedArtifact pushed = lib::push_artifact(engine, command.arguments.front(), destination, registry, sign_options(command), make_callbacks(quiet));
    write_digest_file(command, pushed.digest);
    if (!quiet) print_notice(cat("pushed ", escaped(pushed.destination), " with digest ", pushed.digest));
    return 0;
}

int cmd_artifact_rm(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto all = [&] {
        std::vector<std::string> names;
        for (const storage::Artifact& artifact : lib::list_artifacts(engine)) names.push_back(artifact.name);
        return names;
    };
    for_each_target(targets_or_all(command, all), [&](const std::string& name) {
        if (command.is_on("ignore") && !lib::find_artifact(engine, name)) return;
        print(hex_of(lib::remove_artifact(engine, name)) + "\n");
    });
    return 0;
}

} // namespace cli
