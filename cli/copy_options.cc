// See cli/copy_options.h.
#include "cli/copy_options.h"

#include "base/error.h"
#include "cli/push_options.h"
#include "cli/registry_options.h"
#include "cli/values.h"

#include <algorithm>

namespace cli {

lib::PackingOptions look_options_of(const ParsedCommand& command) {
    lib::PackingOptions packing;
    packing.format = checked_format(command);
    packing.preserve = command.is_on("preserve-digests");
    return packing;
}

lib::RegistryOptions side_registry_options(const ParsedCommand& command, std::string_view side) {
    const auto name = [&](std::string_view option) { return cat(side, "-", option); };
    const auto text = [&](std::string_view option) { return command.find(name(option)).value_or(""); };
    lib::RegistryOptions options;
    options.authfile = text("authfile").empty() ? command.find("authfile").value_or("") : text("authfile");
    options.cert_dir = text("cert-dir");
    options.creds = text("creds");
    options.no_creds = command.is_on(name("no-creds"));
    options.signature_policy = command.find("signature-policy").value_or("");
    if (const std::string user = text("username"); !user.empty()) {
        if (!options.creds.empty()) throw Error(command.spec().name, ": --", name("creds"), " and --", name("username"), " exclude each other");
        options.creds = cat(user, ":", command.find(name("password")) ? text("password") : ask_password(name("password")));
    } else if (command.find(name("password"))) {
        throw Error(command.spec().name, ": --", name("password"), " needs --", name("username"));
    }
    if (!options.creds.empty() && options.no_creds) throw Error(command.spec().name, ": --", name("creds"), " and --", name("no-creds"), " exclude each other");
    if (!options.creds.empty() && options.creds.find(':') == std::string::npos) options.creds += ":" + ask_password(name("creds USER:PASSWORD"));
    if (command.is_on(name("tls-verify"), true) == command.is_on(name("tls-verify"), false)) options.tls_verify = command.is_on(name("tls-verify"));
    if (const auto times = command.find("retry-times"))
        options.retry = static_cast<unsigned>(std::min<std::int64_t>(900, parse_integer("retry-times", *times, 0)));
    if (const auto delay = command.find("retry-delay")) options.retry_delay = parse_duration("retry-delay", *delay);
    return options;
}

} // namespace cli
