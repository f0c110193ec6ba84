// ctl search.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "cli/values.h"
#include "lib/search.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cli {
namespace {

using nlohmann::json;

constexpr std::size_t description_width = 44;

std::string shortened(const std::string& text, bool whole) {
    std::string line = text.substr(0, text.find('\n'));
    if (whole || line.size() <= description_width) return whole ? text : line;
    return line.substr(0, description_width - 3) + "...";
}

/// --filter: is-official, is-automated, stars=N.
struct Filter {
    std::optional<bool> official, automated;
    std::int64_t stars = 0;

    explicit Filter(const std::vector<std::string>& words) {
        for (const std::string& word : words) {
            const auto equals = word.find('=');
            const std::string key = word.substr(0, equals), value = equals == std::string::npos ? "true" : word.substr(equals + 1);
            if (key == "stars") stars = parse_integer("filter stars", value, 0);
            else if ((key == "is-official" || key == "is-automated") && (value == "true" || value == "false"))
                (key == "is-official" ? official : automated) = value == "true";
            else throw Error("search: --filter: \"", word, "\" is not one of is-official[=true|false], is-automated[=true|false], stars=NUMBER");
        }
    }
    bool matches(const lib::FoundRepository& one) const {
        return (!official || *official == one.official) && (!automated || *automated == one.automated) && one.stars >= static_cast<std::uint64_t>(stars);
    }
};

void print_tags(const ParsedCommand& command, const lib::RepositoryTags& found) {
    const auto format = command.find("format");
    if (format && *format == "json") {
        print(json_text(json::array({{{"Name", found.name}, {"Tags", found.tags}}})));
        return;
    }
    std::vector<json> documents;
    Table table({"NAME", "TAG"});
    for (const std::string& tag : found.tags) {
        documents.push_back({{"Name", found.name}, {"Tag", tag}});
        table.add({found.name, tag});
    }
    print(format ? Format::parse(*format).render_all(documents) : table.text());
}

} // namespace

int cmd_search(const ParsedCommand& command, const Globals& globals) {
    lib::SearchRequest request;
    request.term = command.arguments.front();
    request.registry = registry_options(command);
    const bool tags = command.is_on("list-tags");
    const auto limit = command.find("limit");
    request.limit = limit ? static_cast<std::size_t>(parse_integer("limit", *limit, 0)) : tags ? 0 : 25;
    if (!tags && request.limit == 0) request.limit = 25;
    if (!tags) request.limit = std::min(request.limit, lib::most_found);
    const Filter filter(command.list("filter"));
    lib::Engine engine = globals.make_engine();
    const auto notice = [](const std::string& sentence) { print_notice(escaped(sentence)); };
    if (tags) {
        if (!command.list("filter").empty()) throw Error("search: --list-tags and --filter exclude each other");
        print_tags(command, lib::find_tags(engine, request, notice));
        return 0;
    }
    const bool whole = command.is_on("no-trunc"), compatible = command.is_on("compatible");
    std::vector<json> documents;
    Table table(compatible ? std::vector<std::string>{"NAME", "DESCRIPTION", "STARS", "OFFICIAL", "AUTOMATED"} : std::vector<std::string>{"NAME", "DESCRIPTION"});
    for (const lib::FoundRepository& one : lib::search_registries(engine, request, notice)) {
        if (!filter.matches(one)) continue;
        const std::string official = one.official ? "[OK]" : "", automated = one.automated ? "[OK]" : "";
        documents.push_back({{"Index", one.index}, {"Name", one.name}, {"Description", shortened(one.description, whole)}, {"Stars", one.stars},
                             {"Official", official}, {"Automated", automated}, {"Tag", ""}});
        std::vector<std::string> cells{one.name, shortened(one.description, whole)};
        if (compatible) cells.insert(cells.end(), {std::to_string(one.stars), official, automated});
        table.add(std::move(cells));
    }
    const auto format = command.find("format");
    if (format && *format == "json") print(json_text(documents));
    else print(format ? Format::parse(*format).render_all(documents) : table.text());
    return 0;
}

} // namespace cli
