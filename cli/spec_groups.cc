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

} // namespace

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
