// The description of the groups: words that stand before a command's own name, `ctl container ls`.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec container_examples[] = {
    {"ctl container ls -a", "The same as `ctl ps -a`."},
};
constexpr ExampleSpec image_examples[] = {
    {"ctl image ls", "The same as `ctl images`."},
};

constexpr ExampleSpec trust_examples[] = {
    {"ctl image trust show", "What the policy says."},
};

constexpr ExampleSpec generate_examples[] = {
    {"ctl generate spec web", "The document that a container is made from."},
};
constexpr ArgumentSpec generate_spec_arguments[] = {{.name = "CONTAINER", .help = "Name or id of a container", .completes = Completes::containers}};
constexpr OptionSpec generate_spec_options[] = {
    {.long_name = "compact", .short_name = 'c', .help = "One line"},
    {.long_name = "filename", .short_name = 'f', .value = "FILE", .help = "Write to this file", .completes = Completes::files},
};
constexpr ExampleSpec generate_spec_examples[] = {
    {"ctl generate spec web", "Read what a container is made of."},
    {"ctl generate spec -f config.json web", "Write it where another OCI runtime can read it."},
};

} // namespace

constexpr CommandSpec generate_group{
    .name = "generate",
    .group = group_groups,
    .brief = "Make documents from containers",
    .description = "Makes documents from containers that are there.",
    .examples = generate_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec generate_spec_spec{
    .name = "generate spec",
    .group = group_about,
    .brief = "Print the OCI document of a container",
    .description = "Prints the config.json (OCI runtime specification) that the container is made from at each start. Podman prints a document "
                   "of its own instead.",
    .examples = generate_spec_examples,
    .arguments = generate_spec_arguments,
    .options = generate_spec_options,
};

constexpr CommandSpec trust_group{
    .name = "image trust",
    .group = group_groups,
    .brief = "Say which images may come in",
    .description = "Shows and changes policy.json, which says where images may come from.",
    .examples = trust_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec container_group{
    .name = "container",
    .group = group_groups,
    .brief = "All that is done with containers",
    .description = "The commands for containers under one word. Those that have a short name as well do the same under either.",
    .examples = container_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec image_group{
    .name = "image",
    .group = group_groups,
    .brief = "All that is done with images",
    .description = "The commands for images under one word. Those that have a short name as well do the same under either.",
    .examples = image_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

} // namespace cli
