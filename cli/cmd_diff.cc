// ctl diff.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/diff.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

nlohmann::json document(const std::vector<storage::Change>& changes) {
    nlohmann::json lists = nlohmann::json::object();
    for (const storage::Change& change : changes) {
        const char* list = change.kind == storage::ChangeKind::added ? "added" : change.kind == storage::ChangeKind::deleted ? "deleted" : "changed";
        lists[list].push_back(change.path);
    }
    return lists;
}

} // namespace

int cmd_diff(const ParsedCommand& command, const Globals& globals) {
    const auto format = command.find("format");
    if (format && *format != "json") throw Error("--format ", *format, ": only json is known here");
    lib::Engine engine = globals.make_engine();
    const auto words = arguments_with_latest(command, 1, [&] { return container_ids(engine, Running::or_not); });
    if (words.size() > 2) throw Error("diff: too many arguments");
    lib::DiffRequest request{words.front(), std::nullopt};
    if (words.size() > 1) request.base = words[1];
    const auto changes = lib::diff_objects(engine, request);
    if (format) {
        print(json_text(document(changes)));
        return 0;
    }
    std::string lines;
    for (const storage::Change& change : changes) lines += cat(static_cast<char>(change.kind), " ", escaped(change.path), "\n");
    print(lines);
    return 0;
}

} // namespace cli
