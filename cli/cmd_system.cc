// ctl system df, prune, check and reset.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/format.h"
#include "cli/image_name.h"
#include "cli/output.h"
#include "cli/values.h"
#include "cli/progress.h"
#include "cli/ps_columns.h"
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

void print_images(const lib::UsageDetails& details, std::int64_t now) {
    Table table({"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"});
    for (const auto& each : details.images) {
        const ImageName name = each.image.names.empty() ? ImageName{} : split_image_name(each.image.names.front());
        table.add({name.repository, name.tag, short_id(each.image.id), human_ago(each.image.created, now), human_size(each.size),
                   human_size(each.shared), human_size(each.size - each.shared), std::to_string(each.containers)});
    }
    print(cat("Images space usage:\n\n", table.text()));
}

void print_containers(const lib::UsageDetails& details, std::int64_t now) {
    const PsLook look{.now_ns = now};
    Table table({"CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"});
    for (const auto& each : details.containers)
        table.add({ps_id(each.container, look), each.container.image, ps_command(each.container, look), std::to_string(each.volumes),
                   human_size(each.size), human_ago(each.container.created, now), ps_status(each.container, look), each.container.name});
    print(cat("\nContainers space usage:\n\n", table.text()));
}

void print_volumes(const lib::UsageDetails& details) {
    Table table({"VOLUME NAME", "LINKS", "SIZE"});
    for (const auto& each : details.volumes) table.add({each.name, std::to_string(each.containers), human_size(each.size)});
    print(cat("\nLocal Volumes space usage:\n\n", table.text()));
}

void print_artifacts(const lib::UsageDetails& details) {
    if (details.artifacts.empty()) return;
    Table table({"ARTIFACT NAME", "SIZE", "SHARED SIZE", "UNIQUE SIZE"});
    for (const auto& each : details.artifacts)
        table.add({each.name, human_size(each.size), human_size(each.shared), human_size(each.size - each.shared)});
    print(cat("\nArtifacts space usage:\n\n", table.text()));
}

void print_others(const lib::UsageDetails& details) {
    Table table({"OTHER", "SIZE", "RECLAIMABLE"});
    for (const auto& each : details.others) table.add({each.what, human_size(each.size), human_size(each.reclaimable)});
    print(cat("\nOther space usage:\n\n", table.text(), "\nTotal: ", human_size(details.total), "\n"));
}

} // namespace

int cmd_system_df(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    if (command.is_on("verbose")) {
        if (command.find("format")) throw Error("--format and --verbose exclude each other");
        const lib::UsageDetails details = lib::disk_usage_details(engine);
        const std::int64_t now = sys::realtime_ns();
        print_images(details, now);
        print_containers(details, now);
        print_volumes(details);
        print_artifacts(details);
        print_others(details);
        return 0;
    }
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
    const lib::SystemPruneOptions options{.all_images = command.is_on("all"), .volumes = command.is_on("volumes"),
                                          .only_leftovers = command.is_on("external"), .filters = command.list("filter")};
    if (options.only_leftovers && (options.all_images || options.volumes || !options.filters.empty()))
        throw Error("system prune: --external goes with none of --all, --volumes and --filter: it removes what nothing knows any more");
    const std::string what =
        options.only_leftovers
            ? "what killed processes left behind"
            : cat("all containers that do not run, ", options.all_images ? "all images that no container uses" : "all images without a name",
                  options.volumes ? ", all volumes that no container uses" : "", options.filters.empty() ? "" : ", as far as they match",
                  options.all_images && options.filters.empty() ? ", unfinished downloads" : "",
                  ", and what killed processes left behind");
    if (!command.is_on("force") && !confirm(cat("This removes ", what, "."))) return 0;
    lib::Engine engine = globals.make_engine();
    const lib::SystemPruneResult result = lib::prune_system(engine, options);
    print_list("Deleted Containers", result.containers);
    print_list("Deleted Images", result.images);
    print_list("Deleted Volumes", result.volumes);
    if (result.leftovers > 0) print(cat("Deleted leftovers: ", result.leftovers, "\n"));
    if (result.kept_downloads > 0)
        print(cat(human_size(result.kept_downloads), " of unfinished downloads are kept for 24 hours (ctl system prune -a removes them)\n"));
    print(cat("Total reclaimed space: ", human_size(result.reclaimed), "\n"));
    return 0;
}

int cmd_system_check(const ParsedCommand& command, const Globals& globals) {
    lib::SystemCheckOptions options{.quick = command.is_on("quick"), .repair = command.is_on("repair"), .force = command.is_on("force"), .max_age = {}};
    if (const auto age = command.find("max")) options.max_age = parse_duration("max", *age);
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
