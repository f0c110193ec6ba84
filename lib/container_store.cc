// Records of containers on disk; see lib/container_store.h.
#include "lib/container_store.h"

#include "base/files.h"
#include "base/sys.h"
#include "lib/container_json.h"
#include "lib/container_places.h"
#include "lib/leftovers.h"
#include "storage/root.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace lib {
namespace {

bool is_hex(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The records of a --rm container are not synced, and a power cut may leave them as empty files: then there is none.
bool has_record(const std::string& container) {
    const auto found = sys::find_stat_at(AT_FDCWD, container + "/record.json");
    return found && found->st_size > 0;
}

/// Empty when there is none.
std::string find_by_prefix(const Engine& engine, const std::string& prefix) {
    std::string found;
    if (is_hex(prefix))
        for (const std::string& id : container_ids(engine)) {
            if (!id.starts_with(prefix)) continue;
            if (!found.empty()) throw Error("container id ", prefix, " is ambiguous: ", found.substr(0, 12), ", ", id.substr(0, 12), ", …");
            found = id;
        }
    return found;
}

ContainerRecord stored_record(const std::string& text, const std::string& id, const std::string& directory) {
    try {
        return parse_record(text, directory + "/record.json");
    } catch (const Error& e) {
        throw DamagedRecord(id, e);
    }
}

ContainerState stored_state(const std::optional<std::string>& text, const std::string& id, const std::string& directory) {
    ContainerState state;
    if (!text) return state;
    try {
        if (!text->empty()) return parse_state(*text, directory + "/state.json");
    } catch (const Error& e) {
        throw DamagedRecord(id, e);
    }
    state.status = "running"; // it is not synced, and a power cut left it empty: of a boot that is over, then
    return state;
}

bool is_at_rest(const ContainerState& state) { return state.status == "created" || state.status == "exited"; }

/// What /proc/PID/stat says of a process that has not ended.
struct ProcessStat {
    std::uint64_t start = 0; ///< field 22
    bool stopped = false;    ///< by SIGSTOP and the like
};

std::optional<ProcessStat> find_process_stat(int pid) {
    const auto stat = sys::try_open(cat("/proc/", pid, "/stat"), O_RDONLY);
    if (!stat) return std::nullopt;
    std::string text;
    try {
        text = sys::read_to_end(stat->get(), 4096, "/proc stat");
    } catch (const SysError&) {
        return std::nullopt; // ESRCH: it ended between open and read
    }
    const auto paren = text.rfind(')'); // the command name may contain anything
    if (paren == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(paren + 1));
    std::string field;
    if (!(fields >> field) || field == "Z" || field == "X") return std::nullopt; // a zombie has ended
    ProcessStat found;
    found.stopped = field == "T";
    for (int i = 4; i <= 22; ++i) fields >> field;
    found.start = std::stoull(field);
    return found;
}

/// The recorded process, if it is still the container's.
std::optional<ProcessStat> find_life(const ContainerState& state) {
    const auto found = state.pid > 0 ? find_process_stat(state.pid) : std::nullopt;
    return found && found->start == state.pid_start ? found : std::nullopt;
}

bool lives(const ContainerState& state) { return find_life(state).has_value(); }

bool has_process(const std::string& status) {
    return status == "running" || status == "starting" || status == "initialized" || status == "stopping";
}

/// How a container has ended whose monitor cannot say any more: as one that was killed. Between two runs it was not running,
/// and one that was only prepared has not begun.
void mark_lost(ContainerState& state) {
    if (state.status == "initialized") {
        state.status = state.started == 0 ? "created" : "exited";
        state.pid = 0;
        return;
    }
    if (state.status != "restarting") state.exit_code = exit_code::signal_base + 9;
    state.status = "exited";
    state.pid = 0;
    if (state.finished == 0) state.finished = state.started;
}

} // namespace

std::vector<std::string> container_places(const Engine& engine) {
    std::vector<std::string> places;
    for (const std::string& place : storage::container_places(engine.paths.boot_id)) places.push_back(cat(engine.paths.data, "/", place));
    return places;
}

std::string container_path(const Engine& engine, const std::string& id) {
    const auto places = container_places(engine);
    for (const std::string& place : places)
        if (std::string path = cat(place, "/", id); ::access(path.c_str(), F_OK) == 0) return path;
    return cat(places.front(), "/", id);
}

std::string new_container_path(const Engine& engine, const std::string& id) {
    const auto places = container_places(engine);
    return cat(engine.paths.transient ? places.back() : places.front(), "/", id);
}

std::optional<std::string> find_by_name(const Engine& engine, const std::string& name) {
    if (name.find('/') != std::string::npos) return std::nullopt;
    const auto target = sys::find_link_at(AT_FDCWD, engine.paths.data + "/names/" + name);
    if (!target) return std::nullopt;
    const std::string id = target->substr(target->find_last_of('/') + 1);
    if (!has_record(container_path(engine, id))) return std::nullopt;
    return id;
}

std::optional<std::uint64_t> find_process_start(int pid) {
    const auto found = find_process_stat(pid);
    return found ? std::optional(found->start) : std::nullopt;
}

std::optional<UniqueFd> find_container_process(const ContainerState& state) {
    if (!lives(state)) return std::nullopt;
    auto pidfd = sys::pidfd_open(state.pid);
    if (!pidfd || !lives(state)) return std::nullopt; // checked again now that the handle cannot change its meaning
    return pidfd;
}

std::vector<std::string> container_ids_in(const std::string& place) {
    std::vector<std::string> ids = files::list(AT_FDCWD, place);
    std::erase_if(ids, [](const std::string& id) { return !is_hex(id); });
    return ids;
}

std::vector<std::string> container_ids(const Engine& engine) {
    std::vector<std::string> ids;
    for (const std::string& place : container_places(engine))
        for (std::string& id : container_ids_in(place)) ids.push_back(std::move(id));
    return ids;
}

std::optional<ListedContainer> look_at(const Engine& engine, const std::string& id, int containers, ListWhat what) {
    const std::string path = container_path(engine, id);
    ContainerState state = stored_state(files::find(containers, id + "/state.json"), id, path);
    if (!is_at_rest(state)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) return std::nullopt;
        state = dir->load_state();
        end_leftovers_of_lost(*dir, state);
    }
    if (what == ListWhat::running && state.status != "running") return std::nullopt;
    const auto text = files::find(containers, id + "/record.json");
    if (!text || text->empty()) return std::nullopt;
    return ListedContainer{stored_record(*text, id, path), std::move(state)};
}

std::optional<ContainerDir> ContainerDir::find(const Engine& engine, const std::string& id) {
    for (const std::string& place : container_places(engine)) {
        std::string path = cat(place, "/", id);
        auto fd = sys::try_open(path, O_RDONLY | O_DIRECTORY);
        if (fd && has_record(path)) return ContainerDir(id, std::move(path), std::move(*fd), engine.paths.boot_id);
    }
    return std::nullopt;
}

std::optional<ContainerDir> ContainerDir::find_named(const Engine& engine, const std::string& id_or_name) {
    auto id = find_by_name(engine, id_or_name);
    if (!id) id = find_by_prefix(engine, id_or_name);
    return id->empty() ? std::nullopt : find(engine, *id);
}

ContainerDir ContainerDir::open(const Engine& engine, const std::string& id_or_name) {
    auto dir = find_named(engine, id_or_name);
    if (!dir) throw no_such_container(id_or_name);
    return std::move(*dir);
}

ContainerRecord ContainerDir::load_record() const { return stored_record(files::read(fd(), "record.json"), id_, path_); }

void ContainerDir::save_record(const ContainerRecord& record) const {
    files::write_atomic(fd(), "record.json", record_json(record), 0600, files::Durability::synced);
}

ContainerState ContainerDir::read_state() const { return stored_state(files::find(fd(), "state.json"), id_, path_); }

ContainerState ContainerDir::load_state() const {
    ContainerState state = read_state();
    if (is_at_rest(state)) return state;
    if (state.boot_id != boot_id_) {
        mark_lost(state);
        return state;
    }
    const auto life = find_life(state);
    if (!life) return load_end();
    if (state.status == "starting" && !has_monitor()) state.status = "running"; // the monitor died right after the exec
    if (state.status == "running" && (life->stopped || rootless::is_frozen(state.cgroup))) state.status = "paused";
    return state;
}

/// For a container whose process is gone: how it ended, as its monitor says. One that is slow to say it must not hold up a
/// reader; one that is gone as well cannot, so the end is taken for a kill.
ContainerState ContainerDir::load_end() const {
    constexpr auto patience = std::chrono::milliseconds(200), pause = std::chrono::milliseconds(5);
    for (auto waited = std::chrono::milliseconds(0);; waited += pause) {
        const bool watched = has_monitor(); // asked before reading: once it is gone, what is there is all there will be
        ContainerState state = read_state();
        if (is_at_rest(state) || (watched && !has_process(state.status)) || lives(state))
            return state;
        if (watched && waited < patience) {
            sys::sleep_for(pause);
            continue;
        }
        state.lost = !watched;
        if (!watched) mark_lost(state);
        else state.status = "stopping";
        state.pid = 0;
        return state;
    }
}

void ContainerDir::save_state(const ContainerState& state) const {
    files::write_atomic(fd(), "state.json", state_json(state), 0600, files::Durability::none);
}

FileLock ContainerDir::lock() const {
    return FileLock::acquire(fd(), "lock", FileLock::Mode::exclusive, std::chrono::minutes(2));
}

std::optional<FileLock> ContainerDir::try_lock_restarting() const {
    return FileLock::try_acquire(fd(), "restarting", FileLock::Mode::exclusive);
}

void ContainerDir::wait_while_restarting() const { (void)FileLock::wait_until_free(fd(), "restarting"); }

std::optional<int> ContainerDir::wait_for_monitor() const {
    const std::string last_word = FileLock::wait_until_free(fd(), "monitor");
    int code = 0;
    const auto [end, error] = std::from_chars(last_word.data(), last_word.data() + last_word.size(), code);
    return error == std::errc() && end != last_word.data() ? std::optional(code) : std::nullopt;
}

bool ContainerDir::has_monitor() const {
    return FileLock::is_held(fd(), "monitor");
}

std::optional<pid_t> ContainerDir::find_monitor_pid() const {
    const auto file = sys::try_open_at(fd(), "monitor", O_RDONLY | O_NOFOLLOW);
    const auto holder = file ? find_lock_holder(file->get()) : std::nullopt;
    return holder ? std::optional(static_cast<pid_t>(*holder)) : std::nullopt;
}

std::optional<UniqueFd> ContainerDir::find_monitor() const {
    const auto holder = find_monitor_pid();
    auto process = holder ? sys::pidfd_open(*holder) : std::nullopt;
    // Still the holder once the handle cannot change its meaning any more.
    if (!process || find_monitor_pid() != holder) return std::nullopt;
    return process;
}

Error no_such_container(const std::string& id_or_name) {
    return Error("no container with name or id \"", id_or_name, "\" found");
}

} // namespace lib
