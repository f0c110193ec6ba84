// See lib/trust_policy.h.
#include "lib/trust_policy.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>

namespace lib {
namespace {

using nlohmann::json;

constexpr std::string_view accept_kind = "insecureAcceptAnything";
constexpr std::string_view reject_kind = "reject";
/// What ctl-image can find a file or directory to be.
constexpr const char* file_transports[] = {"oci", "dir", "oci-archive", "docker-archive"};

/// A misspelt member would otherwise be a rule that is not there.
void refuse_unknown(const json& object, const std::string& where, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : object.items())
        if (std::ranges::find(known, key) == known.end()) throw Error(where, oci::printable(key), ": no such field in a policy");
}

PolicyRequirement parse_requirement(const oci::Fields& fields) {
    PolicyRequirement requirement{fields.required_text("type")};
    if (requirement.kind == accept_kind || requirement.kind == reject_kind) {
        refuse_unknown(fields.raw(), fields.at(""), {"type"});
        return requirement;
    }
    if (const std::string path = fields.text("keyPath"); !path.empty()) requirement.keys.push_back(path);
    for (const std::string& path : fields.texts("keyPaths").value_or(std::vector<std::string>{})) requirement.keys.push_back(path);
    return requirement;
}

PolicyRequirements parse_requirements(const oci::Fields& fields, const char* name) {
    PolicyRequirements list;
    for (const oci::Fields& entry : fields.objects(name)) list.push_back(parse_requirement(entry));
    if (list.empty()) throw Error(fields.at(name), ": at least one requirement is needed, such as [{\"type\": \"reject\"}]");
    return list;
}

/// "a.b.example" -> "*.b.example", "*.example".
void add_wildcards(const std::string& host, std::vector<std::string>& scopes) {
    const std::string name = host.substr(0, host.rfind(':') != std::string::npos && !host.ends_with(']') ? host.rfind(':') : host.size());
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) scopes.push_back("*" + name.substr(dot));
}

std::string scope_words(const std::string& transport, const std::string& scope) {
    return scope.empty() ? cat("the scope of the transport ", transport) : cat("the scope ", scope, " of the transport ", transport);
}

} // namespace

ImageOrigin registry_origin(const oci::Reference& reference) {
    const std::string name = reference.name();
    ImageOrigin origin{"docker", {reference.digest ? cat(name, "@", reference.digest->str()) : cat(name, ":", reference.tag)}};
    origin.scopes.push_back(name);
    for (auto slash = name.rfind('/'); slash != std::string::npos && slash > 0; slash = name.rfind('/', slash - 1))
        origin.scopes.push_back(name.substr(0, slash));
    add_wildcards(reference.registry, origin.scopes);
    return origin;
}

ImageOrigin file_origin(const std::string& transport, const std::string& path) {
    ImageOrigin origin{transport, {}};
    if (path.empty() || transport == "docker-archive" || transport == "tarball") return origin;
    const std::filesystem::path absolute = std::filesystem::absolute(path);
    std::error_code pipe; // what /dev/fd/63 may be: it is at no other place
    std::filesystem::path place = std::filesystem::weakly_canonical(absolute, pipe);
    if (pipe) place = absolute;
    if (!place.has_filename()) place = place.parent_path(); // "dir/"
    for (; place.has_relative_path(); place = place.parent_path()) origin.scopes.push_back(place.string());
    return origin;
}

std::string user_policy_file() {
    const char* home = std::getenv("HOME");
    return cat(home != nullptr ? home : "", "/.config/containers/policy.json");
}

TrustPolicy TrustPolicy::parse(const std::string& text, const std::string& file) {
    const json document = oci::parse_json_text(text, file);
    const oci::Fields fields(document, file);
    refuse_unknown(document, fields.at(""), {"default", "transports"});
    TrustPolicy policy;
    policy.file_ = file;
    policy.fallback_ = parse_requirements(fields, "default");
    const auto transports = fields.object("transports");
    if (!transports) return policy;
    for (const std::string& transport : fields.keys("transports")) {
        auto& scopes = policy.transports_[transport];
        const auto listed = transports->object(transport.c_str());
        if (!listed) continue;
        for (const auto& [scope, requirements] : listed->raw().items()) scopes[scope] = parse_requirements(*listed, scope.c_str());
    }
    return policy;
}

TrustPolicy TrustPolicy::load(const std::string& named) {
    if (!named.empty()) return parse(files::read(named), named);
    for (const std::string& file : {user_policy_file(), std::string(system_policy_file)})
        if (const auto text = files::find(file)) return parse(*text, file);
    return {};
}

std::optional<std::string> TrustPolicy::refusal(const ImageOrigin& origin) const {
    const PolicyRequirements* requirements = &fallback_;
    std::string where = "\"default\"";
    if (const auto transport = transports_.find(origin.transport); transport != transports_.end()) {
        std::vector<std::string> scopes = origin.scopes;
        scopes.emplace_back();
        for (const std::string& scope : scopes) {
            const auto found = transport->second.find(scope);
            if (found == transport->second.end()) continue;
            requirements = &found->second;
            where = scope_words(origin.transport, oci::printable(scope));
            break;
        }
    }
    for (const PolicyRequirement& requirement : *requirements) {
        if (requirement.kind == accept_kind) continue;
        const std::string place = cat(file_, ", ", where, ": ");
        if (requirement.kind == reject_kind) return cat("refused by ", place, "reject");
        if (requirement.kind == "signedBy" || requirement.kind == "sigstoreSigned")
            return cat("refused by ", place, requirement.kind, " asks for a signature, and signatures are not verified yet");
        return cat("refused by ", place, "the kind ", oci::printable(requirement.kind), " is not known");
    }
    return std::nullopt;
}

void TrustPolicy::check(const ImageOrigin& origin) const {
    if (const auto reason = refusal(origin)) throw Error(*reason);
}

json file_refusals(const TrustPolicy& policy, const std::string& path) {
    json refusals = json::object();
    for (const char* transport : file_transports)
        if (const auto reason = policy.refusal(file_origin(transport, path))) refusals[transport] = *reason;
    return refusals;
}

} // namespace lib
