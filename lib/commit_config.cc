// See lib/commit_config.h.
#include "lib/commit_config.h"

#include "base/error.h"
#include "base/oci/json_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace lib {
namespace {

using nlohmann::json;

/// What the engine itself puts into every container's environment.
constexpr std::array engine_variables{"HOSTNAME", "HOME", "TERM", "container"};

std::string key_of(const std::string& variable) { return variable.substr(0, variable.find('=')); }

void set_env(json& inner, const std::string& key, const std::string& value) {
    json& env = inner["Env"];
    if (!env.is_array()) env = json::array();
    for (json& entry : env)
        if (entry.is_string() && key_of(entry.get<std::string>()) == key) {
            entry = cat(key, "=", value);
            return;
        }
    env.push_back(cat(key, "=", value));
}

bool has_env(const json& inner, const std::string& key) {
    const auto env = inner.find("Env");
    return env != inner.end() && env->is_array()
           && std::any_of(env->begin(), env->end(), [&](const json& e) { return e.is_string() && key_of(e.get<std::string>()) == key; });
}

void add_env(json& inner, const std::vector<std::string>& variables) {
    for (const std::string& variable : variables) {
        const std::string key = key_of(variable);
        const bool engines = std::find(engine_variables.begin(), engine_variables.end(), key) != engine_variables.end();
        if (engines && !has_env(inner, key)) continue;
        set_env(inner, key, variable.size() > key.size() ? variable.substr(key.size() + 1) : "");
    }
}

/// A set as images write it: {"80/tcp": {}}.
void add_keys(json& inner, const char* member, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) inner[member][key] = json::object();
}

void set_list(json& inner, const char* member, const std::vector<std::string>& words) {
    if (words.empty()) inner.erase(member);
    else inner[member] = words;
}

/// `["a", "b"]` as a list; nullopt for anything else.
std::optional<std::vector<std::string>> find_json_list(const std::string& text) {
    if (!text.starts_with('[')) return std::nullopt;
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array()) return std::nullopt;
    std::vector<std::string> words;
    for (const json& word : list) {
        if (!word.is_string()) return std::nullopt;
        words.push_back(word.get<std::string>());
    }
    return words;
}

/// The exec form or, run by a shell, the other one.
std::vector<std::string> command_words(const std::string& text) {
    if (auto list = find_json_list(text)) return *list;
    return {"/bin/sh", "-c", text};
}

/// "a=b c='d e'", or the old form "a b c" for one name.
std::vector<std::pair<std::string, std::string>> pairs_of(const std::string& text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const std::vector<std::string> words = split_words(text);
    if (words.empty()) throw Error("a name is missing");
    if (words.front().find('=') == std::string::npos) {
        const auto blank = text.find_first_of(" \t");
        const auto value = blank == std::string::npos ? blank : text.find_first_not_of(" \t", blank);
        return {{words.front(), value == std::string::npos ? "" : text.substr(value)}};
    }
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) throw Error("\"", word, "\" is not of the form NAME=VALUE");
        pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return pairs;
}

std::string single_word(const std::string& text) {
    const std::vector<std::string> words = split_words(text);
    if (words.size() != 1) throw Error("takes one value");
    return words.front();
}

void apply(json& inner, const std::string& name, const std::string& value) {
    if (name == "CMD") set_list(inner, "Cmd", command_words(value));
    else if (name == "ENTRYPOINT") set_list(inner, "Entrypoint", command_words(value));
    else if (name == "ENV")
        for (const auto& [key, text] : pairs_of(value)) set_env(inner, key, text);
    else if (name == "LABEL")
        for (const auto& [key, text] : pairs_of(value)) inner["Labels"][key] = text;
    else if (name == "EXPOSE")
        for (const std::string& port : split_words(value)) add_keys(inner, "ExposedPorts", {port.find('/') == std::string::npos ? port + "/tcp" : port});
    else if (name == "VOLUME") add_keys(inner, "Volumes", find_json_list(value).value_or(split_words(value)));
    else if (name == "ONBUILD") inner["OnBuild"].push_back(value);
    else if (name == "STOPSIGNAL") inner["StopSignal"] = single_word(value);
    else if (name == "USER") inner["User"] = single_word(value);
    else if (name == "WORKDIR") inner["WorkingDir"] = single_word(value);
    else
        throw Error("unknown; known are CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR");
}

} // namespace

std::vector<std::string> split_words(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    bool open = false; // a word has begun
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            open = true;
        } else if (quote != '\0') {
            if (c == quote) quote = '\0';
            else word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            open = true;
        } else if (c == ' ' || c == '\t') {
            if (open) words.push_back(std::move(word));
            word.clear();
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (quote != '\0') throw Error("a quote is not closed");
    if (open) words.push_back(std::move(word));
    return words;
}

json commit_config(const std::string& image_config, const CommitSettings& settings) {
    json config = oci::parse_json_text(image_config, "image config", oci::JsonKeys::distinct);
    json& inner = config["config"];
    if (!inner.is_object()) inner = json::object();
    add_env(inner, settings.env);
    set_list(inner, "Entrypoint", settings.entrypoint);
    set_list(inner, "Cmd", settings.command);
    if (!settings.user.empty()) inner["User"] = settings.user;
    if (settings.working_dir != "/" || inner.contains("WorkingDir")) inner["WorkingDir"] = settings.working_dir;
    for (const auto& [key, value] : settings.labels) inner["Labels"][key] = value;
    add_keys(inner, "ExposedPorts", settings.exposed_ports);
    add_keys(inner, "Volumes", settings.volumes);
    for (const char* member : {"container_config", "container", "parent", "id"}) config.erase(member); // Docker's notes on the image before
    config["created"] = settings.created;
    if (!settings.author.empty()) config["author"] = settings.author;
    json entry{{"created", settings.created}, {"created_by", settings.created_by}};
    if (!settings.author.empty()) entry["author"] = settings.author;
    if (!settings.message.empty()) entry["comment"] = config["comment"] = settings.message;
    config["history"].push_back(std::move(entry));
    return config;
}

void apply_change(json& config, const std::string& instruction) {
    const auto begin = instruction.find_first_not_of(" \t");
    const auto end = instruction.find_first_of(" \t=", begin == std::string::npos ? 0 : begin);
    std::string name = begin == std::string::npos ? "" : instruction.substr(begin, end - begin);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto value = end == std::string::npos ? end : instruction.find_first_not_of(" \t", end + 1);
    try {
        if (value == std::string::npos) throw Error("the value is missing");
        apply(config["config"], name, instruction.substr(value));
    } catch (Error& e) {
        e.add_context(cat("--change \"", instruction, "\""));
        throw;
    }
}

void merge_config(json& config, const std::string& text, const std::string& file) {
    json members = oci::parse_json_text(text, file, oci::JsonKeys::distinct);
    if (!members.is_object()) throw Error(file, ": not a JSON object");
    for (auto& [name, value] : members.items()) config["config"][name] = std::move(value);
}

} // namespace lib
