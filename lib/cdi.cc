// CDI files; see lib/cdi.h and the specification (SPEC.md of cncf-tags/container-device-interface).
#include "lib/cdi.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/device_option.h"
#include "lib/mount_option.h"
#include "lib/yaml_text.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <map>

namespace lib {
namespace {

using nlohmann::json;
using oci::Fields;

/// A file that was read, with its name for errors.
struct CdiFile {
    std::string path;
    json document;
    std::string kind; ///< vendor.com/class
};

void take_mount(const Fields& mount, CdiEdits& edits) {
    oci::Mount result{mount.required_text("containerPath"), "bind", mount.required_text("hostPath"), {}};
    result.destination = check_destination(mount.at("containerPath"), result.destination, MountKind::bind, result.source);
    if (const std::string type = mount.text("type"); !type.empty() && type != "bind" && type != "none")
        throw Error(mount.at("type"), ": \"", type, "\": only binds are supported");
    result.options = mount.texts("options").value_or(std::vector<std::string>{});
    if (std::ranges::none_of(result.options, [](const std::string& o) { return o == "bind" || o == "rbind"; })) result.options.push_back("rbind");
    edits.mounts.push_back(std::move(result));
}

void take_node(const Fields& node, CdiEdits& edits) {
    const std::string path = node.required_text("path"), host = node.text("hostPath");
    for (oci::Mount& mount : device_mounts({host.empty() ? path : host, path, "rwm"})) edits.mounts.push_back(std::move(mount));
}

void take_edits(const Fields& object, CdiEdits& edits) {
    if (const json* hooks = object.find("hooks"); hooks != nullptr && !hooks->empty())
        throw Error(object.at("hooks"), ": hooks, programs of this machine that change a container while it starts, are not supported");
    if (object.has("intelRdt")) throw Error(object.at("intelRdt"), ": an ordinary user cannot have it");
    for (const std::string& variable : object.texts("env").value_or(std::vector<std::string>{})) {
        if (variable.find('=') == std::string::npos) throw Error(object.at("env"), ": \"", variable, "\" is not NAME=VALUE");
        edits.env.push_back(variable);
    }
    for (const Fields& node : object.objects("deviceNodes")) take_node(node, edits);
    for (const Fields& mount : object.objects("mounts")) take_mount(mount, edits);
    if (const json* gids = object.find("additionalGids")) {
        if (!gids->is_array()) throw Error(object.at("additionalGids"), ": expected a list of numbers");
        for (const json& gid : *gids) {
            if (!gid.is_number_unsigned() || gid.get<std::uint64_t>() > 0xfffffffeU) throw Error(object.at("additionalGids"), ": expected a list of 32-bit numbers");
            edits.groups.push_back(gid.get<std::uint32_t>());
        }
    }
}

bool is_json(const std::string& name) { return name.ends_with(".json"); }
bool is_yaml(const std::string& name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

CdiFile read_file(const std::string& path) {
    const std::string text = files::read(path);
    CdiFile file{path, is_json(path) ? oci::parse_json_text(text, path) : parse_yaml_text(text, path), {}};
    const Fields fields(file.document, path);
    const std::string version = fields.required_text("cdiVersion");
    if (!version.starts_with("0.") && !version.starts_with("1.")) throw Error(fields.at("cdiVersion"), ": version ", version, " is not known here");
    file.kind = fields.required_text("kind");
    return file;
}

/// Where a device is described: the file, and its own edits.
struct Found {
    const CdiFile* file = nullptr;
    std::size_t index = 0;
};

class CdiFiles {
public:
    explicit CdiFiles(const std::vector<std::string>& directories) {
        for (const std::string& directory : directories) {
            std::vector<std::string> names = files::list(AT_FDCWD, directory);
            std::ranges::sort(names);
            for (const std::string& name : names)
                if (is_json(name) || is_yaml(name)) files_.push_back(read_file(cat(directory, "/", name)));
        }
    }

    Found find(const std::string& name) const {
        const auto equals = name.find('=');
        const std::string kind = name.substr(0, equals), device = name.substr(equals + 1);
        Found found;
        for (const CdiFile& file : files_) {
            if (file.kind != kind) continue;
            const auto devices = Fields(file.document, file.path).objects("devices");
            for (std::size_t i = 0; i < devices.size(); ++i)
                if (devices[i].required_text("name") == device) found = {&file, i};
        }
        if (found.file != nullptr) return found;
        throw Error("no CDI file knows the device ", name);
    }

private:
    std::vector<CdiFile> files_;
};

} // namespace

std::vector<std::string> default_cdi_directories() { return {"/etc/cdi", "/var/run/cdi"}; }

CdiEdits resolve_cdi_devices(const std::vector<std::string>& names, const std::vector<std::string>& directories) {
    CdiEdits edits;
    if (names.empty()) return edits;
    const CdiFiles all(directories);
    std::vector<const CdiFile*> whole; // whose general edits are in already
    for (const std::string& name : names) {
        const Found found = all.find(name);
        const Fields fields(found.file->document, found.file->path);
        const auto devices = fields.objects("devices");
        if (const auto own = devices[found.index].object("containerEdits")) take_edits(*own, edits);
        if (std::ranges::count(whole, found.file) != 0) continue;
        whole.push_back(found.file);
        if (const auto general = fields.object("containerEdits")) take_edits(*general, edits);
    }
    // Several devices may ask for one and the same.
    for (auto mount = edits.mounts.begin(); mount != edits.mounts.end();) {
        const bool again = std::any_of(edits.mounts.begin(), mount, [&](const oci::Mount& m) { return m.destination == mount->destination; });
        mount = again ? edits.mounts.erase(mount) : mount + 1;
    }
    return edits;
}

} // namespace lib
