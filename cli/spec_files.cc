// The description of the commands that look into containers and at their files.
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

} // namespace cli
