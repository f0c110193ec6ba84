// See lib/sign.h.
#include "lib/sign.h"

#include "base/error.h"
#include "base/filter_process.h"
#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "base/oci/reference.h"
#include "base/paths.h"
#include "base/sys.h"
#include "base/version.h"
#include "lib/image_place.h"
#include "lib/lookaside.h"
#include "lib/remote_image.h"

#include <fcntl.h>

namespace lib {
namespace {

using nlohmann::json;

constexpr std::size_t longest_signature = 1 << 20;
constexpr int most_signatures = 1000; ///< of one image

/// What is signed (containers-signature(5)).
std::string payload(const oci::Reference& reference, const std::string& manifest_digest) {
    const json document{{"critical",
                         {{"type", "atomic container signature"},
                          {"image", {{"docker-manifest-digest", manifest_digest}}},
                          {"identity", {{"docker-reference", reference.str()}}}}},
                        {"optional", {{"creator", cat("ctl ", ctl_version)}, {"timestamp", sys::realtime_ns() / 1'000'000'000}}}};
    return document.dump();
}

/// What ctl-sign answers.
std::string run_signer(std::vector<std::string> words, const std::string& text) {
    const std::string path = helper_path("ctl-sign");
    if (!sys::find_stat_at(AT_FDCWD, path)) throw Error(path, " is missing: ctl was built without GPGME (libgpgme), which signing needs");
    FilterAnswer answer = run_filter(path, std::move(words), text, longest_signature);
    if (answer.status == 0) return std::move(answer.output);
    while (answer.output.ends_with('\n')) answer.output.pop_back();
    throw Error(answer.output.empty() ? cat(path, " ended with status ", answer.status) : oci::printable(answer.output));
}

std::string signature_of(const std::string& text, const SignOptions& options) {
    std::vector<std::string> words{"sign", options.key};
    if (!options.passphrase_file.empty()) words.push_back(options.passphrase_file);
    return run_signer(std::move(words), text);
}

/// Beside those that are there: signature-1, signature-2, …
void put_signature(const std::string& base, const std::string& manifest_digest, const std::string& signature) {
    std::string name = manifest_digest;
    name.replace(name.find(':'), 1, "=");
    const std::string dir = cat(base, "@", name);
    sys::ensure_dir(dir, 0755); // others may read them
    for (int number = 1; number <= most_signatures; ++number) {
        const std::string path = cat(dir, "/signature-", number);
        if (sys::find_stat_at(AT_FDCWD, path)) continue;
        const std::string made = cat(dir, "/.new-", sys::random_hex(6));
        const UniqueFd file = sys::open(made, O_WRONLY | O_CREAT | O_EXCL, 0644);
        sys::write_all(file.get(), signature, made);
        sys::fsync(file.get(), made);
        if (sys::try_rename_noreplace(AT_FDCWD, made, AT_FDCWD, path)) return;
        sys::unlink_at(AT_FDCWD, made); // another process has taken the number
    }
    throw Error(dir, ": has ", most_signatures, " signatures already");
}

std::vector<std::string> digests_to_sign(const SignRequest& request, const RemoteManifest& manifest) {
    if (!request.all) return {manifest.digest};
    const auto document = oci::parse_manifest_or_index(manifest.body, {}, oci::Content::any);
    const auto* index = std::get_if<oci::Index>(&document);
    if (index == nullptr) throw Error("--all is for images of several platforms, and this is one image");
    std::vector<std::string> digests;
    for (const oci::Descriptor& entry : index->manifests) digests.push_back(entry.digest.str());
    return digests;
}

} // namespace

void sign_image(Engine& engine, const SignRequest& request, const Notice& notice) {
    const ImagePlace place = parse_image_place(request.image);
    if (place.transport != "docker") throw Error("image sign: ", oci::printable(request.image), ": only images in registries can be signed, docker://NAME");
    const oci::Reference reference = oci::parse_reference(place.name);
    try {
        const std::string above = request.directory.empty() ? lookaside_for_writing(reference) : request.directory;
        const RemoteManifest manifest = remote_manifest(engine, {request.image, {}, false, request.registry}, notice);
        for (const std::string& digest : digests_to_sign(request, manifest))
            put_signature(cat(above, "/", reference.repository), digest, signature_of(payload(reference, digest), {request.key, {}}));
    } catch (Error& e) {
        e.add_context("image sign " + reference.str());
        throw;
    }
}

PushSigner::PushSigner(SignOptions options, oci::Reference target)
    : options_(std::move(options)), target_(std::move(target)), directory_(cat(lookaside_for_writing(target_), "/", target_.repository)) {
    (void)run_signer({"find", options_.key}, {});
}

void PushSigner::sign(const std::string& manifest_digest) const {
    try {
        put_signature(directory_, manifest_digest, signature_of(payload(target_, manifest_digest), options_));
    } catch (Error& e) {
        e.add_context(cat("it is there, but is not signed (ctl image sign signs it): ", manifest_digest));
        throw;
    }
}

} // namespace lib
