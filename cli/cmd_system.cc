// ctl system df, prune, check and reset.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "lib/system.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

std::string percentage(const lib::UsageLine& line) {
    return line.size == 0 ? "0%" : cat(line.reclaimable * 100 / line.size, "%");
}

nlohmann::json document_of(const lib::UsageLine& line) {
    return {{"Type", line.type},
            {"Total", line.total},
            {"Active", line.active},
            {"RawSize", line.size},
            {"RawReclaimable", line.reclaimable},
            {"TotalCount", line.total},
            {"Size", human_size(line.size)},
            {"Reclaimable", cat(human_size(line.reclaimable), " (", percentage(line), ")")}};
}

void print_list(std::string_view heading, const std::vector<std::string>& names) {
    if (names.empty()) return;
    print(cat(heading, "\n"));
    for (const std::string& name : names) print(cat(escaped(name), "\n"));
}

std::string_view word_for(lib::Finding::Kind kind) {
    switch (kind) {
    case lib::Finding::Kind::damage: return "damage";
    case lib::Finding::Kind::leftover: return "leftover";
    case lib::Finding::Kind::repaired: return "repaired";
    }
    return "";
}

} // namespace

int cmd_system_df(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto lines = lib::disk_usage(engine);
    if (const auto format = command.find("format")) {
        std::vector<nlohmann::json> documents;
        for (const lib::UsageLine& line : lines) documents.push_back(document_of(line));
        print(Format::parse(*format).render_all(documents));
        return 0;
    }
    Table table({"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"});
    for (const lib::UsageLine& line : lines)
        table.add({line.type, std::to_string(line.total), std::to_string(line.active), human_size(line.size),
                   cat(human_size(line.reclaimable), " (", percentage(line), ")")});
    print(table.text());
    return 0;
}

int cmd_system_prune(const ParsedCommand& command, const Globals& globals) {
    const lib::SystemPruneOptions options{.all_images = command.is_on("all"), .volumes = command.is_on("volumes")};
    const std::string what =
        cat("all containers that do not run, ", options.all_images ? "all images that no container uses" : "all images without a name",
            options.volumes ? ", all volumes that no container uses" : "", ", and what killed processes left behind");
    if (!command.is_on("force") && !confirm(cat("This removes ", what, "."))) return 0;
    lib::Engine engine = globals.make_engine();
    const lib::SystemPruneResult result = lib::prune_system(engine, options);
    print_list("Deleted Containers", result.containers);
    print_list("Deleted Images", result.images);
    print_list("Deleted Volumes", result.volumes);
    if (result.leftovers > 0) print(cat("Deleted leftovers: ", result.leftovers, "\n"));
    print(cat("Total reclaimed space: ", human_size(result.reclaimed), "\n"));
    return 0;
}

int cmd_system_check(const ParsedCommand& command, const Globals& globals) {
    const lib::SystemCheckOptions options{.quick = command.is_on("quick"), .repair = command.is_on("repair")};
    lib::Engine engine = globals.make_engine();
    int status = 0;
    for (const lib::Finding& finding : lib::check_system(engine, options, make_callbacks(false))) {
        print(cat(word_for(finding.kind), ": ", escaped(finding.what), "\n"));
        if (finding.kind == lib::Finding::Kind::damage) status = 1;
    }
    return status;
}

int cmd_system_reset(const ParsedCommand& command, const Globals& globals) {
    if (!command.is_on("force") && !confirm("This kills and removes all containers, and removes all images and volumes.")) return 0;
    lib::Engine engine = globals.make_engine();
    lib::reset_system(engine);
    return 0;
}

} // namespace cli
