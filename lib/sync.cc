// See lib/sync.h.
#include "lib/sync.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/sync_yaml.h"
#include "lib/tags.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

namespace lib {
namespace {

/// An image of the source: how copy takes it, and its name, which the destination's is made of.
struct Found {
    std::string source;
    std::string name;
    RegistryOptions registry;
};

class SyncPlan {
public:
    SyncPlan(Engine& engine, const SyncRequest& request, const Callbacks& callbacks) : engine_(engine), request_(request), callbacks_(callbacks) {}

    std::vector<SyncItem> make() {
        check_transports();
        if (request_.source_transport == "dir") {
            find_in_tree(std::filesystem::absolute(request_.source).lexically_normal());
        } else if (request_.source_transport == "yaml") {
            for (const SyncRepository& repository : parse_sync_yaml(files::read(request_.source), request_.source, request_.source_registry)) add(repository);
        } else {
            add_typed();
        }
        if (found_.empty()) throw Error("image sync: there is no image in ", oci::printable(request_.source));
        std::vector<SyncItem> items;
        for (const Found& image : found_) items.push_back({image.source, destination_of(image), image.registry});
        return items;
    }

private:
    void check_transports() const {
        const std::string &from = request_.source_transport, &to = request_.destination_transport;
        if (from != "docker" && from != "dir" && from != "yaml") throw Error("image sync: --src: \"", from, "\" is not one of docker, dir, yaml");
        if (to != "docker" && to != "dir") throw Error("image sync: --dest: \"", to, "\" is not one of docker, dir");
        if (from == "dir" && to == "dir") throw Error("image sync: from a directory to a directory is what `cp` does");
    }

    void add_image(const oci::Reference& reference, const RegistryOptions& registry) {
        found_.push_back({"docker://" + reference.str(), reference.str(), registry});
    }

    void add_typed() {
        const oci::Reference reference = oci::parse_reference(request_.source);
        const bool says_tag = reference.digest || reference.tag != "latest" || request_.source.ends_with(":latest");
        if (says_tag) add_image(reference, request_.source_registry);
        else add({.name = reference.name(), .registry = request_.source_registry});
    }

    void add(const SyncRepository& repository) {
        oci::Reference reference = oci::parse_reference(repository.name);
        std::vector<std::string> tags = repository.tags;
        if (tags.empty())
            tags = list_tags(engine_, RegistryAccess(engine_, repository.registry, callbacks_.notice), reference, callbacks_.notice);
        for (const std::string& tag : tags) {
            if (repository.wants_tag && !repository.wants_tag(tag)) continue;
            const char* separator = oci::Digest::find(tag) ? "@" : ":";
            add_image(oci::parse_reference(cat(reference.name(), separator, tag)), repository.registry);
        }
    }

    /// Every directory that is an image, sorted; what is below one is part of it.
    void find_in_tree(const std::filesystem::path& dir) {
        if (sys::find_stat_at(AT_FDCWD, (dir / "manifest.json").string())) {
            const std::string name = dir.has_filename() ? dir.string() : dir.parent_path().string(); // "dir/"
            found_.push_back({"dir:" + name, name, request_.source_registry});
            return;
        }
        std::vector<std::string> names = files::list(AT_FDCWD, dir.string());
        std::ranges::sort(names);
        for (const std::string& name : names) {
            const std::filesystem::path below = dir / name;
            const auto status = sys::find_stat_at(AT_FDCWD, below.string());
            if (status && S_ISDIR(status->st_mode)) find_in_tree(below);
        }
    }

    std::string destination_of(const Found& image) const {
        std::string name = image.name;
        if (request_.source_transport == "dir" && request_.scoped) {
            const std::string top = std::filesystem::absolute(request_.source).lexically_normal().string();
            if (name != top) name = std::filesystem::path(name).lexically_relative(top).string();
        }
        if (!request_.scoped || name.starts_with('/')) name = name.substr(name.rfind('/') + 1);
        const std::string slash = request_.destination.ends_with('/') ? "" : "/";
        const std::string text = cat(request_.destination, slash, name, request_.append_suffix);
        return (request_.destination_transport == "docker" ? "docker://" : "dir:") + text;
    }

    Engine& engine_;
    const SyncRequest& request_;
    const Callbacks& callbacks_;
    std::vector<Found> found_;
};

} // namespace

std::vector<SyncItem> plan_sync(Engine& engine, const SyncRequest& request, const Callbacks& callbacks) {
    return SyncPlan(engine, request, callbacks).make();
}

} // namespace lib
