// Running one of the few helper programs (newuidmap, newgidmap, ctl-scope, ctl-journal): by absolute path, with nothing of
// our environment and no signal blocked, its words on standard error kept for the error message.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

class HelperProcess {
public:
    enum class Output { ours, piped };
    /// Starts `path` with `arguments` (without argv[0]). Throws SysError. Several may run side by side.
    HelperProcess(std::string path, std::vector<std::string> arguments, Output output = Output::ours);
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;
    /// Reaps it, if finish() has not; does not kill it, but lets it write to nobody.
    ~HelperProcess();

    /// What it writes, with Output::piped.
    int output_fd() const noexcept { return output_.get(); }

    /// Waits for its end: nullopt when it was content, otherwise what it said, "" if nothing.
    std::optional<std::string> finish();
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    pid_t pid_ = -1;
    UniqueFd complaint_;
    UniqueFd output_;
};
