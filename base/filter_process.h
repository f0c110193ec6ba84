// A program that reads what it is given and answers: one of the user's own (credential helpers) or ours (ctl-sign), with the user's
// environment and standard error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct FilterAnswer {
    int status; ///< exit status, 128+n for one ended by signal n
    std::string output;
};

/// Runs `path` with `arguments` (without argv[0]) and `input`, which should fit into a pipe: the program may answer before it has read it all.
/// Throws SysError where it cannot be started, Error above `limit` bytes of answer; it is killed then.
FilterAnswer run_filter(const std::string& path, std::vector<std::string> arguments, std::string_view input, std::size_t limit);
