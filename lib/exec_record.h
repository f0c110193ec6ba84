// What is known of commands that `exec -d` started: containers/<id>/execs/<exec id>.json, written by their keepers.
#pragma once

#include "lib/container_store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

struct ExecRecord {
    std::string id; ///< 64 hexadecimal digits
    std::vector<std::string> command;
    std::string user;            ///< as asked for; empty: the container's
    bool tty = false;
    int pid = 0;
    std::uint64_t pid_start = 0; ///< as in ContainerState
    std::string boot_id;
    std::int64_t started = 0;
    std::int64_t finished = 0;   ///< 0: it runs, or nobody saw its end
    int exit_code = 0;           ///< as run's; 137 where nobody saw it

    bool is_running = false;     ///< not written: what can be seen now
};

/// Replaces the record; nobody has to be told about a crash in between. Throws SysError.
void save_exec_record(const ContainerDir& dir, const ExecRecord& record);
/// All that there are, the oldest first, `boot_id` being this boot's.
std::vector<ExecRecord> list_exec_records(const ContainerDir& dir, const std::string& boot_id);
/// Removes the oldest of those that have ended, so that `keep` of them are left: a command run every minute must not fill
/// the disk.
void prune_exec_records(const ContainerDir& dir, const std::string& boot_id, std::size_t keep);

} // namespace lib
