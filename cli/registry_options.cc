// See cli/registry_options.h.
#include "cli/registry_options.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "cli/output.h"
#include "cli/values.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace cli {

std::string ask(const std::string& question, Echo echo, const std::string& otherwise) {
    if (::isatty(STDIN_FILENO) != 1) throw Error("nobody can be asked for the ", question, ", as standard input is no terminal: ", otherwise);
    struct termios before {};
    OnExit restore([&] {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        print_notice("");
    });
    if (echo == Echo::on || ::tcgetattr(STDIN_FILENO, &before) != 0) {
        restore.disarm();
    } else {
        struct termios hidden = before;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    std::cerr << static_cast<char>(question[0] - 'a' + 'A') << question.substr(1) << ": " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) throw Error("no ", question, " was given");
    return answer;
}

std::string ask_password(const std::string& option) {
    return ask("password", Echo::off, cat("write --", option, ", or use ctl login --password-stdin"));
}

lib::RegistryOptions registry_options(const ParsedCommand& command) {
    const auto has = [&](std::string_view option) { return find_option(command.spec(), option) != nullptr; };
    const auto text = [&](std::string_view option) { return has(option) ? command.find(option).value_or("") : ""; };
    lib::RegistryOptions options;
    options.authfile = text("authfile");
    options.cert_dir = text("cert-dir");
    options.signature_policy = text("signature-policy");
    options.creds = text("creds");
    if (!options.creds.empty() && options.creds.find(':') == std::string::npos)
        options.creds += ":" + ask_password("creds USER:PASSWORD");
    if (has("tls-verify") && command.is_on("tls-verify", true) == command.is_on("tls-verify", false))
        options.tls_verify = command.is_on("tls-verify");
    if (has("insecure") && command.is_on("insecure")) options.tls_verify = false;
    if (const std::string retry = text("retry"); !retry.empty()) options.retry = static_cast<unsigned>(std::min<std::int64_t>(900, parse_integer("retry", retry, 0)));
    if (const std::string delay = text("retry-delay"); !delay.empty()) options.retry_delay = parse_duration("retry-delay", delay);
    return options;
}

} // namespace cli
