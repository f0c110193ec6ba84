// Filters of images, see lib/image_filter.h: a function for each key that turns its value into a test.
#include "lib/image_filter.h"

#include "base/error.h"
#include "lib/containers.h"
#include "lib/resolve_image.h"
#include "lib/time_point.h"
#include "storage/store.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace lib {
namespace {

using Test = FilterTest<ImageSummary>;
using Key = FilterKey<ImageSummary>;
using Context = FilterContext;

bool parse_truth(const Context& context, const std::string& value) {
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    throw Error("--filter ", context.key, "=", value, ": expected true or false");
}

/// For what no image of the store is: an image list, an intermediate step of a build.
Test none(const Context& context, const std::string& value) {
    return [wanted = parse_truth(context, value)](const ImageSummary&) { return !wanted; };
}

Test by_readonly(const Context& context, const std::string& value) {
    return [wanted = parse_truth(context, value)](const ImageSummary& image) { return image.read_only == wanted; };
}

Test by_dangling(const Context& context, const std::string& value) {
    return [wanted = parse_truth(context, value)](const ImageSummary& image) { return image.names.empty() == wanted; };
}

Test by_containers(const Context& context, const std::string& value) {
    if (value == "external") throw Error("--filter containers=external: there are no containers of other tools here");
    std::set<std::string> used;
    for (const ContainerSummary& container : list_containers(context.engine, true))
        used.insert(container.image_id.substr(container.image_id.find(':') + 1));
    return [used = std::move(used), wanted = parse_truth(context, value)](const ImageSummary& image) { return used.contains(image.id) == wanted; };
}

Test by_label(const Context&, const std::string& value) {
    const auto equals = value.find('=');
    return [name = value.substr(0, equals), content = equals == std::string::npos ? std::optional<std::string>() : value.substr(equals + 1)](
               const ImageSummary& image) {
        const auto found = image.labels.find(name);
        return found != image.labels.end() && (!content || found->second == *content);
    };
}

Test by_missing_label(const Context& context, const std::string& value) {
    return [has = by_label(context, value)](const ImageSummary& image) { return !has(image); };
}

Test by_id(const Context&, const std::string& value) {
    return [prefix = value.starts_with("sha256:") ? value.substr(7) : value](const ImageSummary& image) { return image.id.starts_with(prefix); };
}

Test by_digest(const Context& context, const std::string& value) {
    if (!value.starts_with("sha256:")) throw Error("--filter ", context.key, "=", value, ": expected sha256:… or the start of it");
    return [value](const ImageSummary& image) { return image.manifest_digest.starts_with(value); };
}

Test by_reference(const Context&, const std::string& value) {
    return [value](const ImageSummary& image) {
        return std::ranges::any_of(image.names, [&](const std::string& name) { return matches_reference(value, name); });
    };
}

std::int64_t creation_of(const Context& context, const std::string& name) {
    const std::string id = storage::digest_hex(get_local_image(context.engine, name).image.id);
    for (const ImageSummary& image : list_images(context.engine))
        if (image.id == id) return image.created;
    throw Error("--filter ", context.key, "=", name, ": the image has just been removed");
}

Test by_before(const Context& context, const std::string& value) {
    return [time = creation_of(context, value)](const ImageSummary& image) { return image.created < time; };
}

Test by_since(const Context& context, const std::string& value) {
    return [time = creation_of(context, value)](const ImageSummary& image) { return image.created > time; };
}

Test by_until(const Context& context, const std::string& value) {
    return [time = parse_time_point(value, context.now_ns)](const ImageSummary& image) { return image.created < time; };
}

constexpr std::array keys{
    Key{"after", by_since},     Key{"before", by_before},   Key{"containers", by_containers}, Key{"dangling", by_dangling},
    Key{"digest", by_digest},   Key{"id", by_id},           Key{"intermediate", none},        Key{"label", by_label},
    Key{"label!", by_missing_label}, Key{"manifest", none}, Key{"readonly", by_readonly}, Key{"reference", by_reference},
    Key{"since", by_since},     Key{"until", by_until},
};

} // namespace

bool matches_reference(const std::string& pattern, const std::string& name) {
    const auto fits = [&](std::string_view part) { return ::fnmatch(pattern.c_str(), std::string(part).c_str(), 0) == 0; };
    const auto colon = name.rfind(':'), slash = name.rfind('/');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    const std::string_view whole = name, bare = tagged ? whole.substr(0, colon) : whole;
    for (std::size_t at = 0; at != std::string_view::npos && at < bare.size();) { // the whole name, then what follows each slash
        if (fits(whole.substr(at)) || fits(bare.substr(at))) return true;
        const auto next = bare.find('/', at);
        at = next == std::string_view::npos ? next : next + 1;
    }
    return false;
}

ImageFilter::ImageFilter(const Engine& engine, const std::vector<std::string>& words, std::int64_t now_ns)
    : tests_(keys, engine, words, now_ns) {}

} // namespace lib
