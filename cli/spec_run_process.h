// Options of run and create about the process: its words, environment, user, streams. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec process_options[] = {
    {.long_name = "entrypoint", .value = "COMMAND", .default_text = "the image's",
     .help = "Command in place of the image's entry point: one word, or a JSON list of words; \"\" clears it"},
    {.long_name = "env", .short_name = 'e', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Set an environment variable; without =VALUE your own value is passed on, with a final * those of\n"
             "all names that match"},
    {.long_name = "env-file", .value = "FILE", .repeatable = true,
     .help = "Set the environment variables of a file of NAME=VALUE lines", .completes = Completes::files},
    {.long_name = "env-merge", .value = "NAME=VALUE", .repeatable = true,
     .help = "Set an environment variable from the image's: PATH=${PATH}:/opt/bin"},
    {.long_name = "env-host", .help = "Pass all of your own environment on"},
    {.long_name = "unsetenv", .value = "NAME", .repeatable = true,
     .help = "Leave out a variable of the image or of the defaults; those of -e stay"},
    {.long_name = "unsetenv-all", .help = "Leave out all variables of the image and of the defaults"},
    {.long_name = "http-proxy", .default_text = "true",
     .help = "Pass http_proxy, https_proxy, ftp_proxy, no_proxy and their upper case forms on"},
    {.long_name = "workdir", .short_name = 'w', .value = "DIR", .default_text = "the image's",
     .help = "Directory the command starts in"},
    {.long_name = "user", .short_name = 'u', .value = "USER[:GROUP]", .default_text = "the image's",
     .help = "User the command runs as, by name or number"},
    {.long_name = "group-add", .value = "GROUP", .repeatable = true,
     .help = "Further group of the command, by name in the image or by number; keep-groups alone keeps your own"},
    {.long_name = "hostuser", .value = "USER", .repeatable = true,
     .help = "Make a user of this machine known in the container's passwd file, by name or number"},
    {.long_name = "passwd-entry", .value = "ENTRY",
     .help = "That passwd entry; $USERNAME, $UID, $GID, $NAME and $HOME are replaced"},
    {.long_name = "group-entry", .value = "ENTRY",
     .help = "That group entry; $GROUPNAME, $GID and $USERLIST are replaced"},
    {.long_name = "interactive", .short_name = 'i', .help = "Keep standard input open and pass it to the container"},
    {.long_name = "tty", .short_name = 't', .help = "Give the container a terminal"},
    {.long_name = "init", .help = "Run a small init as process 1 that forwards signals and reaps processes"},
    {.long_name = "init-path", .value = "FILE", .default_text = "built in",
     .help = "Program of this machine to use for --init", .completes = Completes::files},
    {.long_name = "umask", .value = "MODE", .default_text = "0022", .help = "File mode mask of the command, in octal"},
    {.long_name = "tz", .value = "ZONE", .default_text = "the image's",
     .help = "Time zone: a name such as Europe/Berlin, or local for this machine's"},
    {.long_name = "ulimit", .value = "NAME=SOFT[:HARD]", .repeatable = true,
     .help = "Resource limit of the processes, for example nofile=1024:4096, -1 for unlimited; host for all of\n"
             "your own",
     .completes = Completes::words, .words = "core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= "
                                             "rtprio= rttime= sigpending= stack= host"},
    {.long_name = "oom-score-adj", .value = "NUMBER", .default_text = "yours",
     .help = "How soon the kernel kills the container when memory is short, up to 1000"},
    {.long_name = "personality", .value = "PERSONA", .help = "Execution domain of the command: LINUX or LINUX32",
     .completes = Completes::words, .words = "LINUX LINUX32"},
    {.long_name = "attach", .short_name = 'a', .value = "STREAM", .repeatable = true,
     .help = "Attach only stdin, stdout or stderr", .completes = Completes::words, .words = "stdin stdout stderr"},
};

} // namespace cli
