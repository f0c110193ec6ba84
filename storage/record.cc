// The store's JSON documents, see storage/record.h. The home of nlohmann/json in storage/ (with volume.cc).
#include "storage/record.h"

#include "base/error.h"
#include "base/files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace storage {
namespace {

using nlohmann::json;

constexpr std::size_t longest_history = 100; ///< names of one image

/// Documents of further stores are strangers': what is read deeply is destroyed and written by recursion.
bool limit_depth(int depth, json::parse_event_t, json&) {
    constexpr int deepest = 64;
    if (depth > deepest) throw Error("more than ", deepest, " levels");
    return true;
}

/// Runs `read` on the parsed text; whatever JSON objects to becomes an Error naming `where`.
template <class F>
auto with_json(const std::string& text, const std::string& where, F read) {
    try {
        return read(json::parse(text, limit_depth));
    } catch (const json::exception& e) {
        throw Error(where, ": not as expected: ", e.what());
    }
}

void check_version(const json& document, const std::string& where) {
    const int version = document.at("version").get<int>();
    if (version != 1) throw Error(where, ": written by a newer ctl (version ", version, ")");
}

} // namespace

Store::Record Store::Record::parse(const std::string& manifest_hex, const std::string& text) {
    const std::string where = cat("images/", manifest_hex, "/image.json");
    return with_json(text, where, [&](json document) {
        check_version(document, where);
        Record record;
        record.manifest_hex = manifest_hex;
        record.id = document.at("id").get<std::string>();
        record.diff_ids = document.at("diff_ids").get<std::vector<std::string>>();
        record.repo_digests = document.at("repo_digests").get<std::vector<std::string>>();
        record.created = document.at("created").get<std::string>();
        record.size = document.at("size").get<std::int64_t>();
        record.added = document.at("added").get<std::int64_t>();
        record.history = document.value("history", std::vector<std::string>{});
        for (const char* known : {"version", "id", "diff_ids", "repo_digests", "history", "created", "size", "added"})
            document.erase(known);
        record.unknown = document.dump();
        return record;
    });
}

void Store::Record::remember(const std::string& name) {
    std::erase(history, name);
    history.insert(history.begin(), name);
    if (history.size() > longest_history) history.resize(longest_history);
}

std::string Store::Record::format() const {
    json document = json::parse(unknown);
    document["version"] = 1;
    document["id"] = id;
    document["diff_ids"] = diff_ids;
    document["repo_digests"] = repo_digests;
    if (!history.empty()) document["history"] = history;
    document["created"] = created;
    document["size"] = size;
    document["added"] = added;
    return document.dump(1) + "\n";
}

bool is_document(const std::string& text) { return json::accept(text); }

LayerMeta LayerMeta::parse(const std::string& text, const std::string& where) {
    return with_json(text, where, [&](const json& document) {
        check_version(document, where);
        LayerMeta meta;
        meta.info.diff_id = document.at("diff_id").get<std::string>();
        meta.info.size = document.at("size").get<std::int64_t>();
        meta.info.entries = document.at("entries").get<std::int64_t>();
        meta.boot_id = document.at("boot_id").get<std::string>();
        meta.single_id = document.at("single_id").get<bool>();
        meta.damaged = document.value("damaged", false);
        meta.shared = document.value("shared", false);
        meta.linked = document.value("linked", "");
        return meta;
    });
}

std::optional<LayerMeta> LayerMeta::find(const std::string& layer_dir) {
    const std::string file = layer_dir + "/meta.json";
    const auto text = files::find(file);
    if (!text || !is_document(*text)) return std::nullopt;
    return parse(*text, file);
}

std::string LayerMeta::format() const {
    json document = {{"version", 1},          {"diff_id", info.diff_id}, {"size", info.size},
                     {"entries", info.entries}, {"boot_id", boot_id},      {"single_id", single_id}};
    if (damaged) document["damaged"] = true;
    if (shared) document["shared"] = true;
    if (!linked.empty()) document["linked"] = linked;
    return document.dump(1) + "\n";
}

ConfigSummary parse_config(const std::string& config_json) {
    return with_json(config_json, "image config", [](const json& document) {
        ConfigSummary summary;
        summary.diff_ids = document.at("rootfs").at("diff_ids").get<std::vector<std::string>>();
        const auto created = document.find("created");
        if (created != document.end() && created->is_string()) summary.created = created->get<std::string>();
        return summary;
    });
}

std::vector<std::string> parse_container_diff_ids(const std::string& text, const std::string& where) {
    return with_json(text, where, [](const json& document) {
        std::vector<std::string> diff_ids;
        const auto add = [&](const json& holder, const char* name) {
            const auto found = holder.find(name);
            if (found == holder.end()) return;
            const auto more = found->get<std::vector<std::string>>(); // anything else must stop a collection
            diff_ids.insert(diff_ids.end(), more.begin(), more.end());
        };
        add(document, "image_diff_ids");
        if (const auto mounted = document.find("mounted_images"); mounted != document.end())
            for (const json& image : mounted->get<std::vector<json>>()) add(image, "diff_ids");
        return diff_ids;
    });
}

std::vector<std::string> parse_container_image_ids(const std::string& text, const std::string& where) {
    return with_json(text, where, [](const json& document) {
        std::vector<std::string> ids{document.value("image_id", "")};
        for (const json& image : document.value("mounted_images", json::array())) ids.push_back(image.value("id", ""));
        for (std::string& id : ids)
            if (!id.empty() && !id.starts_with("sha256:")) id.insert(0, "sha256:");
        return ids;
    });
}

std::string escape_name(const std::string& name) {
    const auto slash = name.find_last_of('/');
    const auto colon = name.find_last_of(':');
    const bool has_tag = colon != std::string::npos && colon + 1 < name.size() && slash != std::string::npos && colon > slash + 1;
    const bool clean = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '%' && c != '@'; });
    if (!has_tag || !clean || name.front() == '.' || name.front() == '/')
        throw Error("not a fully qualified image name (host/path:tag): \"", name.substr(0, 300), "\"");
    if (name.size() > 255) throw Error("image name longer than 255 bytes: ", name.substr(0, 100), "…");
    std::string escaped = name;
    std::replace(escaped.begin(), escaped.end(), '/', '%'); // '%' is in no reference, so this can be undone
    return escaped;
}

std::string unescape_name(std::string_view file_name) {
    std::string name(file_name);
    std::replace(name.begin(), name.end(), '%', '/');
    return name;
}

} // namespace storage
