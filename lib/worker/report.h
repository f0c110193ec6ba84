// What the image worker tells its parent: one JSON object a line (lib/image_worker.h has the list). Any thread.
#pragma once

#include "base/unique_fd.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace lib::worker {

enum class LayerState { waiting, downloading, unpacking, packing, uploading, done, exists };

class Report {
public:
    explicit Report(UniqueFd out) : out_(std::move(out)) {}

    /// Bytes of the blob. Changes of state are always told, numbers at most ten times a second and layer.
    void layer(const std::string& digest, LayerState state, std::uint64_t done, std::uint64_t total);
    void notice(const std::string& sentence);
    /// The same for what --quiet does not silence.
    void warning(const std::string& sentence);
    void result(const nlohmann::json& result);
    void error(const std::string& message, int exit_code);

private:
    struct Told {
        LayerState state;
        std::chrono::steady_clock::time_point when;
    };
    void write(const nlohmann::json& line);

    std::mutex mutex_;
    UniqueFd out_;
    std::map<std::string, Told> told_; ///< by layer
};

} // namespace lib::worker
