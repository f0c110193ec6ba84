// The parent's side of ctl-image: starts the worker inside the store's user namespace and reads what it reports.
//
// The worker (cli/image_worker.cc) writes one JSON object a line to its stdout:
//   {"layer": "sha256:…", "state": "waiting|downloading|unpacking|packing|uploading|done|exists", "done": 123, "total": 456}   progress
//   {"notice": "waiting for process 12, …"}                                                                 a sentence
//   {"warning": "image platform (…) does not match …"}                                                      one that --quiet lets through
//   {"result": {…}}                                                                                         last line
//   {"error": "…", "exit_code": 125}                                                                        last line
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace lib {

struct WorkerCallbacks {
    Notice notice;
    std::function<void(const std::string& json_line)> progress;
    Notice warning{}; ///< where it is empty, `notice` hears of warnings
};

/// Opens what the worker finds as descriptor 3, in the process that is about to become it: already in the user namespace, and
/// what is mounted there stays mounted for the worker.
using OpenExtra = std::function<UniqueFd()>;
inline constexpr int worker_extra_fd = 3;
inline constexpr int worker_second_fd = 4; ///< what the second one opens

/// Runs `ctl-image ARGUMENTS…` to its end and returns its result. The worker sees no environment but what it needs,
/// `stdin_fd` as its stdin (-1: /dev/null), `open_extra`'s and `open_second`'s and no other descriptor, and dies with the caller.
/// Throws the worker's error with its exit code. `userns`: one to be in instead of a new one
/// (rootless::UserNamespace::existing). The caller must be single-threaded.
nlohmann::json run_image_worker(Engine& engine, const std::vector<std::string>& arguments, int stdin_fd,
                                const WorkerCallbacks& callbacks, const OpenExtra& open_extra = {}, int userns = -1,
                                const OpenExtra& open_second = {});

/// A request as an unnamed file in memory, to be read from its begin as the worker's stdin: what it says is in no argument list
/// and on no disk.
UniqueFd request_file(const nlohmann::json& request);

} // namespace lib
