// The description of update.
#include "cli/spec_run_limits.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ArgumentSpec update_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
};
constexpr OptionSpec update_restart_options[] = {
    {.long_name = "restart", .value = "POLICY",
     .help = "When to start it again: no, on-failure[:number], always, or unless-stopped. A running container that was\n"
             "started without a policy has the new one from its next start on",
     .completes = Completes::words, .words = "no on-failure always unless-stopped"},
};
constexpr OptionSpec update_ports_options[] = {
    {.long_name = "publish-add", .value = "[[IP:]PORT:]PORT[/udp]", .repeatable = true,
     .help = "Make a further port reachable on this machine, as --publish of run"},
    {.long_name = "publish-rm", .value = "[[IP:]PORT:]PORT[/udp]", .repeatable = true,
     .help = "Publish a port no more: as it was published, or the container's port alone. Connections stay until they end"},
};
constexpr auto update_options = joined(limits_options, update_restart_options, update_ports_options);
constexpr ExampleSpec update_examples[] = {
    {"ctl update --memory 1g web", "Give it more memory, or less, while it runs."},
    {"ctl update --cpus 0 job", "Take the limit away."},
    {"ctl update --publish-add 8443:443 --publish-rm 80 web", "Change its published ports while it runs."},
    {"ctl update --restart=no web", "Let it be when it ends the next time."},
};

} // namespace

constexpr CommandSpec update_spec{
    .name = "update",
    .aliases = "container update",
    .group = group_manage,
    .brief = "Change the limits, the published ports and the restart policy of a container",
    .description = "Puts other limits in place of those that a container was made with, at once when it runs, and for all later "
                   "starts. Limits that are not named stay as they are; 0 takes one away. A running container that was started "
                   "without any limit is moved to a control group where that can be done; the memory it has used until then "
                   "counts from its next start on.",
    .examples = update_examples,
    .arguments = update_arguments,
    .options = update_options,
};

} // namespace cli
