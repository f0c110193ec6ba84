// ctl history, untag, and image exists, tree, prune.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/format.h"
#include "cli/output.h"
#include "lib/image_filter.h"
#include "lib/image_tree.h"
#include "lib/images.h"
#include "lib/resolve_image.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cli {
namespace {

using nlohmann::json;

constexpr std::size_t command_width = 45;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// What the table and templates show of a step.
json step_fields(const lib::HistoryStep& step, std::int64_t now, bool human, bool whole) {
    const auto time = lib::parse_rfc3339(step.created);
    const std::string since = time ? human_ago(*time, now) : "";
    std::string by = step.created_by;
    if (!whole && by.size() > command_width) by = by.substr(0, command_width - 3) + "...";
    return {{"ID", step.id.empty() ? "<missing>" : whole ? step.id : short_id(step.id)},
            {"Created", human ? since : step.created},
            {"CreatedSince", since},
            {"CreatedAt", step.created},
            {"CreatedBy", by},
            {"Size", human ? human_size(step.size) : std::to_string(step.size)},
            {"Comment", step.comment},
            {"Tags", joined(step.tags)}};
}

json step_document(const lib::HistoryStep& step) {
    json document{{"id", step.id.empty() ? "<missing>" : step.id}, {"created", step.created}, {"CreatedBy", step.created_by}, {"size", step.size}};
    if (!step.comment.empty()) document["comment"] = step.comment;
    if (!step.tags.empty()) document["tags"] = step.tags;
    return document;
}

std::vector<std::string> filters_with_dangling(const ParsedCommand& command) {
    std::vector<std::string> filters;
    for (const std::string& word : command.list("filter")) {
        if (!word.starts_with("label=") && !word.starts_with("label!=") && !word.starts_with("until=") && !word.starts_with("dangling="))
            throw Error("image prune: --filter: \"", word, "\" is not one of label[!]=NAME[=VALUE], until=TIME, dangling=true|false");
        filters.push_back(word);
    }
    const bool says_dangling = std::ranges::any_of(filters, [](const std::string& word) { return word.starts_with("dangling="); });
    if (!command.is_on("all") && !says_dangling) filters.emplace_back("dangling=true");
    filters.emplace_back("containers=false");
    return filters;
}

void print_layers(const std::vector<lib::TreeLayer>& layers, const std::string& indent) {
    for (const lib::TreeLayer& layer : layers) {
        const bool last = &layer == &layers.back();
        print(cat(indent, last ? "└── " : "├── ", "ID: ", short_id(layer.diff_id.substr(layer.diff_id.find(':') + 1)), " Size: ",
                  human_size(layer.size, ""), layer.top_of.empty() ? "" : cat(" Top Layer of: [", escaped(joined(layer.top_of)), "]"), "\n"));
        print_layers(layer.above, indent + (last ? "    " : "│   "));
    }
}

} // namespace

int cmd_history(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const std::vector<lib::HistoryStep> steps = lib::image_history(engine, command.arguments.front());
    const bool human = command.is_on("human", true), whole = command.is_on("no-trunc");
    if (command.is_on("quiet")) {
        for (const lib::HistoryStep& step : steps) print((step.id.empty() ? "<missing>" : whole ? step.id : short_id(step.id)) + "\n");
        return 0;
    }
    const std::int64_t now = sys::realtime_ns();
    std::vector<json> documents, fields;
    Table table({"ID", "CREATED", "CREATED BY", "SIZE", "COMMENT"});
    for (const lib::HistoryStep& step : steps) {
        const json& f = fields.emplace_back(step_fields(step, now, human, whole));
        documents.push_back(step_document(step));
        table.add({f["ID"], f["Created"], f["CreatedBy"], f["Size"], f["Comment"]});
    }
    const auto format = command.find("format");
    if (format && *format == "json") print(json_text(documents));
    else if (format) print(Format::parse(*format).render_all(documents, fields, default_context()));
    else print(table.text());
    return 0;
}

int cmd_untag(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::untag_image(engine, command.arguments.front(), {command.arguments.begin() + 1, command.arguments.end()});
    return 0;
}

int cmd_image_exists(const ParsedCommand& command, const Globals& globals) {
    return lib::find_local_image(globals.make_engine(), command.arguments.front()) ? 0 : 1;
}

int cmd_image_tree(const ParsedCommand& command, const Globals& globals) {
    const auto what = command.is_on("whatrequires") ? lib::TreeOf::users : lib::TreeOf::layers;
    const lib::ImageTree tree = lib::image_tree(globals.make_engine(), command.arguments.front(), what);
    print(cat("Image ID: ", short_id(tree.id), "\nTags:     [", escaped(joined(tree.names)), "]\nSize:     ", human_size(tree.size, ""), "\n"));
    print(tree.layers.empty() ? "No Image Layers\n" : "Image Layers\n");
    print_layers(tree.layers, "");
    return 0;
}

int cmd_image_prune(const ParsedCommand& command, const Globals& globals) {
    const bool all = command.is_on("all");
    lib::Engine engine = globals.make_engine();
    const lib::ImageFilter filter(engine, filters_with_dangling(command), sys::realtime_ns());
    if (!command.is_on("force")
        && !confirm(all ? "This command removes all images without at least one container associated with them." : "This command removes all dangling images."))
        return 0;
    for (const std::string& id : lib::prune_images(engine, filter)) print(id + "\n");
    return 0;
}

} // namespace cli
