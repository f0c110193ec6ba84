// See lib/runtime/state.h.
#include "lib/runtime/state.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/processes.h"

#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace lib::runtime {
namespace {

using nlohmann::json;

constexpr const char* socket_name = "start";
constexpr std::size_t most_id = 1024;

void check_id(const std::string& id) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("_+-.", c) != nullptr;
    };
    if (id.empty() || id.size() > most_id || id == "." || id == ".." || !std::ranges::all_of(id, is_good))
        throw Error("\"", id, "\" is no id of a container: letters, digits and _ + - . are possible");
}

/// Its address, short enough for sun_path however long the directory's name is.
sockaddr_un address_of(int dir_fd) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = cat("/proc/self/fd/", dir_fd, "/", socket_name);
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

std::string boot_id() {
    std::string text = files::read("/proc/sys/kernel/random/boot_id");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

json cgroup_json(const rootless::CgroupPlan& plan) {
    const char* manager = plan.manager == rootless::CgroupManager::systemd ? "systemd" : plan.manager == rootless::CgroupManager::cgroupfs ? "cgroupfs" : "none";
    return {{"manager", manager}, {"base", plan.base}, {"leaf", plan.leaf}, {"unit", plan.unit}, {"made", plan.made}, {"madeAbove", plan.made_above}, {"bus", plan.bus}, {"helper", plan.scope_helper}};
}

rootless::CgroupPlan read_cgroup(const json& object) {
    rootless::CgroupPlan plan;
    const std::string manager = object.value("manager", "none");
    plan.manager = manager == "systemd" ? rootless::CgroupManager::systemd : manager == "cgroupfs" ? rootless::CgroupManager::cgroupfs : rootless::CgroupManager::none;
    plan.base = object.value("base", "");
    plan.leaf = object.value("leaf", "");
    plan.unit = object.value("unit", "");
    plan.bus = object.value("bus", "");
    plan.scope_helper = object.value("helper", "");
    plan.made = object.value("made", false);
    plan.made_above = object.value("madeAbove", "");
    plan.alone = true;
    return plan;
}

State read_state(const json& record) {
    State state;
    state.id = record.value("id", "");
    state.pid = record.value("pid", 0);
    state.start_ticks = record.value("startTicks", std::uint64_t{0});
    state.boot_id = record.value("bootId", "");
    state.bundle = record.value("bundle", "");
    state.rootfs = record.value("rootfs", "");
    state.created = record.value("created", "");
    state.owner = record.value("owner", "");
    state.made = record.value("made", false);
    state.cgroup = read_cgroup(record.value("cgroup", json::object()));
    const json annotations = record.value("annotations", json::object());
    for (const auto& [key, value] : annotations.items()) state.annotations.emplace_back(key, value.get<std::string>());
    return state;
}

} // namespace

std::string_view status_name(Status status) {
    switch (status) {
    case Status::creating: return "creating";
    case Status::created: return "created";
    case Status::running: return "running";
    case Status::paused: return "paused";
    case Status::stopped: return "stopped";
    }
    return "";
}

std::string default_root() {
    const char* runtime_dir = std::getenv("XDG_RUNTIME_DIR");
    const bool has_dir = runtime_dir != nullptr && *runtime_dir == '/';
    // The first user namespace maps everything; in another one we are some user's root.
    const bool is_nested = files::read("/proc/self/uid_map").find("4294967295") == std::string::npos;
    if (has_dir && (::geteuid() != 0 || is_nested)) return cat(runtime_dir, "/ctl-oci");
    if (::geteuid() != 0) return cat("/run/user/", ::geteuid(), "/ctl-oci");
    return "/run/ctl-oci";
}

StateDir StateDir::create(const std::string& root, const std::string& id) {
    check_id(id);
    sys::ensure_dir(root, 0700);
    std::string path = cat(root, "/", id);
    if (::mkdir(path.c_str(), 0700) != 0) {
        if (errno == EEXIST) throw Error("container \"", id, "\" already exists");
        throw SysError{errno, cat("make ", path)};
    }
    UniqueFd fd = files::open_dir(path);
    return {std::move(path), std::move(fd)};
}

StateDir StateDir::open(const std::string& root, const std::string& id) {
    check_id(id);
    std::string path = cat(root, "/", id);
    auto fd = sys::try_open(path, O_RDONLY | O_DIRECTORY);
    if (!fd) throw Error("container \"", id, "\" does not exist");
    return {std::move(path), std::move(*fd)};
}

bool StateDir::exists(const std::string& root, const std::string& id) {
    check_id(id);
    return sys::find_stat_at(AT_FDCWD, cat(root, "/", id)).has_value();
}

std::vector<std::string> StateDir::list(const std::string& root) {
    std::vector<std::string> ids = files::list(AT_FDCWD, root);
    std::ranges::sort(ids);
    return ids;
}

FileLock StateDir::lock() const {
    try {
        return FileLock::acquire(fd(), "lock", FileLock::Mode::exclusive);
    } catch (const SysError& e) {
        if (e.err() != ENOENT) throw;
        throw Error("container \"", path_.substr(path_.rfind('/') + 1), "\" does not exist"); // deleted a moment ago
    }
}

void StateDir::save(const State& state) const {
    json annotations = json::object();
    for (const auto& [key, value] : state.annotations) annotations[key] = value;
    const json record{{"version", 1}, {"id", state.id}, {"pid", state.pid}, {"startTicks", state.start_ticks}, {"bootId", boot_id()},
                      {"bundle", state.bundle}, {"rootfs", state.rootfs}, {"created", state.created}, {"owner", state.owner},
                      {"cgroup", cgroup_json(state.cgroup)}, {"made", state.made}, {"annotations", annotations}};
    files::write_atomic(fd(), "state.json", record.dump(-1, ' ', false, json::error_handler_t::replace), 0600, files::Durability::none);
}

State StateDir::load() const {
    State state;
    state.id = path_.substr(path_.rfind('/') + 1);
    const auto text = files::find(fd(), "state.json");
    if (!text) return state; // its maker is at work, or was killed
    try {
        const json record = json::parse(*text);
        if (record.at("version") == 1) return read_state(record);
    } catch (const json::exception&) { // told below
    }
    throw Error(path_, "/state.json: written by another version of ctl, or damaged; `delete --force` removes the container");
}

void StateDir::save_spec(const std::string& text) const {
    files::write_atomic(fd(), "config.json", text, 0600, files::Durability::none);
}

oci::RuntimeSpec StateDir::load_spec() const {
    return oci::parse_runtime_spec(files::read(fd(), "config.json"), cat(path_, "/config.json"));
}

UniqueFd StateDir::listen() const {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(fd());
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(socket.get(), 8) != 0)
        throw SysError{errno, cat("listen on ", path_, "/", socket_name)};
    return socket;
}

UniqueFd StateDir::connect() const {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(fd());
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (socket && (errno == ECONNREFUSED || errno == ENOENT)) return {};
        throw SysError{errno, cat("reach the waiting process by ", path_, "/", socket_name)};
    }
    return socket;
}

void StateDir::end_waiting() const { sys::unlink_at(fd(), socket_name); }
bool StateDir::waits() const { return sys::find_stat_at(fd(), socket_name).has_value(); }
void StateDir::remove() const { files::remove_tree(AT_FDCWD, path_); }

UniqueFd open_process(const State& state) {
    if (state.pid <= 0 || state.boot_id != boot_id()) return {};
    auto pidfd = sys::pidfd_open(state.pid);
    const auto found = pidfd ? find_process(state.pid) : std::nullopt;
    if (!found || found->start_ticks != state.start_ticks || found->state == 'Z' || found->state == 'X') return {};
    return std::move(*pidfd);
}

Status status_of(const StateDir& dir, const State& state, LockHolder holder) {
    if (!state.made) return holder == LockHolder::unknown && FileLock::is_held(dir.fd(), "lock") ? Status::creating : Status::stopped;
    if (!open_process(state)) return Status::stopped;
    if (rootless::is_frozen(state.cgroup)) return Status::paused;
    return dir.waits() ? Status::created : Status::running;
}

json state_json(const State& state, Status status) {
    json document{{"ociVersion", "1.2.0"}, {"id", state.id}, {"pid", status == Status::stopped ? 0 : state.pid}, {"status", status_name(status)},
                  {"bundle", state.bundle}, {"rootfs", state.rootfs}, {"created", state.created}, {"owner", state.owner}};
    json annotations = json::object();
    for (const auto& [key, value] : state.annotations) annotations[key] = value;
    if (!annotations.empty()) document["annotations"] = annotations;
    return document;
}

std::string state_text(const State& state, Status status) {
    return state_json(state, status).dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace lib::runtime
