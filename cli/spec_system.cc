// The description of the commands about the store as a whole.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec group_examples[] = {
    {"ctl system df", "See what takes room."},
    {"ctl system prune", "Free what nothing needs."},
};

constexpr OptionSpec df_options[] = {
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "verbose", .short_name = 'v', .help = "Show each image, container and volume, and what the rest consists of"},
};
constexpr ExampleSpec df_examples[] = {
    {"ctl system df", "How much images, containers and volumes take, and how much of it could go."},
    {"ctl system df -v", "Which of them take it."},
};

constexpr OptionSpec prune_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All images that no container uses, not only those without a name; without --filter unfinished downloads, too"},
    {.long_name = "volumes", .help = "Volumes that no container uses, with what is in them"},
    {.long_name = "external", .help = "Only what killed processes and past boots left behind"},
    {.long_name = "filter", .value = "KEY=VALUE", .repeatable = true,
     .help = "Only containers, images and volumes that match: label[!]=NAME[=VALUE], until=TIME"},
    {.long_name = "force", .short_name = 'f', .help = "Do not ask"},
};
constexpr ExampleSpec prune_examples[] = {
    {"ctl system prune", "Remove what is not in use, after a question."},
    {"ctl system prune -af --volumes", "Keep nothing but running containers and what they need."},
    {"ctl system prune -f --filter until=72h", "Of what is older than three days."},
};

constexpr ExampleSpec check_examples[] = {
    {"ctl system check", "See whether every container and image still has all it needs."},
    {"ctl system check --repair", "Fetch again what has been damaged."},
    {"ctl system check --force", "And remove what cannot be had again."},
};

constexpr OptionSpec reset_options[] = {
    {.long_name = "force", .short_name = 'f', .help = "Do not ask"},
};
constexpr ExampleSpec reset_examples[] = {
    {"ctl system reset", "Start over with an empty store, after a question."},
};

constexpr ArgumentSpec unshare_arguments[] = {
    {.name = "COMMAND", .help = "Program to run; your shell when none is given", .required = false},
    {.name = "ARGUMENT", .help = "Its arguments, dashes included", .required = false, .repeatable = true},
};
constexpr ExampleSpec unshare_examples[] = {
    {"ctl unshare ls -l ~/.local/share/ctl/volumes/data/data", "See the files of a volume with the ids that containers see."},
    {"ctl unshare chown -R 33:33 ./site", "Give a directory of yours to user 33 of your containers."},
    {"ctl unshare", "A shell that is root among your containers' files."},
};

} // namespace

constexpr CommandSpec unshare_spec{
    .name = "unshare",
    .group = group_about,
    .brief = "Run a command as root among your containers' files",
    .description = "Runs a command in a user namespace with the ids of your containers: you are 0 there, and the other numbers are "
                   "your subordinate ids. Files of containers and volumes, which belong to those, can be read, changed and removed. "
                   "What it mounts is seen by nobody else and goes with it. It has no rights beyond your own files.\n\n"
                   "CONTAINERS_GRAPHROOT and CONTAINERS_RUNROOT in its environment say where ctl keeps its data. The exit status is "
                   "the command's own; 125, 126 and 127 as for `ctl run`.",
    .examples = unshare_examples,
    .arguments = unshare_arguments,
    .options = {},
    .ends_options_at_argument = true,
};

constexpr CommandSpec system_group{
    .name = "system",
    .group = group_groups,
    .brief = "The store as a whole: room, damage, cleaning up",
    .description = "What concerns no single image or container: how much room is taken, whether anything is damaged, and "
                   "removing what is not needed.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec system_df_spec{
    .name = "system df",
    .group = group_about,
    .brief = "Show how much room images, containers and volumes take",
    .description = "Counts every byte on disk below the data root: layers of images, what containers wrote and logged, volumes, "
                   "and the rest (records, downloads, what `ctl system prune` would free). Layers that several images share count once. "
                   "Reclaimable is what nothing in use needs: what `ctl system prune --all --volumes` would free. --verbose says of the rest what "
                   "it is, and the total, which is what du(1) says.",
    .examples = df_examples,
    .arguments = {},
    .options = df_options,
};

constexpr CommandSpec system_prune_spec{
    .name = "system prune",
    .group = group_about,
    .brief = "Remove what is not in use",
    .description = "Removes containers that do not run, with their anonymous volumes, images without a name that no container uses, "
                   "and what processes that were killed left behind. "
                   "Downloads that were interrupted are kept for 24 hours, since the next pull goes on with them; --all removes those as well that no "
                   "process is working on. Safe while other commands pull and run.",
    .examples = prune_examples,
    .arguments = {},
    .options = prune_options,
};

constexpr OptionSpec check_options[] = {
    {.long_name = "force", .short_name = 'f',
     .help = "Repair; stop the containers that are in the way, and remove the images that cannot be had again, with their containers, and artifacts"},
    {.long_name = "max", .short_name = 'm', .value = "DURATION", .default_text = "0s",
     .help = "Say nothing of layers that no image uses when they are younger, for example 24h"},
    {.long_name = "quick", .short_name = 'q', .help = "Look at the records alone, and not into the layers"},
    {.long_name = "repair", .short_name = 'r',
     .help = "Fetch layers that are missing or damaged again, from where their images came"},
};

constexpr CommandSpec system_check_spec{
    .name = "system check",
    .group = group_about,
    .brief = "Look for damage in the store",
    .description = "Reads every record and looks whether what it needs is there, and compares every byte of every layer with what was "
                   "unpacked. Prints a line for each thing that is damaged, with the way out, and one for each kind of leftover that "
                   "`ctl system prune` would free. Exits with 1 when something is damaged. Changes nothing without --repair or "
                   "--force. What a running process is just making is never a leftover, so --max is needed by no one but scripts "
                   "written for Podman. Volumes are never removed.",
    .examples = check_examples,
    .arguments = {},
    .options = check_options,
};

constexpr CommandSpec system_reset_spec{
    .name = "system reset",
    .group = group_about,
    .brief = "Remove everything",
    .description = "Kills and removes all containers, and removes all images, volumes and downloads. Never needed to mend "
                   "anything: `ctl system check` and `ctl system prune` do that.",
    .examples = reset_examples,
    .arguments = {},
    .options = reset_options,
};

} // namespace cli
