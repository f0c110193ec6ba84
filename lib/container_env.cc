// The environment of a container; see lib/container_env.h.
#include "lib/container_env.h"

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"

#include <unistd.h>

#include <algorithm>

namespace lib {
namespace {

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Programs ask for the variable's presence, and a few for Podman's name (systemd's ConditionVirtualization among them),
/// so it has that one: see docs/decisions.md.
constexpr const char* container_variable = "container=podman";

constexpr const char* proxy_variables[] = {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
                                           "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"};

void add_all(Environment& environment, const Environment& more) {
    for (const auto& [name, value] : more) environment.insert_or_assign(name, value);
}

void add_host(Environment& environment, const ProcessOptions& options, const Environment& host) {
    if (options.env_host) {
        add_all(environment, host);
        environment.erase("NOTIFY_SOCKET"); // a path of this machine: --sdnotify gives the container one of its own
        return;
    }
    if (!options.http_proxy) return;
    for (const char* name : proxy_variables)
        if (const auto found = host.find(name); found != host.end()) environment.insert_or_assign(name, found->second);
}

void merge(Environment& environment, const std::vector<std::string>& options) {
    for (const std::string& option : options) {
        const auto equals = option.find('=');
        if (equals == std::string::npos || equals == 0) throw Error("--env-merge \"", option, "\": NAME=VALUE is needed");
        environment.insert_or_assign(option.substr(0, equals), expand_variables(option.substr(equals + 1), environment));
    }
}

void add_files(Environment& environment, const std::vector<std::string>& files, const Environment& host) {
    for (const std::string& file : files) {
        apply_env_file(environment, files::read_named(file, "--env-file"), file, host);
    }
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

} // namespace

Environment host_environment() {
    std::vector<std::string> mine;
    for (char** variable = environ; *variable != nullptr; ++variable) mine.emplace_back(*variable);
    Environment environment = parse_environment(mine);
    environment.erase(origin_variable);
    return environment;
}

std::string expand_variables(std::string_view text, const Environment& values) {
    std::string result;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        result += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.empty()) break;
        text.remove_prefix(1);
        std::string_view name;
        if (text.starts_with('{') && text.find('}') != std::string_view::npos) {
            name = text.substr(1, text.find('}') - 1);
            text.remove_prefix(name.size() + 2);
        } else {
            const auto end = std::ranges::find_if_not(text, is_name_character);
            name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
            text.remove_prefix(name.size());
            if (name.empty()) result += '$'; // a dollar sign by itself is one
        }
        if (const auto found = values.find(name); found != values.end()) result += found->second;
    }
    return result;
}

Environment container_environment(const CreateRequest& request, const oci::ImageConfig& image, const std::string& hostname,
                                  const std::string& home, const Environment& host) {
    const ProcessOptions& options = request.process;
    Environment result = parse_environment(options.default_env.empty() ? std::vector<std::string>{default_path} : options.default_env);
    add_all(result, parse_environment({container_variable}));
    if (request.tty) result["TERM"] = "xterm";
    add_host(result, options, host);
    add_all(result, parse_environment(image.env));
    merge(result, options.env_merge);
    if (options.unsetenv_all) result.clear();
    for (const std::string& name : options.unsetenv) result.erase(name);
    result.try_emplace("HOSTNAME", hostname);
    result.try_emplace("HOME", home);
    add_files(result, request.env_files, host);
    for (const std::string& option : request.env) apply_env_option(result, option, host);
    return result;
}

} // namespace lib
