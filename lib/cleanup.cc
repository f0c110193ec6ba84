// prune and cleanup; see lib/cleanup.h.
#include "lib/cleanup.h"

#include "base/error.h"
#include "lib/attach_socket.h"
#include "lib/container_store.h"
#include "lib/events.h"
#include "lib/images.h"
#include "lib/leftovers.h"
#include "lib/network_stats.h"
#include "lib/other_runtime/call.h"
#include "lib/time_point.h"
#include "lib/transient.h"
#include "storage/overlay.h"

#include <algorithm>

namespace lib {
namespace {

using Labels = std::vector<std::pair<std::string, std::optional<std::string>>>;

std::pair<std::string, std::optional<std::string>> split_label(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return {text, std::nullopt};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

bool has_label(const ContainerRecord& record, const Labels::value_type& wanted) {
    const auto found = record.labels.find(wanted.first);
    return found != record.labels.end() && (!wanted.second || found->second == *wanted.second);
}

bool is_wanted(const ContainerRecord& record, const PruneFilter& filter) {
    const auto has = [&](const auto& label) { return has_label(record, label); };
    return (!filter.until || record.created < *filter.until) && std::ranges::all_of(filter.labels, has)
           && std::ranges::none_of(filter.not_labels, has);
}

/// One that a `run` is about to start is left alone; a dead `run` does not start anything.
bool may_go(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record) {
    const std::string status = dir.load_state().status;
    if (status == "initialized") return true;
    if (dir.has_monitor()) return false;
    if (status == "created") return record.runner_pid == 0 || !record.auto_remove || is_abandoned(engine, dir, record);
    return status == "exited";
}

void clean_up_one(Engine& engine, const ContainerDir& dir, const ContainerRecord& record) {
    const FileLock lock = dir.lock();
    ContainerState state = dir.load_state();
    if (state.status != "exited" && state.status != "created")
        throw Error("container ", record.name, " is not stopped (", state.status, "): it cannot be cleaned up");
    if (dir.has_monitor()) return; // which does all this itself
    end_leftovers_of_lost(dir, state);
    if (state.status == "exited") {
        if (state.cgroup.manager != rootless::CgroupManager::none) rootless::remove_cgroup(state.cgroup);
        remove_attach_socket(state.runtime_dir, dir.id());
        remove_counters_file(state.runtime_dir, dir.id());
        forget_at_runtime(engine, record, state.runtime_dir);
        state.monitor_pid = 0;
        dir.save_state(state); // what load_state() has found out
    }
    record_container_event(engine.paths, record, "cleanup");
}

} // namespace

PruneFilter parse_prune_filter(const std::vector<std::string>& words, std::int64_t now_ns) {
    PruneFilter filter;
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) throw Error("--filter \"", word, "\": expected KEY=VALUE");
        const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
        if (key == "until") filter.until = parse_time_point(value, now_ns);
        else if (key == "label") filter.labels.push_back(split_label(value));
        else if (key == "label!") filter.not_labels.push_back(split_label(value));
        else throw Error("--filter ", word, ": known keys are until, label and label!");
    }
    return filter;
}

Pruned prune_containers(Engine& engine, const PruneFilter& filter) {
    std::vector<std::string> ids;
    for (const std::string& id : container_ids(engine)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue;
        try {
            const ContainerRecord record = dir->load_record();
            if (is_wanted(record, filter) && may_go(engine, *dir, record)) ids.push_back(id);
        } catch (const DamagedRecord&) {
            continue; // for `system check` to tell and `rm -f` to remove
        }
    }
    const Outcomes outcomes = remove_containers(engine, ids, {.ignore = true, .volumes = true});
    Pruned pruned;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (outcomes[i]) pruned.errors.push_back(*outcomes[i]);
        else pruned.ids.push_back(ids[i]);
    }
    return pruned;
}

Outcomes clean_up_containers(Engine& engine, const std::vector<std::string>& names, const CleanupOptions& options) {
    Outcomes outcomes(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            const ContainerDir dir = ContainerDir::open(engine, names[i]);
            const ContainerRecord record = dir.load_record();
            clean_up_one(engine, dir, record);
            if (options.remove || record.auto_remove) remove_container(engine, dir.id(), {.ignore = true});
            if (options.remove_image && record.rootfs.empty()) remove_image(engine, record.image_id, {});
        } catch (const Error& e) {
            outcomes[i] = e;
        }
    }
    return outcomes;
}

bool is_first_of_boot(const Engine& engine) { return !storage::find_overlay_probe(engine.paths); }

void clear_up_after_boot(Engine& engine, const std::string& except_id) {
    remove_abandoned(engine, except_id);
    if (remove_past_containers(engine) > 0) empty_trash(engine);
}

} // namespace lib
