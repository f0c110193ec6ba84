// config.json read: the document as a whole, its mounts and hooks; see base/oci/runtime_spec.h. `process` and `linux` have
// files of their own.
//
// Whatever is wrong with the document alone is found here, so that what makes the launch plan can rely on it: the
// specification has invalid and unsupported values refused, and unknown members ignored.
#include "base/oci/json_text.h"
#include "base/oci/runtime_spec_parts.h"

#include <nlohmann/json.hpp>

#include <array>

namespace oci {
namespace spec {

void refuse_nul(const Fields::json& value, const std::string& where) {
    const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    if (value.is_string() && has_nul(value.get_ref<const std::string&>())) throw Error(where, ": contains a NUL character");
    if (value.is_array())
        for (std::size_t i = 0; i < value.size(); ++i) refuse_nul(value[i], cat(where, "[", i, "]"));
    if (!value.is_object()) return;
    for (const auto& [key, element] : value.items()) {
        if (has_nul(key)) throw Error(where, ": the key \"", printable(key), "\" contains a NUL character");
        refuse_nul(element, cat(where, ".", key));
    }
}

namespace {

constexpr std::string_view digits = "0123456789";

/// Takes one number without leading zeros off the front.
bool take_number(std::string_view& text) {
    const std::size_t length = std::min(text.find_first_not_of(digits), text.size());
    if (length == 0 || (length > 1 && text.front() == '0')) return false;
    text.remove_prefix(length);
    return true;
}

/// Names of letters, digits and hyphens with dots between them.
bool are_identifiers(std::string_view text) {
    constexpr std::string_view allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.";
    return !text.empty() && text.find_first_not_of(allowed) == text.npos && text.front() != '.' && text.back() != '.' &&
           text.find("..") == text.npos;
}

/// MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] (semver.org).
bool is_version(std::string_view text) {
    for (const bool first : {true, false, false}) {
        if (!first && (text.empty() || text.front() != '.')) return false;
        if (!first) text.remove_prefix(1);
        if (!take_number(text)) return false;
    }
    if (const std::size_t plus = text.find('+'); plus != text.npos) {
        if (!are_identifiers(text.substr(plus + 1))) return false;
        text = text.substr(0, plus);
    }
    return text.empty() || (text.front() == '-' && are_identifiers(text.substr(1)));
}

void check_version(const Fields& object) {
    const std::string version = object.required_text("ociVersion");
    if (!is_version(version)) throw Error(object.at("ociVersion"), ": \"", printable(version), "\" is no version such as 1.2.0");
    if (!version.starts_with("1.")) throw Error(object.at("ociVersion"), ": version ", version, " is not known here");
}

/// sethostname(2) and setdomainname(2) take 64 bytes.
std::string read_name(const Fields& object, const char* name) {
    std::string text = object.text(name);
    if (text.size() > 64) throw Error(object.at(name), ": longer than 64 bytes");
    return text;
}

Mount read_mount(const Fields& entry) {
    Mount mount{entry.required_text("destination"), entry.text("type"), entry.text("source"), texts(entry, "options"),
                read_mappings(entry, "uidMappings"), read_mappings(entry, "gidMappings")};
    if (!mount.destination.starts_with('/')) mount.destination.insert(0, 1, '/'); // deprecated, but to be taken so
    if (mount.uid_mappings.empty() != mount.gid_mappings.empty())
        throw Error(entry.at(mount.uid_mappings.empty() ? "uidMappings" : "gidMappings"), ": missing: both are needed or none");
    return mount;
}

std::vector<Hook> read_hooks(const Fields& object, const char* name) {
    std::vector<Hook> hooks;
    for (const Fields& entry : object.objects(name)) {
        Hook hook{entry.required_text("path"), texts(entry, "args"), texts(entry, "env"), std::nullopt};
        check_absolute(entry, "path", hook.path);
        hook.timeout = signed_number<std::int32_t>(entry, "timeout", 1);
        hooks.push_back(std::move(hook));
    }
    return hooks;
}

void read_root(const Fields& object, RuntimeSpec& spec) {
    const auto root = object.object("root");
    if (!root) throw Error(object.at("root"), ": missing");
    spec.root_path = root->required_text("path");
    spec.root_readonly = root->flag("readonly");
}

} // namespace
} // namespace spec

RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& file) {
    using namespace spec;
    const nlohmann::json document = parse_json_text(text, file);
    const Fields object(document, file);
    RuntimeSpec result;
    check_version(object);
    for (const char* name : {"process", "root", "hostname", "domainname", "mounts", "hooks", "linux"})
        if (const auto* value = object.find(name)) refuse_nul(*value, object.at(name));
    if (const auto process = object.object("process")) result.process = read_process(*process);
    read_root(object, result);
    result.hostname = read_name(object, "hostname");
    result.domainname = read_name(object, "domainname");
    for (const Fields& entry : object.objects("mounts")) result.mounts.push_back(read_mount(entry));
    if (const auto hooks = object.object("hooks"))
        result.hooks = {read_hooks(*hooks, "prestart"),       read_hooks(*hooks, "createRuntime"), read_hooks(*hooks, "createContainer"),
                        read_hooks(*hooks, "startContainer"), read_hooks(*hooks, "poststart"),     read_hooks(*hooks, "poststop")};
    for (const auto& [key, value] : object.text_map("annotations")) {
        if (key.empty()) throw Error(object.at("annotations"), ": a key is empty");
        result.annotations.emplace_back(key, value);
    }
    if (const auto lin = object.object("linux")) read_linux(*lin, result, file);
    return result;
}

} // namespace oci
