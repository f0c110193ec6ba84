// ctl ps.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/ps_columns.h"
#include "cli/values.h"
#include "lib/container_filter.h"
#include "lib/container_size.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>

namespace cli {
namespace {

using lib::ContainerSummary;
using nlohmann::json;

using Sizes = std::map<std::string, lib::ContainerSize>;
using Containers = std::vector<ContainerSummary>;

void check_options(const ParsedCommand& command) {
    const auto exclude = [&](const char* a, const char* b) {
        if (command.is_on(a) && command.is_on(b)) throw Error("ps: --", a, " and --", b, " exclude each other");
    };
    exclude("quiet", "size");
    exclude("quiet", "ns");
    exclude("size", "ns");
    if (command.is_on("latest") && command.find("last")) throw Error("ps: --latest and --last exclude each other");
}

/// The latest so many, by their creation; nothing: all.
std::optional<std::size_t> wanted_last(const ParsedCommand& command) {
    if (command.is_on("latest")) return 1;
    const auto last = command.find("last");
    const std::int64_t number = last ? parse_integer("last", *last, -1) : -1;
    return number < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(number));
}

/// Oldest first.
Containers find_containers(const ParsedCommand& command, const lib::Engine& engine, std::int64_t now) {
    const lib::ContainerFilter filter(engine, command.list("filter"), now);
    const auto last = wanted_last(command);
    Containers containers = lib::list_containers(engine, command.is_on("all") || last || filter.names_a_status(),
                                                 [](const std::string& sentence) { print_notice(cat("ctl: ", escaped(sentence))); });
    std::erase_if(containers, [&](const ContainerSummary& c) { return !filter.matches(c); });
    if (last && containers.size() > *last) containers.resize(*last); // the newest stand first
    std::ranges::reverse(containers);
    return containers;
}

void sort_containers(Containers& containers, const std::string& by, const Sizes& sizes) {
    const auto sort = [&](const auto& key) { std::ranges::stable_sort(containers, {}, key); };
    const auto root_fs = [&](const ContainerSummary& c) {
        const auto found = sizes.find(c.id);
        return found == sizes.end() ? 0 : found->second.root_fs;
    };
    if (by == "created") return; // they are
    if (by == "command") return sort([](const ContainerSummary& c) { return c.command; });
    if (by == "id") return sort(&ContainerSummary::id);
    if (by == "image") return sort(&ContainerSummary::image);
    if (by == "names") return sort(&ContainerSummary::name);
    if (by == "runningfor") return sort(&ContainerSummary::started);
    if (by == "status") return sort([](const ContainerSummary& c) { return lib::to_string(c.status); });
    if (by == "size") return sort(root_fs);
    throw Error("--sort: \"", by, "\" is not one of command, created, id, image, names, runningfor, size, status");
}

/// A column of the table, by its heading.
struct Column {
    std::string heading;
    std::function<std::string(const ContainerSummary&)> text;
};

std::vector<Column> namespace_columns(const PsLook& look) {
    std::vector<Column> columns{{"CONTAINER ID", [look](const auto& c) { return ps_id(c, look); }},
                                {"NAMES", [](const auto& c) { return c.name; }},
                                {"PID", [](const auto& c) { return std::to_string(c.pid); }}};
    for (const auto& [heading, name] : {std::pair("CGROUPNS", "Cgroup"), {"IPC", "Ipc"}, {"MNT", "Mnt"}, {"NET", "Net"},
                                        {"PIDNS", "Pidns"}, {"USERNS", "User"}, {"UTS", "Uts"}})
        columns.push_back({heading, [name = name](const auto& c) { return ps_namespaces(c)[name]; }});
    return columns;
}

std::vector<Column> columns_of(const ParsedCommand& command, const PsLook& look) {
    if (look.namespaces) return namespace_columns(look);
    std::vector<Column> columns{{"CONTAINER ID", [look](const auto& c) { return ps_id(c, look); }},
                                {"IMAGE", [](const auto& c) { return c.image; }},
                                {"COMMAND", [look](const auto& c) { return ps_command(c, look); }},
                                {"CREATED", [look](const auto& c) { return human_ago(c.created, look.now_ns); }},
                                {"STATUS", [look](const auto& c) { return ps_status(c, look); }},
                                {"PORTS", [](const auto& c) { return ps_ports(c); }},
                                {"NAMES", [](const auto& c) { return c.name; }}};
    const auto nothing = [](const auto&) { return std::string(); }; // there are no pods yet, so none is in one
    if (command.is_on("pod")) columns.insert(columns.end(), {{"POD ID", nothing}, {"PODNAME", nothing}});
    if (look.sizes != nullptr) columns.push_back({"SIZE", [look](const auto& c) { return ps_size(c, look); }});
    return columns;
}

std::string table(const Containers& containers, const std::vector<Column>& columns, bool with_headings) {
    std::vector<std::string> headings;
    for (const Column& column : columns)
        if (with_headings) headings.push_back(column.heading);
    Table table(headings);
    for (const ContainerSummary& container : containers) {
        std::vector<std::string> cells;
        for (const Column& column : columns) cells.push_back(column.text(container));
        table.add(std::move(cells));
    }
    return table.text();
}

std::string formatted(const Format& format, const Containers& containers, const PsLook& look, bool with_headings) {
    static constexpr std::pair<std::string_view, std::string_view> headings[] = {{"ID", "CONTAINER ID"}, {"Label", "LABEL"}};
    FormatContext context = default_context();
    context.headings = headings;
    context.with_headings = with_headings;
    context.schema.methods.push_back({"Label", [](const json& receiver, const std::vector<std::string>& arguments) {
                                          if (arguments.size() != 1) throw Error(".Label takes the name of one label");
                                          const auto labels = receiver.find("Labels");
                                          return labels == receiver.end() ? json("") : json(labels->value(arguments[0], ""));
                                      }});
    std::vector<json> documents, fields;
    for (const ContainerSummary& container : containers) {
        documents.push_back(ps_document(container, look));
        fields.push_back(format.is_json() ? json() : ps_fields(container, look));
    }
    return format.render_all(documents, fields, context);
}

std::string text_of(const ParsedCommand& command, lib::Engine& engine) {
    const std::string sort = command.find("sort").value_or("created");
    const std::string format = command.find("format").value_or("");
    const bool default_table = format.empty() || format == "table";
    const auto parsed = default_table ? std::nullopt : std::optional(Format::parse(format));
    PsLook look{.now_ns = sys::realtime_ns(), .truncate = !command.is_on("no-trunc"), .namespaces = command.is_on("ns")};
    Containers containers = find_containers(command, engine, look.now_ns);
    Sizes sizes;
    const bool shows_size = command.is_on("size") || format.find(".Size") != std::string::npos;
    if (shows_size || sort == "size") {
        std::vector<std::string> ids;
        for (const ContainerSummary& container : containers) ids.push_back(container.id);
        sizes = lib::measure_containers(engine, ids);
        if (shows_size) look.sizes = &sizes;
    }
    sort_containers(containers, sort, sizes);
    if (command.is_on("quiet") && !parsed) { // a format says more exactly what is wanted
        std::string ids;
        for (const ContainerSummary& container : containers) ids += ps_id(container, look) + "\n";
        return ids;
    }
    const bool with_headings = !command.is_on("noheading");
    return parsed ? formatted(*parsed, containers, look, with_headings) : table(containers, columns_of(command, look), with_headings);
}

[[noreturn]] void watch(const ParsedCommand& command, lib::Engine& engine, std::chrono::seconds interval) {
    constexpr std::string_view clear = "\033[H\033[2J";
    for (;;) {
        const std::string text = text_of(command, engine);
        print(::isatty(STDOUT_FILENO) != 0 ? cat(clear, text) : text);
        sys::sleep_for(interval);
    }
}

} // namespace

int cmd_ps(const ParsedCommand& command, const Globals& globals) {
    check_options(command);
    lib::Engine engine = globals.make_engine();
    if (const auto interval = command.find("watch")) {
        const auto seconds = parse_integer("watch", *interval, 0);
        if (seconds > 0) watch(command, engine, std::chrono::seconds(std::min<std::int64_t>(seconds, 86400)));
    }
    print(text_of(command, engine));
    return 0;
}

} // namespace cli
