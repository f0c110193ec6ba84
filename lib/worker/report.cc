// Lines to the parent, see lib/worker/report.h.
#include "lib/worker/report.h"

#include "base/sys.h"

#include <nlohmann/json.hpp>

namespace lib::worker {
namespace {

constexpr std::chrono::milliseconds quiet_time{100};

const char* to_text(LayerState state) {
    switch (state) {
    case LayerState::waiting: return "waiting";
    case LayerState::downloading: return "downloading";
    case LayerState::unpacking: return "unpacking";
    case LayerState::packing: return "packing";
    case LayerState::uploading: return "uploading";
    case LayerState::done: return "done";
    case LayerState::exists: return "exists";
    }
    return "";
}

} // namespace

/// A write that fails means that the parent is gone: the error ends the worker as any other.
void Report::write(const nlohmann::json& line) {
    // Text of others that is not UTF-8 is shown with replacement characters rather than not at all.
    const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    sys::write_all(out_.get(), text, "report to ctl");
}

void Report::layer(const std::string& digest, LayerState state, std::uint64_t done, std::uint64_t total) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto it = told_.find(digest);
    if (it != told_.end() && it->second.state == state && now - it->second.when < quiet_time) return;
    told_.insert_or_assign(digest, Told{state, now});
    write({{"layer", digest}, {"state", to_text(state)}, {"done", done}, {"total", total}});
}

void Report::notice(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    write({{"notice", sentence}});
}

void Report::warning(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    write({{"warning", sentence}});
}

void Report::result(const nlohmann::json& result) {
    const std::lock_guard lock(mutex_);
    write({{"result", result}});
}

void Report::error(const std::string& message, int exit_code) {
    const std::lock_guard lock(mutex_);
    write({{"error", message}, {"exit_code", exit_code}});
}

} // namespace lib::worker
