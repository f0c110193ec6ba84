// Several names, see cli/targets.h.
#include "cli/targets.h"

#include "base/files.h"
#include "base/sys.h"
#include "cli/output.h"
#include "lib/container_filter.h"

#include <algorithm>

namespace cli {
namespace {

bool is_given(const ParsedCommand& command, std::string_view option) {
    return find_option(command.spec(), option) != nullptr && command.is_on(option);
}

/// The id in a file that `ctl run --cidfile` wrote; the first line, without blanks around.
std::string read_cidfile(const std::string& file) {
    const std::string text = files::read(file, 4096);
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) throw Error("--cidfile ", file, ": the file is empty");
    return text.substr(begin, text.find_first_of(" \t\r\n", begin) - begin);
}

std::string latest_container(const lib::Engine& engine) {
    const auto all = lib::list_containers(engine, true); // the newest first
    if (all.empty()) throw Error("--latest: there is no container");
    return all.front().id;
}

/// "name one, or give --all, --latest or --cidfile": those of them that the command has.
std::string ways_to_choose(const ParsedCommand& command) {
    std::string ways;
    for (const char* option : {"all", "latest", "cidfile", "filter"})
        if (find_option(command.spec(), option) != nullptr) ways += cat(ways.empty() ? "--" : ", --", option);
    return ways.empty() ? "" : cat(", or one of ", ways);
}

} // namespace

std::vector<Error> try_each_target(const std::vector<std::string>& targets,
                                   const std::function<void(const std::string&)>& act) {
    std::vector<Error> errors;
    for (const std::string& target : targets) {
        try {
            act(target);
        } catch (const Error& e) {
            errors.push_back(e);
        }
    }
    return errors;
}

void throw_errors(std::vector<Error> errors) {
    if (errors.size() == 1) throw Error(errors.front());
    if (!errors.empty()) throw SeveralErrors(std::move(errors));
}

void for_each_target(const std::vector<std::string>& targets, const std::function<void(const std::string&)>& act) {
    throw_errors(try_each_target(targets, act));
}

std::vector<std::string> container_targets(const ParsedCommand& command, const lib::Engine& engine,
                                           const std::function<bool(const lib::ContainerSummary&)>& all) {
    const std::string_view name = command.spec().name;
    const auto filters = find_option(command.spec(), "filter") != nullptr ? command.list("filter") : std::vector<std::string>{};
    const bool wants_all = is_given(command, "all") || is_given(command, "running") || !filters.empty();
    const bool latest = is_given(command, "latest");
    std::vector<std::string> targets = command.arguments;
    if (find_option(command.spec(), "cidfile") != nullptr)
        for (const std::string& file : command.list("cidfile")) targets.push_back(read_cidfile(file));
    if ((wants_all ? 1 : 0) + (latest ? 1 : 0) + (targets.empty() ? 0 : 1) > 1)
        throw Error(name, ": names, ", filters.empty() ? "--all" : "--filter", " and --latest exclude each other");
    if (wants_all) {
        const lib::ContainerFilter filter(engine, filters, sys::realtime_ns());
        for (const lib::ContainerSummary& container : lib::list_containers(engine, true))
            if (all(container) && filter.matches(container)) targets.push_back(container.id);
        return targets;
    }
    if (latest) return {latest_container(engine)};
    if (targets.empty()) throw Error(name, ": missing argument CONTAINER", ways_to_choose(command));
    return targets;
}

std::optional<std::string> container_of_options(const ParsedCommand& command, const lib::Engine& engine) {
    const auto cidfile = command.find("cidfile");
    const bool latest = command.is_on("latest");
    if (cidfile && latest) throw Error(command.spec().name, ": --cidfile and --latest exclude each other");
    if (cidfile) return read_cidfile(*cidfile);
    return latest ? std::optional(latest_container(engine)) : std::nullopt;
}

void report_outcomes(const std::vector<std::string>& targets, const lib::Outcomes& outcomes) {
    std::string done;
    std::vector<Error> errors;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (outcomes[i]) errors.push_back(*outcomes[i]);
        else done += escaped(targets[i]) + "\n";
    }
    print(done);
    throw_errors(std::move(errors));
}

std::vector<std::string> targets_or_all(const ParsedCommand& command,
                                        const std::function<std::vector<std::string>()>& list_all) {
    const std::string_view name = command.spec().name;
    const bool all = command.is_on("all");
    if (all && !command.arguments.empty()) throw Error(name, ": names and --all exclude each other");
    if (!all && command.arguments.empty())
        throw Error(name, ": missing argument ", command.spec().arguments.front().name, ", or --all for all");
    return all ? list_all() : command.arguments;
}

std::vector<std::string> arguments_with_latest(const ParsedCommand& command, std::size_t least,
                                               const std::function<std::vector<std::string>()>& list_all) {
    const std::string_view name = command.spec().name;
    std::vector<std::string> arguments = command.arguments;
    if (command.is_on("latest")) {
        const std::vector<std::string> all = list_all();
        if (all.empty()) throw Error(name, " --latest: there are no containers");
        arguments.insert(arguments.begin(), all.front());
    }
    if (arguments.size() < least)
        throw Error(name, ": missing argument ", command.spec().arguments.front().name, ", or --latest for the container made last");
    return arguments;
}

} // namespace cli
