// Filters, see lib/container_filter.h: a function for each key that turns its value into a test.
#include "lib/container_filter.h"

#include "base/error.h"
#include "lib/pattern.h"
#include "lib/time_point.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace lib {
namespace {

using Test = FilterTest<ContainerSummary>;
using Key = FilterKey<ContainerSummary>;
using Context = FilterContext;

[[noreturn]] void refuse(const Context& context, const std::string& value, std::string_view expected) {
    throw Error("--filter ", context.key, "=", value, ": expected ", expected);
}

bool contains(const std::vector<std::string>& list, const std::string& value) { return std::ranges::find(list, value) != list.end(); }

Test by_id(const Context&, const std::string& value) {
    if (value.find_first_not_of("0123456789abcdef") == std::string::npos)
        return [value](const ContainerSummary& c) { return c.id.starts_with(value); };
    return [pattern = Pattern("--filter id", value)](const ContainerSummary& c) { return pattern.matches(c.id); };
}

Test by_name(const Context&, const std::string& value) {
    return [pattern = Pattern("--filter name", value)](const ContainerSummary& c) { return pattern.matches(c.name); };
}

Test by_label(const Context&, const std::string& value) {
    const auto equals = value.find('=');
    if (equals == std::string::npos) return [value](const ContainerSummary& c) { return c.labels.contains(value); };
    return [name = value.substr(0, equals), content = value.substr(equals + 1)](const ContainerSummary& c) {
        const auto found = c.labels.find(name);
        return found != c.labels.end() && found->second == content;
    };
}

Test by_missing_label(const Context& context, const std::string& value) {
    return [has = by_label(context, value)](const ContainerSummary& c) { return !has(c); };
}

Test by_exit_code(const Context& context, const std::string& value) {
    int code = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), code);
    if (error != std::errc() || end != value.data() + value.size()) refuse(context, value, "an exit code");
    return [code](const ContainerSummary& c) { return c.status == ContainerStatus::exited && c.exit_code == code; };
}

Test by_status(const Context& context, const std::string& value) {
    constexpr std::array known{"created", "initialized", "running", "stopped", "paused", "exited", "removing", "stopping", "unknown"};
    if (std::ranges::find(known, value) == known.end())
        refuse(context, value, "created, initialized, running, stopped, paused, exited, removing, stopping or unknown");
    return [status = value == "stopped" ? "exited" : value](const ContainerSummary& c) { return to_string(c.status) == status; };
}

/// By image: its id or the start of it, or a pattern for its name, which may leave ":latest" out.
Test by_ancestor(const Context&, const std::string& value) {
    return [value, pattern = Pattern("--filter ancestor", value)](const ContainerSummary& c) {
        constexpr std::string_view tag = ":latest";
        const std::string_view hex = std::string_view(c.image_id).substr(c.image_id.find(':') + 1);
        if (c.image_id == value || (value.size() >= 3 && hex.starts_with(value)) || pattern.matches(c.image)) return true;
        return c.image.ends_with(tag) && pattern.matches(c.image.substr(0, c.image.size() - tag.size()));
    };
}

std::int64_t creation_of(const Context& context, const std::string& name) {
    const std::string id = find_container_id(context.engine, name);
    for (const ContainerSummary& c : list_containers(context.engine, true))
        if (c.id == id) return c.created;
    throw Error("--filter ", context.key, "=", name, ": the container has just been removed");
}

Test by_before(const Context& context, const std::string& value) {
    return [time = creation_of(context, value)](const ContainerSummary& c) { return c.created < time; };
}

Test by_since(const Context& context, const std::string& value) {
    return [time = creation_of(context, value)](const ContainerSummary& c) { return c.created > time; };
}

Test by_until(const Context& context, const std::string& value) {
    return [time = parse_time_point(value, context.now_ns)](const ContainerSummary& c) { return c.created < time; };
}

Test by_volume(const Context&, const std::string& value) {
    return [value](const ContainerSummary& c) { return contains(c.volumes, value) || contains(c.mounts, value); };
}

Test by_network(const Context&, const std::string& value) {
    return [value](const ContainerSummary& c) { return c.network == value; };
}

Test by_command(const Context&, const std::string& value) {
    return [value](const ContainerSummary& c) { return !c.command.empty() && c.command.front() == value; };
}

/// There are no health checks yet, so no container has one of these states.
Test by_health(const Context& context, const std::string& value) {
    constexpr std::array known{"starting", "healthy", "unhealthy", "none"};
    if (std::ranges::find(known, value) == known.end()) refuse(context, value, "starting, healthy, unhealthy or none");
    return [none = value == "none"](const ContainerSummary&) { return none; };
}

/// There are no pods yet, so no container is in one.
Test by_pod(const Context&, const std::string&) {
    return [](const ContainerSummary&) { return false; };
}

Test by_restart_policy(const Context& context, const std::string& value) {
    constexpr std::array<std::string_view, 4> policies{"no", "on-failure", "always", "unless-stopped"};
    if (std::ranges::find(policies, value) == policies.end()) refuse(context, value, "no, on-failure, always or unless-stopped");
    return [value](const ContainerSummary& c) { return c.restart_policy == value; };
}

/// Podman's rule for what its units start after a boot.
Test by_start_on_boot(const Context& context, const std::string& value) {
    if (value != "true" && value != "false") refuse(context, value, "true or false");
    return [wanted = value == "true"](const ContainerSummary& c) {
        return wanted == (c.restart_policy == "always" || (c.restart_policy == "unless-stopped" && !c.stopped_by_user));
    };
}

constexpr std::array keys{
    Key{"id", by_id},           Key{"name", by_name},       Key{"label", by_label},     Key{"label!", by_missing_label},
    Key{"exited", by_exit_code}, Key{"status", by_status},  Key{"ancestor", by_ancestor}, Key{"before", by_before},
    Key{"since", by_since},     Key{"until", by_until},     Key{"volume", by_volume},   Key{"network", by_network},
    Key{"command", by_command}, Key{"health", by_health},   Key{"pod", by_pod},
    Key{"restart-policy", by_restart_policy}, Key{"should-start-on-boot", by_start_on_boot},
};

} // namespace

ContainerFilter::ContainerFilter(const Engine& engine, const std::vector<std::string>& words, std::int64_t now_ns)
    : tests_(keys, engine, words, now_ns) {}

} // namespace lib
