// ctl images.
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/image_name.h"
#include "cli/output.h"
#include "lib/containers.h"
#include "lib/image_filter.h"
#include "lib/images.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace cli {
namespace {

using lib::ImageSummary;
using nlohmann::json;

/// One line of the table: an image by one of its names, or by none.
struct Row {
    const ImageSummary* image;
    std::string repository = "<none>";
    std::string tag = "<none>";
};

Row make_row(const ImageSummary& image, const std::string& name) {
    const ImageName parts = split_image_name(name);
    return {&image, parts.repository, parts.tag};
}

std::vector<Row> make_rows(const std::vector<ImageSummary>& images) {
    std::vector<Row> rows;
    for (const ImageSummary& image : images) {
        for (const std::string& name : image.names) rows.push_back(make_row(image, name));
        if (!image.names.empty()) continue;
        // Pulled by digest only: the repository is known, a tag is not.
        rows.push_back({&image});
        if (!image.digests.empty()) rows.back().repository = image.digests.front().substr(0, image.digests.front().find('@'));
    }
    return rows;
}

/// Whether a row is of the image asked for: the start of its id, its name, or the end of its name after a slash, each
/// with or without the tag.
bool matches(const Row& row, const std::string& wanted) {
    if (row.image->id.starts_with(wanted)) return true;
    const auto is_name = [&](const std::string& name) { return name == wanted || name.ends_with("/" + wanted); };
    return is_name(row.repository) || is_name(row.repository + ":" + row.tag);
}

std::string shown_id(const ImageSummary& image, bool truncate) {
    return truncate ? short_id(image.id) : "sha256:" + image.id;
}

std::string rfc3339(std::int64_t time_ns) {
    const auto text = lib::format_rfc3339(time_ns);
    return {text.begin(), text.end()};
}

/// One element of `images --format json`.
json full_document(const ImageSummary& image, std::size_t containers) {
    return {{"Id", image.id},
            {"ParentId", ""},
            {"Names", image.names},
            {"RepoTags", image.names},
            {"RepoDigests", image.digests},
            {"Digest", image.manifest_digest},
            {"History", image.history},
            {"Created", image.created / 1'000'000'000},
            {"CreatedAt", rfc3339(image.created)},
            {"Size", image.size},
            {"SharedSize", 0},
            {"VirtualSize", image.size},
            {"Labels", image.labels},
            {"Containers", containers},
            {"Platform", image.platform}};
}

std::string history_of(const ImageSummary& image) {
    std::string history;
    for (const std::string& name : image.history) history += (history.empty() ? "" : ", ") + name;
    return history;
}

/// What templates see instead: the texts of the table, and more (podman-images(1), --format).
json fields_of(const Row& row, std::int64_t now, bool truncate) {
    const std::string since = human_ago(row.image->created, now);
    const std::string at = go_time(row.image->created);
    const bool dangling = row.image->names.empty();
    return {{"ID", shown_id(*row.image, truncate)},
            {"Repository", row.repository},
            {"Tag", row.tag},
            {"Created", since},
            {"CreatedSince", since},
            {"CreatedAt", at},
            {"CreatedTime", at},
            {"Size", human_size(row.image->size)},
            {"History", history_of(*row.image)},
            {"Dangling", dangling},
            {"IsDangling", dangling},
            {"ReadOnly", row.image->read_only},
            {"IsReadOnly", row.image->read_only}};
}

/// How many containers were made from each image, by the image's id.
std::map<std::string, std::size_t> count_containers(const lib::Engine& engine) {
    std::map<std::string, std::size_t> counts;
    for (const auto& container : lib::list_containers(engine, true))
        ++counts[container.image_id.substr(container.image_id.find(':') + 1)];
    return counts;
}

std::string formatted_rows(const Format& format, const lib::Engine& engine, const std::vector<Row>& rows, std::int64_t now,
                           bool truncate, bool with_headings) {
    static constexpr std::pair<std::string_view, std::string_view> headings[] = {{"ID", "IMAGE ID"}};
    FormatContext context = default_context();
    context.headings = headings;
    context.with_headings = with_headings;
    auto counts = count_containers(engine);
    std::vector<json> documents, fields;
    const ImageSummary* previous = nullptr;
    for (const Row& row : rows) {
        const bool same = row.image == std::exchange(previous, row.image);
        if (same && format.is_json()) continue; // once for all its names
        documents.push_back(full_document(*row.image, counts[row.image->id]));
        fields.push_back(fields_of(row, now, truncate));
    }
    return format.render_all(documents, fields, context);
}

std::string ids(const std::vector<Row>& rows, bool truncate) {
    std::string lines;
    std::vector<std::string_view> seen;
    for (const Row& row : rows) {
        if (std::ranges::find(seen, row.image->id) != seen.end()) continue;
        seen.push_back(row.image->id);
        lines += shown_id(*row.image, truncate) + "\n";
    }
    return lines;
}

std::string table(const ParsedCommand& command, const std::vector<Row>& rows, std::int64_t now, bool truncate) {
    const bool digests = command.is_on("digests"), history = command.is_on("history");
    std::vector<std::string> headings{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"};
    if (digests) headings.insert(headings.begin() + 2, "DIGEST");
    if (history) headings.push_back("HISTORY");
    if (command.is_on("noheading")) headings.clear();
    Table table(headings);
    for (const Row& row : rows) {
        std::vector<std::string> cells{row.repository, row.tag, shown_id(*row.image, truncate),
                                       human_ago(row.image->created, now), human_size(row.image->size)};
        if (digests) cells.insert(cells.begin() + 2, row.image->manifest_digest);
        if (history) cells.push_back(history_of(*row.image));
        table.add(std::move(cells));
    }
    return table.text();
}

void sort_rows(std::vector<Row>& rows, const std::string& by) {
    const auto sort = [&](const auto& key) { std::ranges::stable_sort(rows, {}, key); };
    if (by == "created") return; // they are, the newest first
    if (by == "id") return sort([](const Row& row) { return row.image->id; });
    if (by == "repository") return sort(&Row::repository);
    if (by == "size") return sort([](const Row& row) { return row.image->size; });
    if (by == "tag") return sort(&Row::tag);
    throw Error("--sort: \"", by, "\" is not one of created, id, repository, size, tag");
}

} // namespace

int cmd_images(const ParsedCommand& command, const Globals& globals) {
    const std::string format = command.find("format").value_or("");
    const bool default_table = format.empty() || format == "table";
    const auto parsed = default_table ? std::nullopt : std::optional(Format::parse(format));
    const lib::Engine engine = globals.make_engine();
    const std::int64_t now = sys::realtime_ns();
    const lib::ImageFilter filter(engine, command.list("filter"), now);
    auto images = lib::list_images(engine);
    std::erase_if(images, [&](const ImageSummary& image) { return !filter.matches(image); });
    std::vector<Row> rows = make_rows(images);
    sort_rows(rows, command.find("sort").value_or("created"));
    if (!command.arguments.empty())
        std::erase_if(rows, [&](const Row& row) { return !matches(row, command.arguments.front()); });
    const bool truncate = !command.is_on("no-trunc");
    if (parsed) print(formatted_rows(*parsed, engine, rows, now, truncate, !command.is_on("noheading")));
    else if (command.is_on("quiet")) print(ids(rows, truncate));
    else print(table(command, rows, now, truncate));
    return 0;
}

} // namespace cli
