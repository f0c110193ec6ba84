// Commands that take several names go on after a failure, as `rm a b c` of the shell does.
#pragma once

#include "base/error.h"
#include "cli/parse.h"
#include "lib/containers.h"
#include "lib/engine.h"
#include "lib/outcomes.h"

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cli {

/// More than one thing went wrong; main prints a line for each and exits with the highest code.
class SeveralErrors : public std::exception {
public:
    explicit SeveralErrors(std::vector<Error> errors) : errors_(std::move(errors)) {}
    const char* what() const noexcept override { return errors_.front().what(); }
    const std::vector<Error>& errors() const { return errors_; }

private:
    std::vector<Error> errors_; ///< never empty
};

/// Calls `act` for each target, whatever happens to the others, and returns the Errors it threw.
std::vector<Error> try_each_target(const std::vector<std::string>& targets,
                                   const std::function<void(const std::string&)>& act);
/// Nothing, an Error, or SeveralErrors.
void throw_errors(std::vector<Error> errors);
/// Both.
void for_each_target(const std::vector<std::string>& targets, const std::function<void(const std::string&)>& act);

/// The containers that a command is about: the names given, those in --cidfile files, --latest, or with --all (and --running of
/// restart) or --filter those of `all`, the ones that match. Throws Error where nothing or too much of it was given. Options that the command does not have do not
/// count.
std::vector<std::string> container_targets(const ParsedCommand& command, const lib::Engine& engine,
                                           const std::function<bool(const lib::ContainerSummary&)>& all);
/// For commands about one container that may be named by --latest or --cidfile instead of an argument: the one so named.
std::optional<std::string> container_of_options(const ParsedCommand& command, const lib::Engine& engine);
/// Prints the targets that succeeded, as they were given, and throws the others' Errors.
void report_outcomes(const std::vector<std::string>& targets, const lib::Outcomes& outcomes);

/// The names given, or with --all those that `list_all` returns. Throws Error where both or neither were given.
std::vector<std::string> targets_or_all(const ParsedCommand& command,
                                        const std::function<std::vector<std::string>()>& list_all);

/// The arguments; with --latest the newest of `list_all` stands before them. Throws Error where that leaves none and `least` is 1.
std::vector<std::string> arguments_with_latest(const ParsedCommand& command, std::size_t least,
                                               const std::function<std::vector<std::string>()>& list_all);

} // namespace cli
