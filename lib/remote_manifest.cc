// See lib/remote_manifest.h.
#include "lib/remote_manifest.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"

namespace lib {
namespace {

using nlohmann::json;

json ask(Engine& engine, const char* what, const oci::Reference& reference, const RegistryOptions& options, const Notice& notice) {
    const RegistryAccess access(engine, options, notice);
    const json request{{"endpoint", access.target(reference)}, {"access", access.access()},
                       {"reference", reference.digest ? reference.digest->str() : reference.tag}};
    return run_image_worker(engine, {what}, request_file(request).get(), {notice, {}});
}

} // namespace

std::string delete_remote_image(Engine& engine, const std::string& place, const RegistryOptions& options, const Notice& notice) {
    const ImagePlace found = parse_image_place(place);
    if (found.is_store()) throw Error("image delete: ", oci::printable(place), " is an image here: ctl rmi removes it; in a registry it is docker://NAME");
    if (found.transport != "docker") throw Error("image delete: ", oci::printable(place), ": only images in registries can be deleted, docker://NAME");
    try {
        const json result = ask(engine, "delete-manifest", oci::parse_reference(found.name), options, notice);
        return oci::Fields(result, "the image worker's result").digest("digest").str();
    } catch (Error& e) {
        e.add_context("delete " + oci::printable(place));
        throw;
    }
}

std::vector<Referrer> image_referrers(Engine& engine, const std::string& place, const std::string& type, const RegistryOptions& options,
                                      const Notice& notice) {
    const ImagePlace found = parse_image_place(place);
    if (!found.is_store() && found.transport != "docker") throw Error("image referrers: ", oci::printable(place), " is in no registry: write docker://NAME");
    try {
        const json result = ask(engine, "referrers", oci::parse_reference(found.name), options, notice);
        std::vector<Referrer> list;
        for (const oci::Fields& entry : oci::Fields(result, "the image worker's result").objects("referrers")) {
            Referrer referrer{entry.digest("digest").str(), entry.text("artifactType"), entry.text("mediaType"), entry.number("size").value_or(0), entry.raw().dump()};
            if (type.empty() || referrer.artifact_type == type) list.push_back(std::move(referrer));
        }
        return list;
    } catch (Error& e) {
        e.add_context("referrers of " + oci::printable(place));
        throw;
    }
}

} // namespace lib
