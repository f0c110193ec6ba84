// Layers into the store, see lib/worker/layers.h.
#include "lib/worker/layers.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/worker/parallel.h"
#include "storage/write_behind.h"

#include <fcntl.h>

#include <exception>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace lib::worker {
namespace {

/// The threads of one fetch and what they share.
class Fetch {
public:
    Fetch(storage::Store& store, std::vector<LayerJob> jobs, const OpenLayer& open_layer, Report& report)
        : store_(store), jobs_(std::move(jobs)), open_layer_(open_layer), report_(report) {}

    void run() {
        run_parallel(jobs_.size(), [this](std::size_t index) {
            try {
                fetch(jobs_[index]);
            } catch (const std::exception&) {
                cancelled_ = true; // the reads of the others end
                throw;
            }
        });
    }

private:
    void fetch(const LayerJob& job) {
        storage::UnpackOptions options;
        options.single_id = is_single_id();
        options.on_progress = [this, noted = std::uint64_t{0}](std::uint64_t pulled) mutable { write_behind_.note(pulled - std::exchange(noted, pulled)); };
        options.on_wait = [&](const std::string& sentence) { report_.notice(sentence); };
        report_.layer(job.name, LayerState::waiting, 0, job.size);
        const auto claim = storage::LayerClaim::acquire(store_, job.diff_id.str(), options);
        if (!claim) {
            report_.layer(job.name, LayerState::exists, job.size, job.size);
            return;
        }
        while (!try_publish(*claim, job, options)) {}
        report_.layer(job.name, LayerState::done, job.size, job.size);
    }

    /// False when the bytes were wrong and others may be right.
    bool try_publish(const storage::LayerClaim& claim, const LayerJob& job, const storage::UnpackOptions& options) {
        const auto source = open_layer_(job, cancelled_);
        try {
            storage::publish_layer(claim, *source, options);
        } catch (Error& e) {
            if (source->rejected()) return false;
            e.add_context(cat("layer ", job.name));
            throw;
        }
        source->accepted();
        return true;
    }

    storage::Store& store_;
    const std::vector<LayerJob> jobs_;
    const OpenLayer& open_layer_;
    Report& report_;
    std::atomic<bool> cancelled_ = false;
    storage::WriteBehind write_behind_{store_};
};

} // namespace

bool is_single_id() {
    std::istringstream map(sys::read_to_end(sys::open("/proc/self/uid_map", O_RDONLY).get(), 1 << 16, "uid_map"));
    std::uint64_t inside = 0, outside = 0, count = 0, extents = 0, last = 0;
    for (; map >> inside >> outside >> count; last = count) ++extents;
    return extents == 1 && last == 1;
}

void fetch_layers(storage::Store& store, const std::vector<LayerJob>& jobs, const OpenLayer& open_layer, Report& report) {
    std::vector<LayerJob> distinct;
    std::set<oci::Digest> seen;
    for (const LayerJob& job : jobs)
        if (seen.insert(job.diff_id).second) distinct.push_back(job);
    Fetch(store, std::move(distinct), open_layer, report).run();
}

} // namespace lib::worker
