// From a typed name to an image, see lib/resolve_image.h.
#include "lib/resolve_image.h"

#include "base/error.h"
#include "base/oci/digest.h"
#include "base/oci/image_config.h"
#include "base/oci/reference.h"
#include "lib/config/registries_conf.h"
#include "lib/image_place.h"
#include "lib/pull.h"

#include <algorithm>

namespace lib {
namespace {

/// The hexadecimal digits when the text can be nothing but an id, whole or in part.
bool is_id_only(const std::string& typed) {
    return typed.starts_with(oci::Digest::prefix) || (typed.size() == oci::Digest::hex_length && oci::is_lower_hex(typed));
}

std::optional<FoundLocalImage> find_reference(const storage::Store& store, oci::Reference reference) {
    if (reference.digest) reference.tag.clear(); // a digest says exactly which; the tag beside it is for humans
    const std::string name = reference.str();
    auto image = store.find_by_reference(name);
    if (!image) return std::nullopt;
    if (reference.digest) return FoundLocalImage{*std::move(image), {}};
    std::erase(image->names, name);
    image->names.insert(image->names.begin(), name);
    return FoundLocalImage{*std::move(image), name};
}

/// What registries.conf says the name could mean. That there is no search registry is no reason why it should not be here.
std::vector<oci::Reference> configured_meanings(const std::string& typed) {
    const auto conf = config::RegistriesConf::load();
    try {
        return conf.candidates(typed);
    } catch (const Error&) {
        return {};
    }
}

/// Configuration is read only for names that need it.
std::optional<FoundLocalImage> find_by_name(const storage::Store& store, const std::string& typed) {
    const std::vector<oci::Reference> names = oci::local_candidates(typed);
    if (auto found = find_reference(store, names.front())) return found;
    if (names.size() == 1) return std::nullopt;
    for (const oci::Reference& reference : configured_meanings(typed))
        if (auto found = find_reference(store, reference)) return found;
    return find_reference(store, names.back());
}

/// Whether there is a registry that could have a newer one: not for ids and local names.
bool has_registry(const std::string& typed, const FoundLocalImage& found) {
    if (found.by_name.empty()) return typed.find('@') != std::string::npos;
    return !found.by_name.starts_with("localhost/");
}

/// What can be no name here, such as oci:DIR:NAME, and is a place to load from.
bool is_only_a_place(const std::string& typed) {
    if (!find_file_place(typed)) return false;
    try {
        (void)oci::local_candidates(typed);
        return false;
    } catch (const Error&) {
        return true;
    }
}

storage::Image pull(Engine& engine, const std::string& typed, const ImageRequest& request, const Callbacks& callbacks) {
    const PullResult result = pull_image(engine, {typed, request.platform, request.registry}, callbacks);
    storage::Store store(engine.paths);
    if (find_file_place(typed))
        if (auto image = store.find_by_id(result.image_id)) return *std::move(image);
    auto found = find_by_name(store, result.name.empty() ? typed : result.name);
    if (!found) throw Error("image ", typed, " was removed right after it was pulled; try again");
    return std::move(found->image);
}

bool is_complete(Engine& engine, const storage::Image& image) {
    const auto mode = engine.load_maps().is_single() ? storage::IdMode::single : storage::IdMode::subordinate;
    return storage::Store(engine.paths).missing_layers(image, mode).empty();
}

bool is_for(const storage::Image& image, const std::string& platform) {
    if (platform.empty()) return true;
    return oci::platform_match(oci::parse_platform(platform), oci::parse_image_config(image.config_json).platform) > 0;
}

} // namespace

std::optional<FoundLocalImage> find_local_image(const Engine& engine, const std::string& typed) {
    const storage::Store store(engine.paths);
    const std::string digits = typed.starts_with(oci::Digest::prefix) ? typed.substr(oci::Digest::prefix.size()) : typed;
    if (!is_id_only(typed))
        if (auto found = find_by_name(store, typed)) return found;
    if (!oci::is_lower_hex(digits)) return std::nullopt;
    if (auto image = store.find_by_id(digits)) return FoundLocalImage{*std::move(image), {}};
    return std::nullopt;
}

FoundLocalImage get_local_image(const Engine& engine, const std::string& typed) {
    if (auto found = find_local_image(engine, typed)) return *std::move(found);
    throw Error("no image with name or id \"", oci::printable(typed), "\" found");
}

storage::Image resolve_image(Engine& engine, const ImageRequest& request, const Callbacks& callbacks) {
    const std::string& typed = request.name;
    const PullPolicy policy = request.policy;
    auto found = is_only_a_place(typed) ? std::nullopt : find_local_image(engine, typed);
    const bool fits = found && is_for(found->image, request.platform);
    const bool usable = fits && is_complete(engine, found->image);
    if (policy == PullPolicy::never && !usable)
        throw Error("image ", oci::printable(typed), " is not here", fits ? " with all its layers" : found ? cat(" for ", request.platform) : "",
                    ", and --pull=never forbids to fetch it");
    const bool wanted = policy == PullPolicy::always || policy == PullPolicy::newer;
    if (usable && (!wanted || !has_registry(typed, *found))) return std::move(found->image);
    if (!found && is_id_only(typed)) throw Error("no image with id ", oci::printable(typed), " found");
    try {
        return pull(engine, found && !found->by_name.empty() ? found->by_name : typed, request, callbacks);
    } catch (const Error& e) {
        if (policy != PullPolicy::newer || !usable) throw;
        if (callbacks.notice) callbacks.notice(cat("using the local image: ", e.what()));
        return std::move(found->image);
    }
}

std::string resolve_image_id(Engine& engine, const ImageRequest& request, const Callbacks& callbacks) {
    return storage::digest_hex(resolve_image(engine, request, callbacks).id);
}

} // namespace lib
