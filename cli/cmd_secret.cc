// ctl secret create, ls, inspect, exists, rm.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/secrets.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <stdlib.h>
#include <unistd.h>

namespace cli {
namespace {

using nlohmann::json;

std::string time_text(std::int64_t ns) {
    const auto text = lib::format_rfc3339(ns);
    return {text.data(), text.size()};
}

std::string read_value(const ParsedCommand& command, const std::string& source) {
    if (command.is_on("env")) {
        const char* value = ::getenv(source.c_str());
        if (value == nullptr) throw Error("secret create: there is no environment variable ", source);
        return value;
    }
    if (source == "-") return sys::read_to_end(STDIN_FILENO, lib::largest_secret + 1, "standard input");
    return files::read_named(source, "secret create", lib::largest_secret + 1);
}

json row_document(const lib::Secret& secret, std::int64_t now) {
    return {{"ID", secret.id},
            {"Name", secret.name},
            {"Driver", "file"},
            {"CreatedAt", human_ago(secret.created, now)},
            {"UpdatedAt", human_ago(secret.updated, now)},
            {"Labels", secret.labels}};
}

json full_document(const lib::Secret& secret, bool with_data) {
    json document{{"ID", secret.id},
                  {"CreatedAt", time_text(secret.created)},
                  {"UpdatedAt", time_text(secret.updated)},
                  {"Spec",
                   {{"Name", secret.name}, {"Driver", {{"Name", "file"}, {"Options", json::object()}}}, {"Labels", secret.labels}}}};
    if (with_data) document["SecretData"] = secret.data;
    return document;
}

std::string pretty(const json& document) {
    std::string text = cat("ID:              ", escaped(document["ID"].get<std::string>()), "\n",
                           "Name:            ", escaped(document["Spec"]["Name"].get<std::string>()), "\n", "Labels:\n");
    for (const auto& [name, value] : document["Spec"]["Labels"].items())
        text += cat(" - ", escaped(name), "=", escaped(value.get<std::string>()), "\n");
    text += cat("Driver:          file\n", "Created at:      ", document["CreatedAt"].get<std::string>(), "\n",
                "Updated at:      ", document["UpdatedAt"].get<std::string>(), "\n");
    if (document.contains("SecretData")) text += cat("Secret Data:     ", escaped(document["SecretData"].get<std::string>()), "\n");
    return text;
}

} // namespace

int cmd_secret_create(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::CreateSecretRequest request;
    request.name = command.arguments[0];
    request.data = read_value(command, command.arguments[1]);
    request.labels = command.list("label");
    request.driver = command.find("driver").value_or("file");
    request.replace = command.is_on("replace");
    print(lib::create_secret(engine, request) + "\n");
    return 0;
}

int cmd_secret_ls(const ParsedCommand& command, const Globals& globals) {
    const auto secrets = lib::list_secrets(globals.make_engine(), command.list("filter"));
    const std::int64_t now = sys::realtime_ns();
    if (command.is_on("quiet")) {
        for (const lib::Secret& secret : secrets) print(escaped(secret.id) + "\n");
        return 0;
    }
    std::vector<json> documents;
    for (const lib::Secret& secret : secrets) documents.push_back(row_document(secret, now));
    if (print_formatted(command, documents)) return 0;
    Table table(command.is_on("noheading") ? std::vector<std::string>{} : std::vector<std::string>{"ID", "NAME", "DRIVER", "CREATED", "UPDATED"});
    for (const json& d : documents) table.add({d["ID"], d["Name"], d["Driver"], d["CreatedAt"], d["UpdatedAt"]});
    print(table.text());
    return 0;
}

int cmd_secret_inspect(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const bool show = command.is_on("showsecret");
    std::vector<json> documents;
    auto errors = try_each_target(command.arguments, [&](const std::string& name) {
        documents.push_back(full_document(lib::get_secret(engine, name, show ? lib::SecretData::with : lib::SecretData::without), show));
    });
    const auto format = command.find("format");
    if (command.is_on("pretty")) {
        if (format) throw Error("secret inspect: --pretty and --format exclude each other");
        for (const json& document : documents) print(pretty(document));
    } else if (format && *format != "json") {
        print(Format::parse(*format).render_all(documents));
    } else {
        print(json_text(documents));
    }
    throw_errors(std::move(errors));
    return 0;
}

int cmd_secret_exists(const ParsedCommand& command, const Globals& globals) {
    return lib::find_secret(globals.make_engine(), command.arguments.front(), lib::SecretData::without) ? 0 : 1;
}

int cmd_secret_rm(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto all = [&] {
        std::vector<std::string> names;
        for (const lib::Secret& secret : lib::list_secrets(engine, {})) names.push_back(secret.name);
        return names;
    };
    for_each_target(targets_or_all(command, all), [&](const std::string& name) {
        if (command.is_on("ignore") && !lib::find_secret(engine, name, lib::SecretData::without)) return;
        print(escaped(lib::remove_secret(engine, name)) + "\n");
    });
    return 0;
}

} // namespace cli
