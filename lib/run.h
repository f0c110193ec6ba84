// run, create and start: from what the user typed to a running container.
#pragma once

#include "lib/create_options.h"
#include "lib/detach_keys.h"
#include "lib/engine.h"
#include "lib/outcomes.h"
#include "lib/registry_access.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// When `run` and `create` fetch the image (podman-run(1), --pull).
enum class PullPolicy { missing, always, never, newer };

/// What the user asks of a new container. Texts are as typed; an Error names the one that cannot be understood.
struct CreateRequest {
    std::string image;                           ///< as typed: name, name:tag, name@digest, id or a prefix of it
    bool rootfs = false;                         ///< `image` is DIR[:O] instead: a directory of this machine
    std::vector<std::string> command;            ///< the words after the image; empty: the image's
    std::string name;                            ///< empty: one is made up
    std::vector<std::string> create_command;     ///< what the user typed, for `inspect`
    std::optional<std::vector<std::string>> entrypoint; ///< {""} clears the image's
    std::vector<std::string> env;                ///< KEY=VALUE, KEY (the caller's value), KEY* (all the caller's that match)
    std::vector<std::string> env_files;
    std::vector<std::string> volumes;            ///< -v [source:]destination[:options]
    std::vector<std::string> tmpfs;              ///< --tmpfs destination[:options]
    std::vector<std::string> mounts;             ///< --mount type=…,…
    std::vector<std::string> volumes_from;       ///< --volumes-from container[:options]
    std::string image_volumes = "anonymous";     ///< --image-volume anonymous | bind (the same) | ignore | tmpfs
    bool read_only_tmpfs = true;                 ///< --read-only leaves some places writable, in memory
    std::vector<std::string> labels;             ///< KEY=VALUE or KEY
    std::vector<std::string> expose;             ///< --expose PORT[-PORT][/tcp|/udp]
    bool publish_all = false;                    ///< -P: every exposed port, on free ones of this machine
    std::vector<std::string> publish;            ///< -p [[ip:][host]:]container[/tcp|/udp]
    std::vector<std::string> cap_add;
    std::vector<std::string> cap_drop;
    std::vector<std::string> security_opt;       ///< no-new-privileges[:true|false], seccomp=FILE|unconfined
    std::optional<std::string> workdir;
    std::optional<std::string> user;             ///< name|uid[:group|gid]
    std::optional<std::string> hostname;
    std::optional<std::string> stop_signal;
    std::string log_driver;                      ///< empty: the default
    std::vector<std::string> log_options;        ///< --log-opt KEY=VALUE
    std::optional<int> stop_timeout;             ///< seconds; default 10
    // Namespaces: empty is the default; private | host | container:NAME | ns:PATH, see lib/namespace_mode.h.
    std::string network;                         ///< also default | none
    std::string pid;
    std::string ipc;                             ///< also none | shareable
    std::string uts;
    std::string cgroupns;
    std::string userns;                          ///< also keep-id[:…] | auto[:…] | nomap, see lib/id_map_option.h
    std::vector<std::string> uidmap;             ///< [+ug]CONTAINER:FROM[:AMOUNT]
    std::vector<std::string> gidmap;
    std::string subuidname;
    std::string subgidname;
    std::string shm_size;                        ///< of /dev/shm in bytes; empty: 64 MiB
    std::string platform;                        ///< os/architecture[/variant]; empty: this machine's
    ProcessOptions process;
    UserFileOptions user_files;
    NameOptions names;
    FileOptions files;
    LimitOptions limits;
    CgroupOptions cgroup;
    LifeOptions life;
    PullPolicy pull = PullPolicy::missing;
    RegistryOptions registry;                    ///< how the image is fetched, where it has to be
    bool interactive = false;
    bool tty = false;
    bool detach = false;
    bool remove = false;                         ///< --rm
    bool remove_image = false;                   ///< --rmi, with `remove`
    bool read_only = false;
    bool privileged = false;
    bool init = false;
    bool sig_proxy = true;                       ///< `run`: pass the caller's signals on
    std::vector<std::string> attach;             ///< `run`: stdin, stdout, stderr; empty: what fits the other options
    std::string restart;                         ///< --restart, as typed
    std::vector<std::string> required;           ///< --requires: containers to be started before, by id or name
    DetachKeys detach_keys{default_detach_keys}; ///< of an attached `run`
};

/// What a command reports while it works; any member may be empty.
struct Callbacks {
    Notice notice;
    std::function<void(const std::string& json_line)> pull_progress; ///< lines of the image worker
    /// Asks the user which of several is meant; empty where nobody can be asked.
    std::function<std::size_t(const std::string& question, const std::vector<std::string>& answers)> choose{};
    Notice warning{}; ///< what --quiet does not silence
};

struct CreateResult {
    std::string id;                   ///< 64 hexadecimal digits
    std::vector<std::string> warnings;
};

/// Makes the container's record; nothing runs yet. Pulls the image where the policy says so.
CreateResult create_container(Engine& engine, const CreateRequest& request, const Callbacks& callbacks);

struct StartOptions {
    bool attach = false;      ///< stay and pass stdout and stderr on (and stdin when the container was made with -i and `interactive`)
    bool interactive = false;
    bool sig_proxy = true;    ///< forward the caller's signals to the container while attached
    std::vector<std::string> streams; ///< attach only these: stdin, stdout, stderr; empty: all
    std::vector<int> preserve_fds;    ///< of the caller; the first process keeps them
    DetachKeys detach_keys{default_detach_keys};
    bool hold = false;        ///< prepare everything and stop before its program begins (`ctl init`); excludes attach
};

struct StartResult {
    int exit_status = 0;   ///< of the container's first process, when attached until its end; 128+n for signal n
    bool detached = false; ///< the user detached with the detach keys, or no attaching was asked for
};

/// Starts a created or exited container by id or name. Errors have the exit codes 125, 126 and 127 of podman-run(1).
/// With `attach` it returns when the container ends; one that runs already is attached to. Containers that it requires are
/// started before.
StartResult start_container(Engine& engine, const std::string& id_or_name, const StartOptions& options,
                            const Callbacks& callbacks);
/// Several at the same time, without attaching.
Outcomes start_containers(Engine& engine, const std::vector<std::string>& names, const Callbacks& callbacks);

/// Does everything for a start but the start of its program: "initialized". An Error for one that is past that already.
/// Containers that it requires are left to the start.
Outcomes init_containers(Engine& engine, const std::vector<std::string>& names, const Callbacks& callbacks);

/// create and start in one; what `ctl run` does. `on_id` is called once the id is known and, for detached runs, running.
/// A container that cannot be started is removed again when --rm was given, and kept as "created" otherwise.
StartResult run_container(Engine& engine, const CreateRequest& request, const Callbacks& callbacks,
                          const std::function<void(const CreateResult&)>& on_id);

} // namespace lib
