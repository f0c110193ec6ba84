// See lib/login.h.
#include "lib/login.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/image_worker.h"

namespace lib {
namespace {

std::string key_of(const std::string& typed, const config::RegistriesConf& conf) {
    if (!typed.empty()) return parse_registry_key(typed);
    const auto registries = conf.search_registries();
    if (registries.empty()) throw Error("no registry was named, and unqualified-search-registries in registries.conf is empty");
    return registries.front();
}

} // namespace

Login::Login(Engine& engine, LoginPlace place, Notice notice)
    : engine_(engine), notice_(std::move(notice)), access_(engine, place.options, notice_), key_(key_of(place.registry, access_.conf())),
      files_(place.compat_file.empty() ? access_.credential_files(CredentialFiles::Named::may_be_new)
                                       : CredentialFiles::docker_file(place.compat_file)) {}

bool Login::is_believed(const Credentials& credentials) const {
    const std::string registry = key_.substr(0, key_.find('/'));
    const nlohmann::json request{{"registry", access_.registry(registry, credentials)}, {"access", access_.access()}};
    try {
        const nlohmann::json result = run_image_worker(engine_, {"login"}, request_file(request).get(), {notice_, {}});
        return oci::Fields(result, "the image worker's result").flag("valid");
    } catch (Error& e) {
        e.add_context("log into " + registry);
        throw;
    }
}

} // namespace lib
