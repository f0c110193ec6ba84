// rm: a container's record, its files and, if asked for, its anonymous volumes.
#include "lib/attach_socket.h"
#include "lib/container_places.h"
#include "lib/container_store.h"
#include "lib/events.h"
#include "lib/held_up.h"
#include "lib/leftovers.h"
#include "lib/network_stats.h"
#include "lib/other_runtime/call.h"
#include "lib/usage.h"

#include "base/error.h"
#include "base/files.h"
#include "storage/root.h"
#include "storage/volume.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

namespace lib {
namespace {

constexpr int not_there = 1, still_runs = 2; ///< exit codes of podman-rm(1)

/// Running, held, about to be started or to be started again.
bool is_at_work(const ContainerDir& dir, const ContainerState& state) {
    return find_container_process(state) || ((state.status == "restarting" || state.status == "starting") && dir.has_monitor());
}

void refuse_running(const ContainerDir& dir, const ContainerRecord& record, const RemoveOptions& options) {
    if (options.force) return;
    const ContainerState state = dir.load_state();
    if (is_at_work(dir, state) && state.status != "initialized") // which has nothing to lose
        throw Error("container ", record.name, " is running: stop it first (ctl stop ", record.name, "), or use ctl rm -f")
            .with_exit_code(still_runs);
}

/// Stops it if that was asked for, and returns when nothing of it runs, or something does again.
void end_container(Engine& engine, const ContainerDir& dir, const ContainerRecord& record, const RemoveOptions& options) {
    refuse_running(dir, record, options);
    if (is_at_work(dir, dir.load_state()))
        stop_container(engine, dir.id(), {.timeout = options.timeout.value_or(std::chrono::seconds(0))}, {});
    wait_for_monitor_until(dir, record, [&] { return !dir.has_monitor() || is_at_work(dir, dir.load_state()); });
}

void refuse_required(const Engine& engine, const ContainerRecord& record) {
    const auto dependents = find_dependents(engine, record.id);
    if (dependents.empty()) return;
    std::string names;
    for (const ContainerRecord& dependent : dependents) names += cat(names.empty() ? "" : ", ", dependent.name);
    throw Error("container ", record.name, " is required by ", names, ": remove ", dependents.size() == 1 ? "that" : "those",
                " first, or all of them with ctl rm --depend ", record.name);
}

void remove_one(Engine& engine, const ContainerDir& dir, const RemoveOptions& options) {
    ContainerRecord record = dir.load_record();
    refuse_running(dir, record, options);
    refuse_required(engine, record);
    for (;;) {
        end_container(engine, dir, record, options);
        const FileLock lock = dir.lock();
        if (!ContainerDir::find(engine, dir.id())) return; // --rm, or another rm, has done it meanwhile
        end_leftovers_of_lost(dir, dir.load_state());
        // No monitor may begin while it goes: one whose command was killed waits for this lock and then finds nothing.
        const auto no_monitor = FileLock::try_acquire(dir.fd(), "monitor", FileLock::Mode::exclusive);
        const ContainerState state = dir.load_state();
        if (!no_monitor || find_container_process(state)) continue; // started before we had the lock
        remove_attach_socket(state.runtime_dir, dir.id()); // of a monitor that was killed
        remove_counters_file(state.runtime_dir, dir.id());
        forget_at_runtime(engine, record, state.runtime_dir);
        record = dir.load_record(); // its name may have changed
        refuse_required(engine, record);
        unpublish_container(engine, dir, record);
        break;
    }
    record_container_event(engine.paths, record, "remove");
    if (options.volumes || record.auto_remove) remove_anonymous_volumes(engine, record);
}

/// The containers of one `rm`, those that require others before them. Each is there once.
class Order {
public:
    Order(const Engine& engine, bool depend) : engine_(engine), depend_(depend) {}

    /// `target` is what to blame where several lead to the same container: the first.
    void add(const std::string& id, std::size_t target, bool wanted = true) {
        if (!seen_.insert(id).second) return;
        for (const ContainerRecord& dependent : find_dependents(engine_, id))
            if (depend_ || named_.contains(dependent.id)) add(dependent.id, target);
        if (wanted) order_.emplace_back(id, target);
    }
    void name(const std::string& id) { named_.insert(id); }
    const std::vector<std::pair<std::string, std::size_t>>& ids() const { return order_; }
    /// Without those that stay, because what requires them does.
    std::vector<std::string> removable() const {
        std::vector<std::string> found;
        for (const auto& [id, target] : order_)
            if (std::ranges::all_of(find_dependents(engine_, id), [&](const auto& dependent) { return seen_.contains(dependent.id); }))
                found.push_back(id);
        return found;
    }

private:
    const Engine& engine_;
    bool depend_;
    std::set<std::string> named_, seen_;
    std::vector<std::pair<std::string, std::size_t>> order_;
};

} // namespace

void remove_anonymous_volumes(const Engine& engine, const ContainerRecord& record) {
    if (record.anonymous_volumes.empty()) return;
    const storage::Root root(engine.paths.data);
    storage::Volumes volumes(root);
    const FileLock lock = volumes.lock_for_removal();
    try {
        const auto users = volume_users(engine);
        for (const std::string& name : record.anonymous_volumes)
            if (!users.contains(name) && volumes.remove(name)) record_volume_event(engine.paths, "remove", name);
    } catch (const DamagedRecord&) {
        return; // that container may use them, nobody can tell: they are left to `volume prune`
    }
}

std::vector<ContainerRecord> find_dependents(const Engine& engine, const std::string& id) {
    std::vector<ContainerRecord> found;
    for (const std::string& dependent : files::list(AT_FDCWD, container_path(engine, id) + "/required-by")) {
        const auto dir = ContainerDir::find(engine, dependent);
        if (!dir) continue; // it was removed; the mark is all that is left
        try {
            ContainerRecord record = dir->load_record();
            if (std::ranges::find(record.requires_ids, id) != record.requires_ids.end()) found.push_back(std::move(record));
        } catch (const DamagedRecord&) {
            continue; // it will not start again
        }
    }
    return found;
}

Outcomes remove_containers(Engine& engine, const std::vector<std::string>& names, const RemoveOptions& options) {
    Outcomes outcomes(names.size());
    std::vector<std::string> ids(names.size());
    Order order(engine, options.depend);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto dir = ContainerDir::find_named(engine, names[i]);
        if (dir) order.name(ids[i] = dir->id());
        else if (!options.force && !options.ignore) outcomes[i] = no_such_container(names[i]).with_exit_code(not_there);
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!ids[i].empty()) order.add(ids[i], i);
    const std::vector<std::string> ending = options.force ? order.removable() : std::vector<std::string>();
    const Outcomes stopped =
        stop_containers(engine, ending, {.timeout = options.timeout.value_or(std::chrono::seconds(0)), .ignore = true}, {});
    std::map<std::string, Error> unstopped;
    for (std::size_t i = 0; i < ending.size(); ++i)
        if (stopped[i]) unstopped.emplace(ending[i], *stopped[i]);
    for (const auto& [id, target] : order.ids()) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue;
        try {
            // One that could not be stopped would be waited for once more. What else went wrong does so again, and is told then.
            const auto failure = unstopped.find(id);
            if (failure != unstopped.end() && is_at_work(*dir, dir->load_state())) throw Error(failure->second);
            remove_one(engine, *dir, options);
        } catch (const DamagedRecord& e) {
            if (options.force && !dir->has_monitor()) throw_away_damaged(engine, id);
            else if (!outcomes[target]) outcomes[target] = static_cast<const Error&>(e);
        } catch (const SysError& e) {
            const bool is_gone = e.err() == ENOENT && !ContainerDir::find(engine, id); // --rm, or another rm, was faster
            if (!is_gone && !outcomes[target]) outcomes[target] = static_cast<const Error&>(e);
        } catch (const Error& e) {
            if (!outcomes[target]) outcomes[target] = e;
        }
    }
    empty_trash(engine);
    return outcomes;
}

void remove_container(Engine& engine, const std::string& id_or_name, const RemoveOptions& options) {
    if (const auto error = remove_containers(engine, {id_or_name}, options).front()) throw Error(*error);
}

void remove_if_abandoned(Engine& engine, const std::string& name) {
    const auto dir = ContainerDir::find_named(engine, name);
    if (dir && is_abandoned(engine, *dir, dir->load_record())) remove_container(engine, dir->id(), {.ignore = true});
}

void remove_abandoned(Engine& engine, const std::string& except_id) {
    for (const std::string& id : container_ids(engine)) {
        if (id == except_id) continue;
        try {
            const auto dir = ContainerDir::find(engine, id);
            if (!dir) {
                throw_away(engine, id);
                continue;
            }
            const ContainerRecord record = dir->load_record();
            const bool has_ended = record.auto_remove && dir->load_state().status == "exited" && !dir->has_monitor();
            if (has_ended || is_abandoned(engine, *dir, record)) remove_container(engine, id, {});
        } catch (const Error&) {
            continue; // somebody else was faster, or it stays to be looked at with `ctl ps --all`
        }
    }
}

} // namespace lib
