// Options of run and create about namespaces, id maps and rights. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec isolation_options[] = {
    {.long_name = "privileged",
     .help = "Lift the barriers inside: all capabilities, no seccomp filter, nothing masked. It gains no rights\n"
             "that you do not have yourself"},
    {.long_name = "cap-add", .value = "CAPABILITY", .repeatable = true,
     .help = "Give the container a capability beyond the default ones; \"all\" for all"},
    {.long_name = "cap-drop", .value = "CAPABILITY", .repeatable = true,
     .help = "Take a capability from the container; \"all\" for all"},
    {.long_name = "security-opt", .value = "OPTION", .repeatable = true,
     .help = "no-new-privileges, seccomp=unconfined, or seccomp=FILE for a filter of your own"},
    {.long_name = "pid", .value = "MODE", .default_text = "private",
     .help = "Processes the container sees: its own (private), this machine's (host), those of another container\n"
             "(container:NAME), or of a namespace (ns:PATH)",
     .completes = Completes::words, .words = "private host"},
    {.long_name = "ipc", .value = "MODE", .default_text = "shareable",
     .help = "Shared memory and message queues: shareable with other containers, private, host, none (without\n"
             "/dev/shm), container:NAME, or ns:PATH",
     .completes = Completes::words, .words = "shareable private host none"},
    {.long_name = "uts", .value = "MODE", .default_text = "private",
     .help = "Host name: the container's own (private), host, container:NAME, or ns:PATH",
     .completes = Completes::words, .words = "private host"},
    {.long_name = "cgroupns", .value = "MODE", .default_text = "private",
     .help = "View of the control groups: the container's own (private), host, container:NAME, or ns:PATH",
     .completes = Completes::words, .words = "private host"},
    {.long_name = "sysctl", .value = "NAME=VALUE", .repeatable = true,
     .help = "Kernel setting of the container's own namespaces: net.*, fs.mqueue.*, kernel.shm* and the like"},
    {.long_name = "userns", .value = "MODE", .default_text = "host, or $PODMAN_USERNS",
     .help = "Ids inside: host (0 is you, the others are your subordinate ids), keep-id[:uid=N,gid=N,size=N] (you keep\n"
             "your number), nomap (you are not there), auto[:size=N,...] (a range of subordinate ids that no other\n"
             "such container has), container:NAME, or ns:PATH",
     .completes = Completes::words, .words = "host keep-id nomap auto"},
    {.long_name = "uidmap", .value = "[+ug]ID:FROM[:AMOUNT]", .repeatable = true,
     .help = "Map users yourself: FROM is 0 for you, 1 for your first subordinate id, or @ and an id of this machine;\n"
             "+ changes the mappings before it, u and g hold for users or groups alone"},
    {.long_name = "gidmap", .value = "[+ug]ID:FROM[:AMOUNT]", .repeatable = true,
     .help = "Map groups in the same way; what one of the two says holds for both"},
    {.long_name = "subuidname", .value = "NAME", .help = "Map the subordinate users that /etc/subuid gives to a name"},
    {.long_name = "subgidname", .value = "NAME", .help = "Map the subordinate groups that /etc/subgid gives to a name"},
};

} // namespace cli
