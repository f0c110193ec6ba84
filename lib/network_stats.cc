// See lib/network_stats.h.
#include "lib/network_stats.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "netstack/counters_page.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lib {
namespace {

std::string counters_dir(const std::string& runtime_dir) { return runtime_dir + "/net"; }
std::string counters_path(const std::string& runtime_dir, const std::string& id) { return cat(counters_dir(runtime_dir), "/", id); }

enum class Missing { is_error, is_passed_over };

/// Why there is nothing to be shown of one that runs, where it was asked for by name.
Error nothing_to_show(const ContainerRecord& record, const std::string& path) {
    if (record.network != "default")
        return Error("container ", record.name, " has no counters: its network is \"", record.network, "\", and only ctl's own (default) is counted");
    return Error("container ", record.name, " has no counters: ", path, " is not there; without an interface and published ports nothing is "
                 "counted, nor where others can write to that directory, and after the runtime directory was emptied a restart brings them back");
}

std::optional<NetworkStats> stats_of(const ContainerDir& dir, Missing missing) {
    const ContainerState state = dir.load_state();
    const ContainerRecord record = dir.load_record();
    const bool is_there = state.is_up() || state.status == "initialized";
    if (!is_there) {
        if (missing == Missing::is_passed_over) return std::nullopt;
        throw Error("container ", record.name, " does not run, and has no counters");
    }
    const std::string path = counters_path(state.runtime_dir, record.id);
    const auto file = sys::try_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    netstack::PublishedCounters shown;
    const auto outcome = file ? netstack::read_counters(file->get(), shown) : netstack::CountersRead::nothing_yet;
    if (outcome == netstack::CountersRead::done)
        return NetworkStats{record.id, record.name, shown.tier == netstack::Tier::tap, state.network_restarts, shown.counters};
    if (missing == Missing::is_passed_over) return std::nullopt;
    if (!file) throw nothing_to_show(record, path);
    if (outcome == netstack::CountersRead::nothing_yet) return NetworkStats{record.id, record.name, false, state.network_restarts, {}}; // it has just begun
    throw Error("the counters of container ", record.name, " (", path, ") are of another version of ctl; restart the container to have them again");
}

} // namespace

std::vector<NetworkStats> network_stats(const Engine& engine, const std::vector<std::string>& names) {
    std::vector<NetworkStats> list;
    for (const std::string& name : names) list.push_back(*stats_of(ContainerDir::open(engine, name), Missing::is_error));
    if (!names.empty()) return list;
    for (const ContainerSummary& container : list_containers(engine, false))
        if (const auto dir = ContainerDir::find(engine, container.id))
            if (auto stats = stats_of(*dir, Missing::is_passed_over)) list.push_back(std::move(*stats));
    return list;
}

UniqueFd make_counters_file(const std::string& runtime_dir, const std::string& container_id) noexcept {
    try {
        sys::ensure_dir(counters_dir(runtime_dir), 0700);
        const UniqueFd dir = sys::open(counters_dir(runtime_dir), O_PATH | O_DIRECTORY);
        const struct stat st = sys::fstat(dir.get(), counters_dir(runtime_dir));
        if (st.st_uid != ::geteuid() || (st.st_mode & 0022) != 0) return {}; // who else can write there could cut the file short
        sys::unlink_at(dir.get(), container_id); // the one of a run before may be mapped still
        UniqueFd file = sys::open_at(dir.get(), container_id, O_RDWR | O_CREAT | O_EXCL, 0600);
        // Bytes and not a hole: a full disk is to be noticed here, and not by who writes to the mapping.
        sys::write_all(file.get(), std::string(sizeof(netstack::CounterSlot), '\0'), "a container's counters");
        return file;
    } catch (const Error&) {
        return {};
    }
}

void remove_counters_file(const std::string& runtime_dir, const std::string& container_id) noexcept {
    ::unlink(counters_path(runtime_dir, container_id).c_str());
}

} // namespace lib
