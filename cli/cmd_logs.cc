// ctl logs.
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"
#include "lib/logs.h"
#include "lib/time_point.h"

#include <unistd.h>

#include <cerrno>

namespace cli {
namespace {

/// Turns entries into text and prints them, each stream to its own. Gathered, so that a long log is not a write(2) a line.
class LogPrinter {
public:
    /// `details` stand behind the time, where Docker has them.
    LogPrinter(std::vector<std::string> prefixes, std::vector<std::string> details, bool timestamps)
        : prefixes_(std::move(prefixes)), details_(std::move(details)), timestamps_(timestamps) {}

    /// What the container printed goes out as it is: it is the container's output, not a name in one of our tables.
    void add(const lib::LogEntry& entry) {
        if (entry.record.stream != stream_ || text_.size() > enough) flush();
        stream_ = entry.record.stream;
        if (entry.starts_line) {
            text_ += prefixes_[entry.log];
            if (timestamps_) {
                const auto time = lib::format_rfc3339(entry.record.time_ns);
                text_.append(time.data(), time.size());
                text_ += ' ';
            }
            text_ += details_[entry.log];
        }
        text_ += entry.record.text;
        if (entry.record.ends_line) text_ += '\n';
    }

    void flush() {
        std::string text;
        text.swap(text_);
        if (text.empty()) return;
        if (stream_ == lib::LogStream::out) {
            print(text);
            return;
        }
        try {
            sys::write_all(STDERR_FILENO, text, "standard error");
        } catch (const SysError& e) {
            if (e.err() == EPIPE) throw OutputClosed();
            throw;
        }
    }

private:
    static constexpr std::size_t enough = 64 << 10;
    std::vector<std::string> prefixes_;
    std::vector<std::string> details_;
    bool timestamps_;
    lib::LogStream stream_ = lib::LogStream::out;
    std::string text_;
};

/// "NAME " or "ID " where there is more than one, in colours of their own.
std::string make_prefix(const std::string& what, std::size_t number, bool colour) {
    if (!colour) return what + " ";
    const std::size_t code = 31 + number % 6; // red to cyan
    return cat("\033[", code, "m", what, "\033[0m ");
}

} // namespace

int cmd_logs(const ParsedCommand& command, const Globals& globals) {
    lib::LogsRequest request;
    const std::int64_t now = sys::realtime_ns();
    if (const auto tail = command.find("tail"); tail && *tail != "all" && *tail != "-1") // both are Podman's "all"
        request.tail = static_cast<std::uint64_t>(parse_integer("tail", *tail, 0));
    if (const auto since = command.find("since")) request.since = lib::parse_time_point(*since, now);
    if (const auto until = command.find("until")) request.until = lib::parse_time_point(*until, now);
    request.follow = command.is_on("follow");

    const lib::Engine engine = globals.make_engine();
    const std::vector<std::string> names = container_targets(command, engine, {});
    std::vector<std::string> prefixes, details;
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto log = lib::find_log(engine, names[i], request.follow);
        if (!log) continue;
        request.logs.push_back(std::move(*log));
        const std::string id = lib::find_container_id(engine, names[i]).substr(0, 12);
        const bool several = names.size() > 1;
        const std::string& tag = request.logs.back().tag;
        details.push_back(command.is_on("details") && !tag.empty() ? cat("tag=", tag, " ") : "");
        prefixes.push_back(several ? make_prefix(command.is_on("names") ? request.logs.back().name : id, i, command.is_on("color")) : "");
    }
    LogPrinter printer(std::move(prefixes), std::move(details), command.is_on("timestamps"));
    request.caught_up = [&] { printer.flush(); };
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        printer.add(entry);
        return true;
    });
    printer.flush();
    return 0;
}

} // namespace cli
