// The description of the commands that look into containers and at their files.
#include "cli/spec_run_limits.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec cp_options[] = {
    {.long_name = "archive", .short_name = 'a', .default_text = "true",
     .help = "Give what arrives to the container's user (on this machine: to you); =false keeps the ids it has"},
    {.long_name = "overwrite", .help = "Let directories take the place of files, and files that of directories"},
};
constexpr ArgumentSpec cp_arguments[] = {
    {.name = "SOURCE", .help = "CONTAINER:PATH, a path of this machine, or - for a tar archive on standard input",
     .completes = Completes::files},
    {.name = "DESTINATION", .help = "The same; - writes a tar archive to standard output", .completes = Completes::files},
};
constexpr ExampleSpec cp_examples[] = {
    {"ctl cp web:/etc/nginx/nginx.conf .", "Get a file out."},
    {"ctl cp site/. web:/usr/share/nginx/html", "Put the content of a directory in."},
    {"ctl cp web:/var/log - | tar t", "Look at a directory as an archive."},
};

constexpr OptionSpec latest_option{.long_name = "latest", .short_name = 'l', .help = "The container that was made last"};

constexpr OptionSpec diff_options[] = {
    {.long_name = "format", .value = "FORMAT", .help = "json: three lists of paths, for a program", .completes = Completes::words,
     .words = "json"},
    latest_option,
};
constexpr ArgumentSpec diff_arguments[] = {
    {.name = "OBJECT", .help = "A container or an image", .required = false, .completes = Completes::objects},
    {.name = "BASE", .help = "What to compare it with, instead of what it was made from", .required = false,
     .completes = Completes::objects},
};
constexpr ExampleSpec diff_examples[] = {
    {"ctl diff web", "What the container has changed."},
    {"ctl diff --format json web", "The same for a program."},
    {"ctl diff nginx:1.27 nginx:1.26", "What is new in the first image."},
};

constexpr OptionSpec export_options[] = {
    {.long_name = "output", .short_name = 'o', .value = "FILE", .default_text = "standard output", .help = "Where to write the archive",
     .completes = Completes::files},
};
constexpr ArgumentSpec export_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
};
constexpr ExampleSpec export_examples[] = {
    {"ctl export -o web.tar web", "All its files in an archive."},
    {"ctl export web | tar tv", "Look at them."},
};

constexpr OptionSpec commit_options[] = {
    {.long_name = "author", .short_name = 'a', .value = "NAME", .help = "Who made the image"},
    {.long_name = "change", .short_name = 'c', .value = "INSTRUCTION", .repeatable = true,
     .help = "Change the image's config as a Containerfile does: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, "
             "VOLUME, WORKDIR"},
    {.long_name = "config", .value = "FILE", .help = "A JSON file whose members replace those of the image's config",
     .completes = Completes::files},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "oci", .help = "oci or docker",
     .completes = Completes::words, .words = "oci docker"},
    {.long_name = "iidfile", .value = "FILE", .help = "Write the image's id into this file", .completes = Completes::files},
    {.long_name = "include-volumes", .help = "Declare the container's volumes in the image; their content stays where it is"},
    {.long_name = "message", .short_name = 'm', .value = "TEXT", .help = "A remark for the image's history"},
    {.long_name = "pause", .short_name = 'p', .help = "Hold the container's processes while its files are copied"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print nothing but the id"},
    {.long_name = "squash", .short_name = 's', .help = "Make an image of one layer with everything in it"},
};
constexpr ArgumentSpec commit_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
    {.name = "IMAGE", .help = "Name of the new image; without one it has none", .required = false},
};
constexpr ExampleSpec commit_examples[] = {
    {"ctl commit web web:today", "Keep what the container has become as an image."},
    {"ctl commit -c 'CMD [\"nginx\", \"-g\", \"daemon off;\"]' -c 'EXPOSE 8080' web mine", "With another command and port."},
};

constexpr OptionSpec top_options[] = {latest_option};
constexpr ArgumentSpec top_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .completes = Completes::running_containers},
    {.name = "COLUMN", .help = "What to show of each process: pid, user, args, hpid, capeff and so on", .required = false, .repeatable = true},
};
constexpr ExampleSpec top_examples[] = {
    {"ctl top web", "The processes of a container."},
    {"ctl top web pid hpid huser seccomp args", "Their numbers here and there, who they are outside, whether they are filtered."},
};

constexpr OptionSpec stats_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Also containers that do not run"},
    {.long_name = "format", .value = "FORMAT", .default_text = "table", .help = format_help},
    {.long_name = "interval", .short_name = 'i', .value = "SECONDS", .default_text = "5", .help = "How long to wait between reports"},
    latest_option,
    {.long_name = "no-reset", .help = "Do not clear the screen before each report"},
    {.long_name = "no-stream", .help = "Report once"},
    {.long_name = "no-trunc", .help = "Print ids in full"},
};
constexpr ArgumentSpec stats_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id; without one all that run", .required = false, .repeatable = true,
     .completes = Completes::running_containers},
};
constexpr ExampleSpec stats_examples[] = {
    {"ctl stats", "What the running containers use, every five seconds."},
    {"ctl stats --no-stream --format json web", "Once, for a program."},
};

constexpr OptionSpec mount_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Mount all containers"},
    {.long_name = "format", .value = "FORMAT", .help = "json: a list for a program", .completes = Completes::words, .words = "json"},
    latest_option,
    {.long_name = "no-trunc", .help = "Print ids in full"},
};
constexpr ArgumentSpec mount_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .repeatable = true,
     .completes = Completes::containers},
};
constexpr ExampleSpec mount_examples[] = {
    {"ctl unshare sh -c 'cp -a \"$(ctl mount web)/etc\" /tmp'", "Use any program on a container's files."},
    {"ctl mount", "List what is mounted."},
};

constexpr OptionSpec umount_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Everything that is mounted here"},
    {.long_name = "force", .short_name = 'f', .help = "Also where it is in use"},
    latest_option,
};
constexpr ExampleSpec umount_examples[] = {
    {"ctl umount web", "Take the mount away."},
    {"ctl umount --all", "All of them."},
};

constexpr OptionSpec clone_only_options[] = {
    {.long_name = "destroy", .help = "Remove the original"},
    {.long_name = "force", .short_name = 'f', .help = "With --destroy: also when it runs"},
    {.long_name = "name", .value = "NAME", .default_text = "the original's with -clone", .help = "Name of the clone"},
    {.long_name = "run", .help = "Start it"},
};
constexpr auto clone_options = joined(clone_only_options, limits_options);
constexpr ArgumentSpec clone_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
    {.name = "NAME", .help = "Name of the clone", .required = false},
    {.name = "IMAGE", .help = "Another image for it", .required = false, .completes = Completes::images},
};
constexpr ExampleSpec clone_examples[] = {
    {"ctl container clone web", "A second container of the same kind."},
    {"ctl container clone --destroy --run --cpus 2 web web2", "Move to another limit."},
    {"ctl container clone web web-new nginx:1.27", "The same with a newer image."},
};

} // namespace

constexpr CommandSpec cp_spec{
    .name = "cp",
    .aliases = "container cp",
    .group = group_manage,
    .brief = "Copy files into or out of a container",
    .description =
        "Copies a file or a directory between this machine and a container, or between containers, running or not. Volumes "
        "and other mounts are seen as the container sees them; those of memory (tmpfs) only while it runs.\n\n"
        "A file is written to the destination, or into it where that is a directory. A directory is copied into the "
        "destination where that is a directory, or to it where there is nothing; DIRECTORY/. means its content. A path of a "
        "container that does not begin with a slash starts at its working directory. A path of this machine that has a colon "
        "in it needs ./ or / before it.\n\n"
        "A symbolic link given as the source stands for what it leads to, inside the container; links below a directory are "
        "copied as links. Nothing outside the container is reached by its links, whatever its processes do meanwhile. "
        "Devices and sockets are not copied.",
    .examples = cp_examples,
    .arguments = cp_arguments,
    .options = cp_options,
};

constexpr CommandSpec diff_spec{
    .name = "diff",
    .aliases = "container diff,image diff",
    .group = group_manage,
    .brief = "Show which files a container or an image has changed",
    .description =
        "Prints a line for each path: A for added, C for changed, D for deleted. A container is compared with its image, an image "
        "with itself before its last layer, or either with a second one. The content of volumes and other mounts does not count, "
        "nor do the places that are made in every container to mount on.",
    .examples = diff_examples,
    .arguments = diff_arguments,
    .options = diff_options,
};

constexpr CommandSpec export_spec{
    .name = "export",
    .aliases = "container export",
    .group = group_manage,
    .brief = "Write a container's files as a tar archive",
    .description =
        "Writes the file system of a container, running or not, as one tar archive: owners as in the container, hard links and "
        "extended attributes included, without the content of volumes and other mounts. Files that are written meanwhile are "
        "taken as they are. Files with a megabyte or more of holes are stored in GNU's sparse format.",
    .examples = export_examples,
    .arguments = export_arguments,
    .options = export_options,
};

constexpr CommandSpec commit_spec{
    .name = "commit",
    .aliases = "container commit",
    .group = group_manage,
    .brief = "Make an image of a container",
    .description =
        "What the container has changed becomes a new layer on top of its image's; the image's config gets the container's "
        "command, environment, user and labels. The container may run meanwhile. The content of volumes and other mounts is not "
        "part of the image. Prints the image's id.",
    .examples = commit_examples,
    .arguments = commit_arguments,
    .options = commit_options,
};

constexpr CommandSpec top_spec{
    .name = "top",
    .aliases = "container top",
    .group = group_manage,
    .brief = "Show the processes of a container",
    .description =
        "Prints a line for each process. Columns are args, capamb, capbnd, capeff, capinh, capprm, comm, etime, group, groups, "
        "hgroup, hgroups, hpid, huser, label, nice, pcpu, pgid, pid, ppid, rgroup, rss, ruser, seccomp, state, stime, time, tty, user and "
        "vsz, or ps's codes for them (%p, %a); those that begin with h are as this machine sees them, the others as the container "
        "does. Nothing is run in the container.",
    .examples = top_examples,
    .arguments = top_arguments,
    .options = top_options,
    .ends_options_at_argument = true,
};

constexpr CommandSpec stats_spec{
    .name = "stats",
    .aliases = "container stats",
    .group = group_manage,
    .brief = "Show what containers use of the machine",
    .description =
        "Reports processor time, memory, network, block input and output, and the number of processes and threads, again and again "
        "until it is interrupted. Percentages of processor time are of one core; the first report's are the average since the start.\n\n"
        "A container with limits has a control group, whose counters are shown. For one without, its processes are added up: "
        "their processor time and that of children they have waited for, their share of memory (PSS), what the living ones have "
        "read and written; there is no limit then, which is shown as --. Network bytes are those of the container's own network.",
    .examples = stats_examples,
    .arguments = stats_arguments,
    .options = stats_options,
};

constexpr CommandSpec mount_spec{
    .name = "mount",
    .aliases = "container mount",
    .group = group_manage,
    .brief = "Show a container's files to other programs",
    .description =
        "Mounts the file system of a container, without its volumes, and prints where; without arguments lists what is mounted. An "
        "ordinary user can mount only in a namespace of her own: run it, and what is to use the mount, inside `ctl unshare`. The "
        "mount goes with that namespace. A container that runs is shown read-only. One that does not should not be started while it "
        "is mounted.",
    .examples = mount_examples,
    .arguments = mount_arguments,
    .options = mount_options,
};

constexpr CommandSpec umount_spec{
    .name = "umount",
    .aliases = "unmount,container umount,container unmount",
    .group = group_manage,
    .brief = "Take a container's mount away",
    .description = "Undoes what `ctl mount` did, in the same namespace.",
    .examples = umount_examples,
    .arguments = mount_arguments,
    .options = umount_options,
};

constexpr CommandSpec container_clone_spec{
    .name = "container clone",
    .group = group_manage,
    .brief = "Make a container like another",
    .description =
        "Makes a new container with the settings of one that exists, some of which may be changed. Named volumes are shared by the "
        "two, anonymous ones made anew, and files that the original has written are not taken over.",
    .examples = clone_examples,
    .arguments = clone_arguments,
    .options = clone_options,
};

} // namespace cli
