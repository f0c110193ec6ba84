// The description of the commands about volumes.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec filter_option{.long_name = "filter", .short_name = 'f', .value = "KEY=VALUE", .repeatable = true,
                                   .help = "Only volumes for which this holds: name=, label=, label!=, dangling=, anonymous=, opt=,\n"
                                           "driver=, scope=, since=VOLUME, until=TIME"};

constexpr ArgumentSpec one_volume[] = {{.name = "VOLUME", .help = "Name of the volume, or the start of it"}};
constexpr ArgumentSpec volumes[] = {{.name = "VOLUME", .help = "Name of a volume, or the start of it", .repeatable = true}};
constexpr ArgumentSpec volumes_or_all[] = {
    {.name = "VOLUME", .help = "Name of a volume, or the start of it", .required = false, .repeatable = true}};

constexpr ExampleSpec group_examples[] = {{"ctl volume ls", "See which volumes there are."}};

constexpr ArgumentSpec create_arguments[] = {{.name = "NAME", .help = "Name of the volume; 64 digits are made up without it", .required = false}};
constexpr OptionSpec create_options[] = {
    {.long_name = "label", .short_name = 'l', .value = "NAME[=VALUE]", .repeatable = true, .help = "Attach a label to the volume"},
    {.long_name = "opt", .short_name = 'o', .value = "KEY=VALUE", .repeatable = true,
     .help = "What the volume is instead of a directory in the store: type=tmpfs with o=size=64m and the like (each\n"
             "container has its own), or o=bind with device=/directory; o=uid=N,gid=N: whose the directory is"},
    {.long_name = "driver", .short_name = 'd', .value = "DRIVER", .default_text = "local", .help = "Only local is supported"},
    {.long_name = "ignore", .help = "Succeed where a volume of that name exists"},
};
constexpr ExampleSpec create_examples[] = {
    {"ctl volume create data", "An empty volume; the first container that mounts it fills it from its image."},
    {"ctl volume create -o type=tmpfs -o o=size=64m,mode=700 scratch", "Memory under a name."},
    {"ctl volume create -o o=uid=999,gid=999 db", "A directory that belongs to somebody else than root inside."},
    {"ctl volume create -o o=bind -o device=/srv/www www", "A directory of this machine under a name."},
};

constexpr OptionSpec ls_options[] = {
    filter_option,
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "noheading", .short_name = 'n', .help = "Print no line of headings"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print names only"},
};
constexpr ExampleSpec ls_examples[] = {
    {"ctl volume ls", "All volumes."},
    {"ctl volume ls -q --filter dangling=true", "The names of those that no container uses."},
};

constexpr OptionSpec inspect_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All volumes"},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .help = format_help},
};
constexpr ExampleSpec inspect_examples[] = {{"ctl volume inspect -f '{{.Mountpoint}}' data", "Where its files are."}};

constexpr ExampleSpec exists_examples[] = {{"ctl volume exists data", "0 as exit status where it is there, else 1."}};

constexpr OptionSpec rm_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All volumes"},
    {.long_name = "force", .short_name = 'f', .help = "Remove the containers that use it first; a missing one is no error"},
    {.long_name = "time", .short_name = 't', .value = "SECONDS", .help = "With --force: how long a container may take to stop before it is killed"},
};
constexpr ExampleSpec rm_examples[] = {
    {"ctl volume rm data", "Remove a volume that no container uses, with what is in it."},
};

constexpr OptionSpec prune_options[] = {
    {.long_name = "filter", .value = "KEY=VALUE", .repeatable = true, .help = "Only volumes for which this holds, as with `ctl volume ls`"},
    {.long_name = "force", .short_name = 'f', .help = "Do not ask"},
};
constexpr ExampleSpec reload_examples[] = {{"ctl volume reload", "In a script that was written for Podman."}};
constexpr ExampleSpec prune_examples[] = {
    {"ctl volume prune", "Remove all volumes that no container uses, after a question."},
    {"ctl volume prune -f --filter anonymous=true", "Those without a name given by anybody."},
};

constexpr ExampleSpec mount_examples[] = {{"ls $(ctl volume mount data)", "Look into a volume."}};
constexpr ExampleSpec unmount_examples[] = {{"ctl volume unmount data", "The counterpart of mount, for scripts."}};

constexpr OptionSpec export_options[] = {
    {.long_name = "output", .short_name = 'o', .value = "FILE", .default_text = "standard output", .help = "File to write", .completes = Completes::files},
};
constexpr ExampleSpec export_examples[] = {{"ctl volume export data -o data.tar", "Keep what is in a volume."}};

constexpr ArgumentSpec import_arguments[] = {
    {.name = "VOLUME", .help = "Name of the volume; it must exist"},
    {.name = "FILE", .help = "Archive to unpack, - for standard input", .completes = Completes::files},
};
constexpr ExampleSpec import_examples[] = {{"ctl volume import data data.tar", "Put it back."}};

} // namespace

constexpr CommandSpec volume_group{
    .name = "volume",
    .group = group_groups,
    .brief = "All that is done with volumes",
    .description = "Volumes are directories that outlive containers. `ctl run -v name:/path` makes and mounts one.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec volume_create_spec{
    .name = "volume create",
    .group = group_volumes,
    .brief = "Make a volume",
    .description = "Makes a volume and prints its name. What an ordinary user cannot mount (disks, network file systems) is refused "
                   "at once.",
    .examples = create_examples,
    .arguments = create_arguments,
    .options = create_options,
};

constexpr CommandSpec volume_ls_spec{
    .name = "volume ls",
    .aliases = "volume list",
    .group = group_volumes,
    .brief = "List volumes",
    .description = "Lists the volumes of the store, by name.",
    .examples = ls_examples,
    .arguments = {},
    .options = ls_options,
};

constexpr CommandSpec volume_inspect_spec{
    .name = "volume inspect",
    .group = group_volumes,
    .brief = "Show all that is known of volumes",
    .description = "Prints a list of JSON documents with Podman's field names.",
    .examples = inspect_examples,
    .arguments = volumes_or_all,
    .options = inspect_options,
};

constexpr CommandSpec volume_exists_spec{
    .name = "volume exists",
    .group = group_volumes,
    .brief = "Tell whether a volume exists",
    .description = "Prints nothing and exits with 0 where the volume exists, with 1 where it does not.",
    .examples = exists_examples,
    .arguments = one_volume,
    .options = {},
};

constexpr CommandSpec volume_rm_spec{
    .name = "volume rm",
    .aliases = "volume remove",
    .group = group_volumes,
    .brief = "Remove volumes with what is in them",
    .description = "Removes volumes that no container uses and prints their names. The exit status is 1 when one is not there, 2 when "
                   "one is in use.",
    .examples = rm_examples,
    .arguments = volumes_or_all,
    .options = rm_options,
};

constexpr CommandSpec volume_prune_spec{
    .name = "volume prune",
    .group = group_volumes,
    .brief = "Remove the volumes that no container uses",
    .description = "Removes the volumes, named or not, that no container uses, whether it runs or not, and prints their names.",
    .examples = prune_examples,
    .arguments = {},
    .options = prune_options,
};

constexpr CommandSpec volume_reload_spec{
    .name = "volume reload",
    .group = group_volumes,
    .brief = "Ask volume plugins for their volumes",
    .description = "Does nothing, as there are no volume plugins here: volumes of the driver local are looked up at each command. Podman "
                   "does the same where it has none.",
    .examples = reload_examples,
    .arguments = {},
    .options = {},
};

constexpr CommandSpec volume_mount_spec{
    .name = "volume mount",
    .group = group_volumes,
    .brief = "Print the directory where a volume's files are",
    .description = "Volumes are directories of the store, or binds of others, so nothing has to be mounted. Files that users "
                   "other than root of a container made belong to subordinate ids.",
    .examples = mount_examples,
    .arguments = volumes,
    .options = {},
};

constexpr CommandSpec volume_unmount_spec{
    .name = "volume unmount",
    .group = group_volumes,
    .brief = "End the use that `volume mount` began",
    .description = "`ctl volume mount` mounts nothing, so there is nothing to unmount: the name is looked up and printed.",
    .examples = unmount_examples,
    .arguments = volumes,
    .options = {},
};

constexpr CommandSpec volume_export_spec{
    .name = "volume export",
    .group = group_volumes,
    .brief = "Write what is in a volume as a tar archive",
    .description = "Writes the volume's files, with owners as containers see them, as a tar archive.",
    .examples = export_examples,
    .arguments = one_volume,
    .options = export_options,
};

constexpr CommandSpec volume_import_spec{
    .name = "volume import",
    .group = group_volumes,
    .brief = "Unpack a tar archive into a volume",
    .description = "Unpacks a tar archive, plain or compressed with gzip or zstd, into a volume. Files of the same names are replaced.",
    .examples = import_examples,
    .arguments = import_arguments,
    .options = {},
};

} // namespace cli
