// The image configuration, see base/oci/image_config.h.
#include "base/oci/image_config.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

namespace oci {
namespace {

void read_run_part(const Fields& fields, ImageConfig& config) {
    config.user = fields.text("User");
    config.env = fields.texts("Env").value_or(std::vector<std::string>{});
    config.entrypoint = fields.texts("Entrypoint");
    config.cmd = fields.texts("Cmd");
    config.working_dir = fields.text("WorkingDir");
    config.labels = fields.text_map("Labels");
    config.exposed_ports = fields.keys("ExposedPorts");
    config.volumes = fields.keys("Volumes");
    config.stop_signal = fields.text("StopSignal");
    if (const auto check = fields.object("Healthcheck")) config.healthcheck = check->raw().dump();
    // A NUL cannot be handed to execve(2): what came after it would silently be lost.
    const auto check = [&](const char* name, const std::vector<std::string>& words) {
        for (const std::string& word : words)
            if (word.find('\0') != std::string::npos) throw Error(fields.at(name), ": contains a NUL character");
    };
    check("Env", config.env);
    check("Entrypoint", config.entrypoint.value_or(std::vector<std::string>{}));
    check("Cmd", config.cmd.value_or(std::vector<std::string>{}));
    check("WorkingDir", {config.working_dir});
    check("User", {config.user});
    check("Volumes", config.volumes);
}

std::vector<Digest> diff_ids_of(const Fields& config) {
    const auto rootfs = config.object("rootfs");
    if (!rootfs) throw Error(config.at("rootfs"), ": missing");
    if (const std::string type = rootfs->text("type"); type != "layers")
        throw Error(rootfs->at("type"), ": expected \"layers\", found \"", printable(type), "\"");
    std::vector<Digest> ids;
    for (const std::string& text : rootfs->texts("diff_ids").value_or(std::vector<std::string>{})) {
        const auto id = Digest::find(text);
        if (!id) throw Error(rootfs->at("diff_ids"), ": not a sha256 digest: \"", printable(text), "\"");
        ids.push_back(*id);
    }
    return ids;
}

} // namespace

ImageConfig parse_image_config(std::string_view text) {
    const nlohmann::json document = parse_json_text(text, "image config");
    const Fields fields(document, "image config");
    ImageConfig config;
    if (const auto run = fields.object("config")) read_run_part(*run, config);
    config.diff_ids = diff_ids_of(fields);
    for (const Fields& entry : fields.objects("history"))
        config.history.push_back({entry.text("created"), entry.text("created_by"), entry.text("comment"), entry.flag("empty_layer")});
    config.platform = {fields.required_text("os"), fields.required_text("architecture"), fields.text("variant")};
    config.created = fields.text("created");
    config.author = fields.text("author");
    return config;
}

} // namespace oci
