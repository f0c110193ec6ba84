// --volumes-from, see lib/volumes_from.h.
#include "lib/volumes_from.h"

#include "base/error.h"
#include "base/files.h"

#include <algorithm>

namespace lib {
namespace {

struct Source {
    std::string container;
    std::optional<bool> read_only;
};

Source parse(const std::string& text, bool selinux) {
    const auto colon = text.find(':');
    Source source{text.substr(0, colon), std::nullopt};
    if (source.container.empty()) throw Error("--volumes-from \"", text, "\": expected CONTAINER[:OPTIONS]");
    if (colon == std::string::npos) return source;
    std::string rest = text.substr(colon + 1) + ",";
    for (std::size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        const std::string word = rest.substr(0, comma);
        if (word == "ro" || word == "rw") {
            if (source.read_only) throw Error("--volumes-from ", text, ": option ", word, " repeats or contradicts another one");
            source.read_only = word == "ro";
        } else if (word == "z") {
            if (selinux) throw Error("--volumes-from ", text, ": relabelling (z) is not supported yet where SELinux is enabled");
        } else {
            throw Error("--volumes-from ", text, ": option \"", word, "\" is not known here; ro, rw and z are");
        }
    }
    return source;
}

void set_access(oci::Mount& mount, MountRecord& record, bool read_only) {
    const auto set = [&](std::string& word) {
        if (word == "ro" || word == "rw") word = read_only ? "ro" : "rw";
    };
    std::ranges::for_each(mount.options, set);
    std::string words;
    for (const std::string& option : mount.options) words += (words.empty() ? "" : ",") + option;
    record.options = words;
    record.writable = !read_only;
}

} // namespace

void add_volumes_from(MountList& list, const Engine& engine, const std::string& text, bool selinux) {
    const Source source = parse(text, selinux);
    const ContainerDir dir = ContainerDir::open(engine, source.container);
    const ContainerRecord other = dir.load_record();
    const oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json");
    for (MountRecord record : other.mounts) {
        if (record.type != "bind" && record.type != "volume" && record.type != "image") continue;
        const auto found = std::ranges::find(spec.mounts, record.destination, &oci::Mount::destination);
        if (found == spec.mounts.end() || list.has(record.destination)) continue;
        oci::Mount mount = *found;
        if (mount.type == "tmpfs") continue;
        const bool layered = mount.type == "overlay" && std::ranges::any_of(mount.options, [](const std::string& o) { return o.starts_with("upperdir="); });
        if (layered)
            throw Error("--volumes-from ", text, ": ", record.destination, " is an overlay of that container alone and cannot be shared");
        // What the other one may not write, this one may not either.
        if (source.read_only && record.type != "image") set_access(mount, record, *source.read_only || !record.writable);
        list.add_ready(mount, record);
    }
    auto& images = list.result().images;
    images.insert(images.end(), other.mounted_images.begin(), other.mounted_images.end());
}

} // namespace lib
