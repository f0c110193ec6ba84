// ctl image delete, image referrers, image sign.
#include "base/error.h"
#include "base/human_size.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/registry_options.h"
#include "cli/targets.h"
#include "lib/remote_manifest.h"
#include "lib/sign.h"

#include <nlohmann/json.hpp>

namespace cli {

using nlohmann::json;

int cmd_image_delete(const ParsedCommand& command, const Globals& globals) {
    const lib::RegistryOptions registry = registry_options(command);
    lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments, [&](const std::string& place) {
        print(lib::delete_remote_image(engine, place, registry, make_callbacks(false).notice) + "\n");
    });
    return 0;
}

int cmd_image_sign(const ParsedCommand& command, const Globals& globals) {
    lib::SignRequest request{{}, command.find("sign-by").value_or(""), command.find("directory").value_or(""), command.is_on("all"), registry_options(command)};
    if (request.key.empty()) throw Error("image sign: --sign-by KEY is needed");
    lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments, [&](const std::string& place) {
        request.image = place;
        lib::sign_image(engine, request, make_callbacks(false).notice);
    });
    return 0;
}

int cmd_image_referrers(const ParsedCommand& command, const Globals& globals) {
    const lib::RegistryOptions registry = registry_options(command);
    lib::Engine engine = globals.make_engine();
    const std::vector<lib::Referrer> list = lib::image_referrers(engine, command.arguments.front(), command.find("artifact-type").value_or(""),
                                                                 registry, make_callbacks(false).notice);
    const std::string text = command.find("format").value_or("");
    std::vector<json> documents, fields;
    Table table({"DIGEST", "ARTIFACT TYPE", "SIZE"});
    for (const lib::Referrer& entry : list) {
        documents.push_back(json::parse(entry.descriptor));
        fields.push_back({{"Digest", entry.digest}, {"ArtifactType", entry.artifact_type}, {"MediaType", entry.media_type}, {"Size", entry.size}});
        table.add({entry.digest, entry.artifact_type, human_size(entry.size)});
    }
    if (text == "json") print(json_text(documents));
    else print(text.empty() ? table.text() : Format::parse(text).render_all(fields, default_context()));
    return 0;
}

} // namespace cli
