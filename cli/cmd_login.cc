// ctl login, ctl logout.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "lib/login.h"
#include "lib/secrets.h"

#include <unistd.h>

namespace cli {
namespace {

constexpr std::size_t longest_password = 1 << 16;

std::string read_password() {
    std::string password = sys::read_to_end(STDIN_FILENO, longest_password, "standard input");
    while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
    return password;
}

/// The password that options give; nullopt: it is to be asked for.
std::optional<std::string> given_password(const ParsedCommand& command, const lib::Engine& engine) {
    const auto password = command.find("password"), secret = command.find("secret");
    const bool from_stdin = command.is_on("password-stdin");
    if (password.has_value() + secret.has_value() + from_stdin > 1)
        throw Error("login: --password, --password-stdin and --secret exclude each other");
    if (from_stdin) return read_password();
    if (!secret) return password;
    return lib::get_secret(engine, *secret, lib::SecretData::with).data;
}

lib::LoginPlace login_place(const ParsedCommand& command) {
    lib::LoginPlace place;
    place.registry = command.arguments.empty() ? "" : command.arguments.front();
    place.compat_file = command.find("compat-auth-file").value_or("");
    if (!place.compat_file.empty() && command.find("authfile"))
        throw Error(command.spec().name, ": --authfile and --compat-auth-file exclude each other");
    place.options = registry_options(command);
    return place;
}

} // namespace

int cmd_login(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const lib::Login login(engine, login_place(command), [](const std::string& notice) { print_notice(escaped(notice)); });
    const auto before = login.find();
    if (command.is_on("get-login")) {
        if (!before) throw Error("not logged into ", login.registry());
        print(escaped(before->username.empty() ? "<token>" : before->username) + "\n");
        return 0;
    }
    auto user = command.find("username");
    auto password = given_password(command, engine);
    if (!user && command.find("secret")) user = command.find("secret");
    if (password && !user && command.is_on("password-stdin")) throw Error("login: --password-stdin needs --username");
    if (!user && !password && before) {
        print_notice(cat("Authenticating with existing credentials for ", escaped(login.registry())));
        if (login.is_believed(*before)) {
            print(cat("Existing credentials are valid. Already logged in to ", escaped(login.registry()), "\n"));
            return 0;
        }
        print_notice("Existing credentials are invalid, please enter valid username and password");
    }
    if (!user) user = ask("username", Echo::on, "write --username and --password-stdin");
    if (!password) password = ask("password", Echo::off, "use --password-stdin");
    const lib::Credentials credentials{*user, *password, {}};
    if (!login.is_believed(credentials)) throw Error("logging into \"", login.registry(), "\": invalid username/password");
    const std::string place = login.store(credentials);
    if (command.is_on("verbose")) print(cat("Used:  ", escaped(place), "\n"));
    print("Login Succeeded!\n");
    return 0;
}

int cmd_logout(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const bool all = command.is_on("all");
    if (all && !command.arguments.empty()) throw Error("logout: a registry and --all exclude each other");
    const lib::Login login(engine, login_place(command), [](const std::string& notice) { print_notice(escaped(notice)); });
    if (all) {
        login.erase_all();
        print("Removed login credentials for all registries\n");
        return 0;
    }
    if (login.erase()) print(cat("Removed login credentials for ", escaped(login.registry()), "\n"));
    else if (login.find())
        throw Error("not logged into ", login.registry(), " with this file: the credentials there are were written by another tool; log out with it, or name "
                    "the file with --authfile");
    else throw Error("not logged into ", login.registry());
    return 0;
}

} // namespace cli
