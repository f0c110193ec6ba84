// How far a pull is: bars redrawn in place where standard error is a terminal, a line per finished layer elsewhere.
#pragma once

#include "lib/run.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cli {

class Progress {
public:
    /// Draws with escape sequences when standard error is a terminal.
    Progress();
    Progress(bool on_terminal, std::size_t width) : on_terminal_(on_terminal), width_(width) {}

    /// Takes one line of the image worker (lib/image_worker.h) and returns what to write, possibly nothing. A line that is
    /// no progress is ignored.
    std::string update(const std::string& json_line, std::chrono::steady_clock::time_point now);
    /// What removes the bars again: they are of no use once the work is done, or in the way of a notice.
    std::string clear();

private:
    struct Layer {
        std::string digest;
        std::string state;
        std::uint64_t done = 0;
        std::uint64_t total = 0; ///< 0: not known
    };
    Layer& layer(const std::string& digest);
    std::string draw();
    std::string bar_line(const Layer& layer) const;

    bool on_terminal_ = false;
    std::size_t width_ = 80;
    std::vector<Layer> layers_;  ///< in the order of their first lines
    std::size_t drawn_lines_ = 0;
    std::chrono::steady_clock::time_point last_draw_{};
};

/// Notices and progress on standard error; `quiet` leaves only errors. The bars are removed with the last copy.
lib::Callbacks make_callbacks(bool quiet);

} // namespace cli
