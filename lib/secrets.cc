// Secrets in their store; see lib/secrets.h.
#include "lib/secrets.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>

namespace lib {
namespace {

using nlohmann::json;

constexpr std::size_t id_digits = 25;
constexpr std::size_t longest_name = 253;

std::string directory(const Engine& engine) { return engine.paths.data + "/secrets"; }

bool is_name(const std::string& name) {
    const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= longest_name && is_alphanumeric(name.front())
           && std::ranges::all_of(name, [&](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

void check_name(const std::string& name) {
    if (!is_name(name))
        throw Error("invalid secret name \"", name.substr(0, 300), "\": it starts with a letter or digit and consists of at most ", longest_name,
                    " letters, digits, '_', '.' and '-'");
}

std::map<std::string, std::string> to_map(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> map;
    for (const std::string& text : texts) {
        const auto equals = text.find('=');
        if (equals == 0 || text.empty()) throw Error("--label \"", text, "\": the name is missing");
        map[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    return map;
}

std::string format(const Secret& secret) {
    const json head{{"version", 1}, {"id", secret.id}, {"created", secret.created}, {"updated", secret.updated}, {"labels", secret.labels}};
    return head.dump(-1, ' ', false, json::error_handler_t::replace) + "\n" + secret.data;
}

Secret parse(const std::string& text, const std::string& name, const std::string& file, SecretData data) {
    const auto line = text.find('\n');
    if (line == std::string::npos) throw Error(file, ": not as expected");
    const json head = oci::parse_json_text(text.substr(0, line), file);
    const oci::Fields fields(head, file);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    Secret secret;
    secret.id = fields.required_text("id");
    secret.name = name;
    secret.created = static_cast<std::int64_t>(fields.number("created", most).value_or(0));
    secret.updated = static_cast<std::int64_t>(fields.number("updated", most).value_or(0));
    secret.labels = fields.text_map("labels");
    if (data == SecretData::with) secret.data = text.substr(line + 1);
    return secret;
}

std::optional<Secret> load(const Engine& engine, const std::string& name, SecretData data) {
    const std::string file = directory(engine) + "/" + name;
    const auto text = files::find(file);
    if (!text) return std::nullopt;
    return parse(*text, name, file, data);
}

} // namespace

std::string create_secret(Engine& engine, const CreateSecretRequest& request) {
    check_name(request.name);
    if (request.driver != "file") throw Error("--driver ", request.driver, ": not supported yet; file is");
    if (request.data.empty() || request.data.size() > largest_secret)
        throw Error("secret ", request.name, ": its data must have from 1 to ", largest_secret, " bytes, not ", request.data.size());
    engine.paths.ensure();
    sys::ensure_dir(directory(engine), 0700);
    const FileLock lock = FileLock::acquire(AT_FDCWD, directory(engine) + "/.lock", FileLock::Mode::exclusive);
    const auto existing = load(engine, request.name, SecretData::without);
    if (existing && !request.replace) throw Error("secret ", request.name, " exists already; --replace gives it a new value");
    Secret secret;
    secret.id = sys::random_hex(13).substr(0, id_digits);
    secret.name = request.name;
    secret.updated = sys::realtime_ns();
    secret.created = secret.updated;
    secret.labels = to_map(request.labels);
    secret.data = request.data;
    files::write_atomic(AT_FDCWD, directory(engine) + "/" + request.name, format(secret), 0600, files::Durability::synced);
    return secret.id;
}

std::vector<Secret> list_secrets(const Engine& engine, const std::vector<std::string>& filters) {
    std::vector<std::string> names, ids;
    for (const std::string& filter : filters) {
        const auto equals = filter.find('=');
        const std::string key = filter.substr(0, equals), value = equals == std::string::npos ? "" : filter.substr(equals + 1);
        if (equals == std::string::npos || (key != "name" && key != "id")) throw Error("--filter \"", filter, "\": expected name=… or id=…");
        (key == "name" ? names : ids).push_back(value);
    }
    std::vector<Secret> secrets;
    for (const std::string& name : files::list(AT_FDCWD, directory(engine))) {
        if (!is_name(name) || name.find(".tmp-") != std::string::npos) continue;
        auto secret = load(engine, name, SecretData::without);
        if (!secret) continue; // removed meanwhile
        const auto named = [&](const std::string& part) { return name.find(part) != std::string::npos; };
        const auto starts = [&](const std::string& start) { return secret->id.starts_with(start); };
        if (!names.empty() && std::ranges::none_of(names, named)) continue;
        if (!ids.empty() && std::ranges::none_of(ids, starts)) continue;
        secrets.push_back(std::move(*secret));
    }
    std::ranges::sort(secrets, {}, &Secret::name);
    return secrets;
}

std::optional<Secret> find_secret(const Engine& engine, const std::string& name_or_id, SecretData data) {
    check_name(name_or_id);
    if (auto secret = load(engine, name_or_id, data)) return secret;
    std::vector<Secret> matches = list_secrets(engine, {"id=" + name_or_id});
    if (matches.empty()) return std::nullopt;
    if (matches.size() > 1) throw Error("secret id ", name_or_id, " is ambiguous: ", matches[0].name, ", ", matches[1].name);
    return load(engine, matches.front().name, data);
}

Secret get_secret(const Engine& engine, const std::string& name_or_id, SecretData data) {
    auto secret = find_secret(engine, name_or_id, data);
    if (!secret) throw Error("no secret with name or id \"", name_or_id, "\" found").with_exit_code(no_such_secret);
    return std::move(*secret);
}

std::string remove_secret(Engine& engine, const std::string& name_or_id) {
    const Secret secret = get_secret(engine, name_or_id, SecretData::without);
    sys::unlink_at(AT_FDCWD, directory(engine) + "/" + secret.name);
    return secret.id;
}

} // namespace lib
