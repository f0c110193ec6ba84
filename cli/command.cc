// The table of the commands, see cli/command.h.
#include "cli/command.h"

#include "cli/commands.h"

#include <algorithm>
#include <array>

namespace cli {
namespace {

struct Entry {
    std::string_view name;
    CommandFunction function;
};

constexpr std::array<Entry, 0> entries{};

} // namespace

lib::Engine Globals::make_engine() const {
    return {.paths = Paths::detect(),
            .maps = {},
            .id_policy = single_id ? rootless::IdPolicy::single : rootless::IdPolicy::subordinate};
}

CommandFunction find_command_function(std::string_view name) {
    const auto found = std::ranges::find(entries, name, &Entry::name);
    return found == entries.end() ? nullptr : found->function;
}

} // namespace cli
