// The log of events; see lib/events.h.
#include "lib/events.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/sys.h"
#include "lib/container_store.h"

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

using nlohmann::json;

constexpr off_t largest_log = 4 << 20;
/// A container may have labels without end; an event with more than this goes without its attributes.
constexpr std::size_t longest_line = 64 << 10;
/// How every line begins. Inside of JSON text the quotes cannot occur unescaped, so it marks a beginning wherever it is.
constexpr std::string_view line_start = "{\"time\":";

std::string log_dir(const Paths& paths) { return paths.data + "/events"; }

UniqueFd open_log(const std::string& dir) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    const std::string path = dir + "/log";
    UniqueFd log(::open(path.c_str(), flags, 0600));
    if (log || errno != ENOENT) return log;
    if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return {};
    return UniqueFd(::open(path.c_str(), flags, 0600));
}

/// Whoever does not get the lock leaves it to the one that has it.
void rotate(const std::string& dir) {
    const auto lock = FileLock::try_acquire(AT_FDCWD, dir + "/lock", FileLock::Mode::exclusive);
    const auto now = sys::find_stat_at(AT_FDCWD, dir + "/log");
    if (lock && now && now->st_size > largest_log) sys::rename_at(AT_FDCWD, dir + "/log", AT_FDCWD, dir + "/log.1");
}

void write_event(const Paths& paths, const Event& event) {
    std::string line = event_line(event);
    if (line.size() > longest_line) {
        Event smaller = event;
        smaller.attributes.clear();
        line = event_line(smaller);
    }
    line += '\n';
    const std::string dir = log_dir(paths);
    const UniqueFd log = open_log(dir);
    if (!log || ::write(log.get(), line.data(), line.size()) < 0) return; // lost: see the header
    struct stat st {};
    if (::fstat(log.get(), &st) == 0 && st.st_size > largest_log) rotate(dir);
}

/// Whether an id begins with what the user wrote, or the name is it.
bool is_meant(const Event& event, const std::string& wanted) {
    return event.name == wanted || (!wanted.empty() && event.id.starts_with(wanted));
}

bool has_label(const Event& event, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const auto label = event.attributes.find(wanted.substr(0, equals));
    return label != event.attributes.end() && (equals == std::string::npos || label->second == wanted.substr(equals + 1));
}

bool matches_one(const Event& event, std::string_view key, const std::string& value) {
    if (key == "event") return event.status == value;
    if (key == "type") return event.type == value;
    if (key == "label") return has_label(event, value);
    return event.type == key && is_meant(event, value);
}

} // namespace

std::string event_line(const Event& event) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    json document{{"timeNano", event.time_ns}, {"Type", event.type}, {"Status", event.status}};
    if (!event.id.empty()) document["ID"] = event.id;
    if (!event.name.empty()) document["Name"] = event.name;
    if (!event.image.empty()) document["Image"] = event.image;
    if (!event.error.empty()) document["Error"] = event.error;
    if (event.exit_code) document["ContainerExitCode"] = *event.exit_code;
    if (!event.attributes.empty()) document["Attributes"] = event.attributes;
    const std::string rest = document.dump(-1, ' ', false, json::error_handler_t::replace);
    return cat(line_start, event.time_ns / second_ns, ",", rest.substr(1));
}

std::optional<Event> parse_event_line(std::string_view line) {
    const auto start = line.rfind(line_start); // behind the piece of a line that did not fit on the disk
    if (start == std::string_view::npos) return std::nullopt;
    const json document = json::parse(line.substr(start), nullptr, false);
    if (!document.is_object()) return std::nullopt;
    const auto text = [&](const char* name) {
        const auto found = document.find(name);
        return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto number = [&](const char* name) {
        const auto found = document.find(name);
        return found != document.end() && found->is_number_integer() ? std::optional(found->get<std::int64_t>()) : std::nullopt;
    };
    Event event;
    event.time_ns = number("timeNano").value_or(0);
    event.type = text("Type");
    event.status = text("Status");
    event.id = text("ID");
    event.name = text("Name");
    event.image = text("Image");
    event.error = text("Error");
    if (const auto code = number("ContainerExitCode")) event.exit_code = static_cast<int>(*code);
    if (const auto attributes = document.find("Attributes"); attributes != document.end() && attributes->is_object())
        for (const auto& [name, value] : attributes->items())
            if (value.is_string()) event.attributes[name] = value.get<std::string>();
    return event;
}

void record_event(const Paths& paths, Event event) noexcept {
    try {
        event.time_ns = sys::realtime_ns();
        write_event(paths, event);
    } catch (const std::exception&) {
        return; // what happened has happened, whether it is written down or not
    }
}

Event container_event(const ContainerRecord& record, std::string status) {
    Event event;
    event.status = std::move(status);
    event.id = record.id;
    event.name = record.name;
    event.image = record.image;
    event.attributes = record.labels;
    return event;
}

void record_image_event(const Paths& paths, std::string status, const std::string& id, const std::string& name) noexcept {
    Event event;
    event.type = "image";
    event.status = std::move(status);
    event.id = id;
    event.name = name.empty() ? id : name;
    record_event(paths, std::move(event));
}

void record_volume_event(const Paths& paths, std::string status, const std::string& name) noexcept {
    Event event;
    event.type = "volume";
    event.status = std::move(status);
    event.name = name;
    record_event(paths, std::move(event));
}

void record_container_event(const Paths& paths, const ContainerRecord& record, std::string status) noexcept {
    record_event(paths, container_event(record, std::move(status)));
}

EventFilter::EventFilter(const std::vector<std::string>& words) {
    constexpr std::string_view known[] = {"container", "event", "image", "label", "pod", "type", "volume"};
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        std::string key = word.substr(0, equals);
        if (equals == std::string::npos) throw Error("--filter \"", word, "\": expected KEY=VALUE");
        if (key == "status") key = "event";
        if (std::ranges::find(known, key) == std::end(known))
            throw Error("--filter ", word, ": known keys are container, event, image, label, pod, type and volume");
        wanted_[key].push_back(word.substr(equals + 1));
    }
}

bool EventFilter::matches(const Event& event) const {
    return std::ranges::all_of(wanted_, [&](const auto& key_and_values) {
        return std::ranges::any_of(key_and_values.second,
                                   [&](const std::string& value) { return matches_one(event, key_and_values.first, value); });
    });
}

} // namespace lib
