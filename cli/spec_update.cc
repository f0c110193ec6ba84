// The description of update.
#include "cli/spec_run_limits.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ArgumentSpec update_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
};
constexpr ExampleSpec update_examples[] = {
    {"ctl update --memory 1g web", "Give it more memory, or less, while it runs."},
    {"ctl update --cpus 0 job", "Take the limit away."},
};

} // namespace

constexpr CommandSpec update_spec{
    .name = "update",
    .aliases = "container update",
    .group = group_manage,
    .brief = "Change the limits of a container",
    .description = "Puts other limits in place of those that a container was made with, at once when it runs, and for all later "
                   "starts. Limits that are not named stay as they are; 0 takes one away. A running container that was started "
                   "without any limit is moved to a control group where that can be done; the memory it has used until then "
                   "counts from its next start on.",
    .examples = update_examples,
    .arguments = update_arguments,
    .options = limits_options,
};

} // namespace cli
