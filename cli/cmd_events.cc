// ctl events.
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "lib/events.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <time.h>

namespace cli {
namespace {

using nlohmann::json;

/// As Go prints a time: "2026-11-22 10:00:00.12 +0100 CET".
std::string time_text(std::int64_t time_ns) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    const std::time_t seconds = time_ns / second_ns;
    struct tm local {};
    ::localtime_r(&seconds, &local);
    char date[32], zone[32];
    std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    std::strftime(zone, sizeof zone, "%z %Z", &local);
    std::string fraction = std::to_string(second_ns + time_ns % second_ns).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return cat(date, fraction.empty() ? "" : ".", fraction, " ", zone);
}

/// "container start 0123… (image=…, name=…, label=value)".
std::string line_of(const lib::Event& event, bool truncate) {
    std::string line = cat(time_text(event.time_ns), " ", event.type, " ", event.status, " ");
    if (event.type != "container") return line + (event.name.empty() ? event.id : event.name);
    line += cat(truncate ? short_id(event.id) : event.id, " (image=", event.image, ", name=", event.name);
    for (const auto& [name, value] : event.attributes) line += cat(", ", name, "=", value);
    return line + ")";
}

FormatContext event_context() {
    static constexpr std::string_view maps[] = {"Attributes"};
    static constexpr std::string_view optional[] = {"Attributes", "ContainerExitCode", "Error"};
    return {.schema = {.maps = maps, .optional = optional, .methods = {}}, .headings = {}};
}

/// Podman's names, absent where there is nothing to tell.
json document_of(const lib::Event& event) {
    json document = json::parse(lib::event_line(event));
    for (const char* name : {"ID", "Name", "Image"})
        if (!document.contains(name)) document[name] = "";
    return document;
}

} // namespace

int cmd_events(const ParsedCommand& command, const Globals& globals) {
    const std::int64_t now = sys::realtime_ns();
    lib::EventsRequest request;
    if (const auto since = command.find("since")) request.since = lib::parse_time_point(*since, now);
    if (const auto until = command.find("until")) request.until = lib::parse_time_point(*until, now);
    request.filter = lib::EventFilter(command.list("filter"));
    request.follow = command.is_on("stream", true);
    request.from_start = request.since || request.until || !request.follow;
    const auto text = command.find("format");
    const auto format = text ? std::optional(Format::parse(*text)) : std::nullopt;
    const FormatContext context = event_context();
    const bool truncate = !command.is_on("no-trunc", true);
    lib::read_events(globals.make_engine().paths, request, [&](const lib::Event& event) {
        if (!format) print(escaped(line_of(event, truncate)) + "\n");
        else if (format->is_json()) print(escaped(document_of(event).dump()) + "\n");
        else print(format->render(document_of(event), context));
        return true;
    });
    return 0;
}

} // namespace cli
