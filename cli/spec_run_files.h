// Options of run and create about files: mounts, volumes, devices, the root file system. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec files_options[] = {
    {.long_name = "volume", .short_name = 'v', .value = "[SOURCE:]PATH[:OPTIONS]", .repeatable = true,
     .help = "Show a directory of this machine (/dir:/path) or a named volume (name:/path) in the container; a\n"
             "bare path is an anonymous volume",
     .completes = Completes::files},
    {.long_name = "mount", .value = "type=TYPE[,KEY=VALUE...]", .repeatable = true,
     .help = "Mount in words: type=bind, volume, tmpfs, ramfs, devpts, glob or image, source=, destination=, ro,\n"
             "and what the type has of subpath, bind-propagation, tmpfs-size, tmpfs-mode, chown, relabel, rw"},
    {.long_name = "volumes-from", .value = "CONTAINER[:OPTIONS]", .repeatable = true,
     .help = "Mount the volumes and directories of another container at the same places; ro for reading only",
     .completes = Completes::containers},
    {.long_name = "image-volume", .value = "KIND", .default_text = "anonymous",
     .help = "What the image's volumes become: anonymous volumes (bind is the same), tmpfs, or ignore",
     .completes = Completes::words, .words = "anonymous bind tmpfs ignore"},
    {.long_name = "tmpfs", .value = "PATH[:OPTIONS]", .repeatable = true,
     .help = "Mount an empty file system in memory at a path"},
    {.long_name = "shm-size", .value = "SIZE", .default_text = "64m", .help = "Size of /dev/shm"},
    {.long_name = "secret", .value = "NAME[,KEY=VALUE...]", .repeatable = true,
     .help = "Give the container a secret (ctl secret create): as the file /run/secrets/NAME, or target=, with\n"
             "uid=, gid= and mode=; or with type=env as a variable, target= its name"},
    {.long_name = "device", .value = "PATH[:PATH][:rwm]", .repeatable = true,
     .help = "Show a device of this machine, or all in a directory of devices; or by a CDI name, VENDOR/CLASS=NAME.\n"
             "An ordinary user's container can do with it what you can: r, w and m are checked, but restrict nothing",
     .completes = Completes::files},
    {.long_name = "gpus", .value = "GPUS", .repeatable = true,
     .help = "Show Nvidia GPUs, \"all\" or their numbers: the devices that CDI calls nvidia.com/gpu"},
    {.long_name = "cdi-spec-dir", .value = "DIR", .repeatable = true, .default_text = "/etc/cdi and /var/run/cdi",
     .help = "Directory of CDI files (JSON or YAML)", .completes = Completes::files},
    {.long_name = "chrootdirs", .value = "DIR[,DIR...]", .repeatable = true,
     .help = "Directories of the container that get /etc/hosts, /etc/hostname and /etc/resolv.conf as well"},
    {.long_name = "systemd", .value = "WHEN", .default_text = "true",
     .help = "Prepare for an init system (memory on /run, /run/lock, /tmp and /var/log/journal, control groups to\n"
             "write, SIGRTMIN+3 for stopping): true where the command is one, false, or always",
     .completes = Completes::words, .words = "true false always"},
    {.long_name = "shm-size-systemd", .value = "SIZE", .default_text = "half the memory of this machine",
     .help = "Size of each place in memory that --systemd makes"},
    {.long_name = "rootfs",
     .help = "IMAGE is not an image but a directory of this machine that becomes the container's root file system.\n"
             "The container writes into it; DIR:O leaves it alone and keeps what is written with the container"},
    {.long_name = "read-only", .help = "Make the container's root file system read-only"},
    {.long_name = "read-only-tmpfs", .default_text = "on",
     .help = "With --read-only, keep /dev, /dev/shm, /run, /tmp and /var/tmp writable, in memory;\n"
             "--read-only-tmpfs=false makes them read-only too"},
};

} // namespace cli
