// The description of the commands about secrets.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec group_examples[] = {{"ctl secret ls", "See which secrets there are, not what they are."}};

constexpr ArgumentSpec create_arguments[] = {
    {.name = "NAME", .help = "Name of the secret"},
    {.name = "FILE", .help = "File with its data, - for standard input; with --env the name of a variable", .completes = Completes::files},
};
constexpr OptionSpec create_options[] = {
    {.long_name = "env", .help = "Take the data from an environment variable"},
    {.long_name = "label", .short_name = 'l', .value = "NAME[=VALUE]", .repeatable = true, .help = "Attach a label to the secret"},
    {.long_name = "replace", .help = "Replace one of that name; containers that have it as a file keep what they have"},
    {.long_name = "driver", .short_name = 'd', .value = "DRIVER", .default_text = "file", .help = "Only file is supported"},
};
constexpr ExampleSpec create_examples[] = {
    {"ctl secret create password ./password.txt", "From a file."},
    {"printf %s \"$PASSWORD\" | ctl secret create password -", "From a pipe, byte by byte as it is."},
    {"ctl run --secret password --secret token,type=env,target=TOKEN app", "As /run/secrets/password, and as a variable."},
};

constexpr OptionSpec ls_options[] = {
    {.long_name = "filter", .short_name = 'f', .value = "KEY=VALUE", .repeatable = true, .help = "Only secrets whose name= contains, or id= starts with this"},
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "noheading", .short_name = 'n', .help = "Print no line of headings"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print ids only"},
};
constexpr ExampleSpec ls_examples[] = {{"ctl secret ls", "All secrets."}};

constexpr ArgumentSpec secrets[] = {{.name = "SECRET", .help = "Name or id of a secret", .repeatable = true}};
constexpr ArgumentSpec secrets_or_all[] = {{.name = "SECRET", .help = "Name or id of a secret", .required = false, .repeatable = true}};
constexpr ArgumentSpec one_secret[] = {{.name = "SECRET", .help = "Name or id of the secret"}};

constexpr OptionSpec inspect_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .help = format_help},
    {.long_name = "pretty", .help = "Print lines for humans"},
    {.long_name = "showsecret", .help = "Show the data too"},
};
constexpr ExampleSpec inspect_examples[] = {{"ctl secret inspect --showsecret -f '{{.SecretData}}' password", "What it is."}};

constexpr ExampleSpec exists_examples[] = {{"ctl secret exists password", "0 as exit status where it is there, else 1."}};

constexpr OptionSpec rm_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All secrets"},
    {.long_name = "ignore", .short_name = 'i', .help = "A missing one is no error"},
};
constexpr ExampleSpec rm_examples[] = {{"ctl secret rm password", "Remove a secret."}};

} // namespace

constexpr CommandSpec secret_group{
    .name = "secret",
    .group = group_groups,
    .brief = "All that is done with secrets",
    .description = "Secrets are values under a name that containers get as files or variables (`ctl run --secret`), and that neither "
                   "images nor records nor logs have.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec secret_create_spec{
    .name = "secret create",
    .group = group_volumes,
    .brief = "Keep a secret under a name",
    .description = "Stores up to 512000 bytes in a file of the data root that only you can read, as they are, and prints the id.",
    .examples = create_examples,
    .arguments = create_arguments,
    .options = create_options,
};

constexpr CommandSpec secret_ls_spec{
    .name = "secret ls",
    .aliases = "secret list",
    .group = group_volumes,
    .brief = "List secrets",
    .description = "Lists the secrets by name, without their data.",
    .examples = ls_examples,
    .arguments = {},
    .options = ls_options,
};

constexpr CommandSpec secret_inspect_spec{
    .name = "secret inspect",
    .group = group_volumes,
    .brief = "Show what is known of secrets",
    .description = "Prints a list of JSON documents with Podman's field names; the data only with --showsecret.",
    .examples = inspect_examples,
    .arguments = secrets,
    .options = inspect_options,
};

constexpr CommandSpec secret_exists_spec{
    .name = "secret exists",
    .group = group_volumes,
    .brief = "Tell whether a secret exists",
    .description = "Prints nothing and exits with 0 where the secret exists, with 1 where it does not.",
    .examples = exists_examples,
    .arguments = one_secret,
    .options = {},
};

constexpr CommandSpec secret_rm_spec{
    .name = "secret rm",
    .group = group_volumes,
    .brief = "Remove secrets",
    .description = "Removes secrets and prints their ids. Containers that have one as a file keep it; those that have one as a variable "
                   "cannot start again without it.",
    .examples = rm_examples,
    .arguments = secrets_or_all,
    .options = rm_options,
};

} // namespace cli
