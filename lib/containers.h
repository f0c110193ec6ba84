// What is done with containers that exist: list, inspect, stop, kill, remove, wait.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "lib/outcomes.h"
#include "lib/publish.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

enum class ContainerStatus {
    created,     ///< never started
    initialized, ///< its process is there and has not become its program yet
    running,     ///< its first process is alive
    paused,      ///< and held
    stopping,    ///< the first process has ended, the monitor is about to say how
    restarting,  ///< ended, and will be started again (--restart)
    exited,      ///< ended, or the machine has been restarted since
};
std::string to_string(ContainerStatus status); ///< the enumerator

/// One line of `ctl ps`.
struct ContainerSummary {
    std::string id;
    std::string name;
    std::string image;          ///< the resolved name, or the id for nameless images
    std::string image_id;
    std::vector<std::string> command;
    std::int64_t created = 0;   ///< nanoseconds since the epoch
    std::int64_t started = 0;   ///< 0: never
    std::int64_t finished = 0;  ///< 0: not yet
    ContainerStatus status = ContainerStatus::created;
    int exit_code = 0;
    int pid = 0;
    std::vector<PortMapping> ports; ///< published
    std::vector<std::string> exposed_ports;  ///< of the image, "80/tcp"
    std::map<std::string, std::string> labels;
    std::vector<std::string> mounts;         ///< destinations of what the user mounted
    std::vector<std::string> volumes;        ///< names of volumes among them
    std::string network;                     ///< default, none, host
    std::string cid_file;
    std::string restart_policy = "no";       ///< without the number of times
    bool stopped_by_user = false;            ///< it is not started again by itself, unless --restart=always at the next boot
    int restarts = 0;                        ///< by that policy, since a command started it
    bool auto_remove = false;
    bool operator==(const ContainerSummary&) const = default;
};

/// All containers, newest first; without `all` only running ones. Takes no lock, and writes nothing but its memory of them.
/// Those whose records cannot be read are left out; `damaged` gets a sentence about each.
std::vector<ContainerSummary> list_containers(const Engine& engine, bool all, const Notice& damaged = {});

bool container_exists(const Engine& engine, const std::string& id_or_name);
/// The ports of a running container with their places on the host; none of one that does not run.
std::vector<PortMapping> published_ports(const Engine& engine, const std::string& id_or_name);

/// Full id for a name, an id or a unique prefix of one. Throws Error: "no container with name or id "x" found".
std::string find_container_id(const Engine& engine, const std::string& id_or_name);

/// The document of `ctl inspect`, with Podman's field names (Id, Created, State{Status,Running,Pid,ExitCode,OOMKilled,
/// StartedAt,FinishedAt,…}, Image, ImageName, Name, Config, HostConfig, NetworkSettings, Mounts, …).
/// The OCI document that it is made from at each start: config.json.
nlohmann::json container_document(const Engine& engine, const std::string& id_or_name);
nlohmann::json inspect_container(const Engine& engine, const std::string& id_or_name);
/// The same for images: Id, Digest, RepoTags, RepoDigests, Created, Size, Architecture, Os, Config, RootFS, …
nlohmann::json inspect_image(const Engine& engine, const std::string& name_or_id);

struct StopOptions {
    std::optional<std::chrono::seconds> timeout; ///< empty: the container's own (default 10 s); then SIGKILL
    bool ignore = false;                         ///< a missing one is no error
};
/// Sends the stop signal, waits, kills. Stopping one that does not run is no error. `notice` hears why it may take long.
/// Whatever --restart says, it is not started again. Several are stopped at the same time.
Outcomes stop_containers(Engine& engine, const std::vector<std::string>& names, const StopOptions& options, const Notice& notice);
void stop_container(Engine& engine, const std::string& id_or_name, const StopOptions& options, const Notice& notice);

/// Sends a signal, "KILL", "SIGTERM" or a number; an Error where one does not run. SIGKILL and the container's stop signal
/// mean that it is not started again. After SIGKILL it waits for the ends.
Outcomes kill_containers(Engine& engine, const std::vector<std::string>& names, const std::string& signal);

struct RemoveOptions {
    bool force = false;            ///< a running one is killed first; a missing one is no error
    bool ignore = false;           ///< a missing one is no error
    bool depend = false;           ///< those that require it too
    bool volumes = false;          ///< its anonymous volumes too
    std::optional<std::chrono::seconds> timeout; ///< with force: stop first, kill after it
};
void remove_container(Engine& engine, const std::string& id_or_name, const RemoveOptions& options);
/// The same for several; running ones are stopped at the same time, those that require others removed before them. Exit
/// codes of the Errors as podman-rm(1) has them: 1 there is none, 2 it runs.
Outcomes remove_containers(Engine& engine, const std::vector<std::string>& names, const RemoveOptions& options);

/// Removes containers of --rm whose monitor could not, because the machine went down. `except_id` stays.
void remove_abandoned(Engine& engine, const std::string& except_id);
/// The container of that name, if the `ctl run --rm` that made it was killed before it could start it.
void remove_if_abandoned(Engine& engine, const std::string& name);


/// `ctl info` and `ctl version` as JSON documents.
nlohmann::json engine_info(Engine& engine);
nlohmann::json engine_version();

} // namespace lib
