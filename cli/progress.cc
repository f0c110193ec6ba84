// Progress of a pull, see cli/progress.h.
#include "cli/progress.h"

#include "base/error.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/output.h"

#include <sys/ioctl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>

namespace cli {
namespace {

constexpr std::chrono::milliseconds redraw_interval{80};
constexpr std::size_t bar_width = 24;
constexpr std::size_t most_bars = 16; ///< so that they fit on the smallest of terminals

std::size_t terminal_width() {
    struct winsize size {};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

bool is_finished(const std::string& state) { return state == "done" || state == "exists"; }

std::string short_digest(const std::string& digest) {
    const auto colon = digest.find(':');
    return escaped(digest.substr(colon == std::string::npos ? 0 : colon + 1, 12));
}

void write_stderr(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
        if (n <= 0) return; // progress is not worth an error
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

} // namespace

Progress::Progress() : Progress(::isatty(STDERR_FILENO) == 1, terminal_width()) {}

Progress::Layer& Progress::layer(const std::string& digest) {
    const auto found = std::ranges::find(layers_, digest, &Layer::digest);
    return found != layers_.end() ? *found : layers_.emplace_back(Layer{.digest = digest});
}

std::string Progress::update(const std::string& json_line, std::chrono::steady_clock::time_point now) {
    const auto line = nlohmann::json::parse(json_line, nullptr, false);
    if (!line.is_object() || !line.contains("layer") || !line["layer"].is_string()) return {};
    Layer& changed = layer(line["layer"].get<std::string>());
    const std::string before = changed.state;
    if (line.contains("state") && line["state"].is_string()) changed.state = line["state"].get<std::string>();
    if (line.contains("done") && line["done"].is_number_unsigned()) changed.done = line["done"].get<std::uint64_t>();
    if (line.contains("total") && line["total"].is_number_unsigned()) changed.total = line["total"].get<std::uint64_t>();

    const bool news = before != changed.state;
    if (!on_terminal_) {
        if (!news || !is_finished(changed.state)) return {};
        const std::string size = changed.state == "done" && changed.total > 0 ? ", " + human_size(changed.total) : "";
        return cat("layer ", short_digest(changed.digest), ": ", changed.state == "done" ? "done" : "already here", size, "\n");
    }
    if (!news && now - last_draw_ < redraw_interval) return {};
    last_draw_ = now;
    std::string text = clear(); // before draw() counts its lines
    text += draw();
    return text;
}

std::string Progress::clear() {
    // Up to the first bar's line, then erase to the end of the screen (ECMA-48: CPL, ED).
    std::string text = drawn_lines_ > 0 ? cat("\x1b[", drawn_lines_, "F\x1b[J") : "";
    drawn_lines_ = 0;
    return text;
}

std::string Progress::draw() {
    std::string text;
    std::size_t finished = 0;
    for (const Layer& each : layers_) {
        if (is_finished(each.state)) {
            ++finished;
            continue;
        }
        if (drawn_lines_ >= most_bars) continue;
        text += bar_line(each).substr(0, width_ > 1 ? width_ - 1 : width_) + "\n"; // a wrapped line would count as two
        ++drawn_lines_;
    }
    text += cat(finished, " of ", layers_.size(), " layers done\n");
    ++drawn_lines_;
    return text;
}

std::string Progress::bar_line(const Layer& each) const {
    const double part = each.total > 0 ? std::min(1.0, static_cast<double>(each.done) / static_cast<double>(each.total)) : 0;
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_width));
    std::string line = cat(short_digest(each.digest), " [", std::string(filled, '='), std::string(bar_width - filled, ' '), "] ");
    line += each.state == "waiting" ? "waiting" : human_size(each.done);
    if (each.state != "waiting" && each.total > 0) line += " / " + human_size(each.total);
    if (each.state == "unpacking" || each.state == "packing") line += ", " + each.state;
    return line;
}

namespace {

/// Only a terminal can answer.
std::function<std::size_t(const std::string&, const std::vector<std::string>&)> chooser() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return {};
    return choose;
}

} // namespace

lib::Callbacks make_callbacks(bool quiet) {
    if (quiet) return {.notice = {}, .pull_progress = {}, .choose = chooser(), .warning = [](const std::string& sentence) { print_warnings({sentence}); }};
    struct Shared {
        Progress progress;
        ~Shared() { write_stderr(progress.clear()); }
    };
    const auto shared = std::make_shared<Shared>();
    return {
        .notice =
            [shared](const std::string& sentence) {
                write_stderr(shared->progress.clear());
                print_notice(escaped(sentence));
            },
        .pull_progress =
            [shared](const std::string& line) {
                write_stderr(shared->progress.update(line, std::chrono::steady_clock::now()));
            },
        .choose = chooser(),
        .warning =
            [shared](const std::string& sentence) {
                write_stderr(shared->progress.clear());
                print_warnings({sentence});
            },
    };
}

} // namespace cli
