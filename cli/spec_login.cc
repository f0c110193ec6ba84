// The description of login and logout.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ArgumentSpec registry_argument[] = {
    {.name = "REGISTRY", .help = "Host[:port], or a namespace or repository there; without it docker.io, or the first search registry",
     .required = false},
};
constexpr OptionSpec compat_option[] = {
    {.long_name = "compat-auth-file", .value = "FILE", .help = "Use a file in Docker's format, such as ~/.docker/config.json, instead",
     .completes = Completes::files},
};
constexpr OptionSpec own_login_options[] = {
    {.long_name = "username", .short_name = 'u', .value = "USER", .help = "User name; asked for where it is missing"},
    {.long_name = "password", .short_name = 'p', .value = "PASSWORD",
     .help = "Password; other users can see it in the list of processes, so rather use --password-stdin"},
    {.long_name = "password-stdin", .help = "Read the password from standard input"},
    {.long_name = "secret", .value = "SECRET", .help = "Take the password from a secret of `ctl secret`; the user name is its name, unless given"},
    {.long_name = "get-login", .help = "Print the name of the user who is logged in, and do nothing else"},
    {.long_name = "verbose", .short_name = 'v', .help = "Print where the login was written"},
};
constexpr auto login_options = joined(own_login_options, authfile_option, compat_option, tls_option, cert_dir_option);
constexpr ExampleSpec login_examples[] = {
    {"ctl login quay.io", "Log in; user and password are asked for."},
    {"pass show quay | ctl login -u me --password-stdin quay.io", "From a password manager."},
    {"ctl login --get-login quay.io", "As whom?"},
    {"ctl login registry.example/team-a", "A login for one namespace alone."},
};

constexpr OptionSpec own_logout_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Remove every login"},
};
constexpr auto logout_options = joined(own_logout_options, authfile_option, compat_option);
constexpr ExampleSpec logout_examples[] = {
    {"ctl logout quay.io", "Forget the login."},
};

} // namespace

constexpr CommandSpec login_spec{
    .name = "login",
    .group = group_images,
    .brief = "Log in to a registry",
    .description = "Tries user name and password at the registry and keeps them for later commands, in "
                   "${XDG_RUNTIME_DIR}/containers/auth.json (which is gone after the last logout of the machine), or in the program that "
                   "credHelpers there names for the registry.\n\n"
                   "Commands look for a login in that file, in ~/.config/containers/auth.json and in ~/.docker/config.json, for the "
                   "repository first, then for each namespace above it, then for the registry. Where a registry has tokens fetched from "
                   "elsewhere, the password goes there only over verified https, and only to a host of the same domain.",
    .examples = login_examples,
    .arguments = registry_argument,
    .options = login_options,
};

constexpr CommandSpec logout_spec{
    .name = "logout",
    .group = group_images,
    .brief = "Forget the login to a registry",
    .description = "Removes the login from the file that login writes, or from the program that keeps it.",
    .examples = logout_examples,
    .arguments = registry_argument,
    .options = logout_options,
};

} // namespace cli
