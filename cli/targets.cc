// Several names, see cli/targets.h.
#include "cli/targets.h"

namespace cli {

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
