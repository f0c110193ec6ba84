// What happened to containers, images and volumes: a log below the data root for `ctl events`.
//
// events/log holds one JSON object a line, appended by a single write(2) with O_APPEND, so that writers need no lock and
// readers see whole lines. Above 4 MiB it becomes events/log.1, and what was log.1 is gone. A line costs some microseconds;
// one that cannot be written (a full disk) is lost, which never makes a command fail.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

struct ContainerRecord;

/// Names are Podman's (podman-events(1)): type container, image, …; status create, init, start, died, …
struct Event {
    std::int64_t time_ns = 0;        ///< set when it is written
    std::string type = "container";
    std::string status;
    std::string id;
    std::string name;
    std::string image;               ///< of a container
    std::optional<int> exit_code;    ///< of a container that died, of an exec that did
    std::string error;
    std::map<std::string, std::string> attributes; ///< a container's labels, and what the event is about
};

/// Writes it down with the time of now.
void record_event(const Paths& paths, Event event) noexcept;
/// The event of a container: id, name, image and labels as in its record.
Event container_event(const ContainerRecord& record, std::string status);
/// Of an image: its id, hexadecimal, and the name it is about, or its id again.
void record_image_event(const Paths& paths, std::string status, const std::string& id, const std::string& name) noexcept;
void record_volume_event(const Paths& paths, std::string status, const std::string& name) noexcept;
void record_container_event(const Paths& paths, const ContainerRecord& record, std::string status) noexcept;

/// One line of the log, without the line feed, and back. What follows an unfinished line (a full disk) is found.
std::string event_line(const Event& event);
std::optional<Event> parse_event_line(std::string_view line);

/// --filter: different keys must all match, values of one key need one match.
class EventFilter {
public:
    EventFilter() = default;
    /// container=, event= (or status=), image=, label=NAME[=VALUE], pod=, type=, volume=. Throws Error.
    explicit EventFilter(const std::vector<std::string>& words);
    bool matches(const Event& event) const;

private:
    std::map<std::string, std::vector<std::string>, std::less<>> wanted_;
};

struct EventsRequest {
    std::optional<std::int64_t> since; ///< ns since the epoch
    std::optional<std::int64_t> until;
    EventFilter filter;
    bool from_start = true;            ///< false: only what is still to come
    bool follow = true;                ///< go on at the end of the log, until `until`
};

/// False: enough.
using EventSink = std::function<bool(const Event&)>;

/// Passes on what the request wants. Follows by inotify, across rotations. Throws SysError.
void read_events(const Paths& paths, const EventsRequest& request, const EventSink& sink);

} // namespace lib
