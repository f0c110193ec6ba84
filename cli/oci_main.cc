// See cli/oci_main.h.
#include "cli/oci_main.h"

#include "base/error.h"
#include "base/sys.h"
#include "base/version.h"
#include "cli/output.h"
#include "cli/values.h"
#include "lib/runtime/state.h"
#include "lib/sealed_self.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <filesystem>

namespace cli {
namespace {

std::string now_text() {
    const auto now = lib::format_rfc3339(sys::realtime_ns());
    return {now.begin(), now.end()};
}

/// The caller's log. Opened anew for each line, because a command may be another process by then.
class Log {
public:
    explicit Log(const ParsedCommand& options) {
        if (const auto file = options.find("log"); file && !file->empty()) file_ = std::filesystem::absolute(*file);
        const std::string format = options.find("log-format").value_or("text");
        if (format != "text" && format != "json") throw Error("--log-format ", format, ": there are text and json");
        json_ = format == "json";
        debug_ = options.is_on("debug");
    }
    void debug(const std::string& text) const {
        if (debug_) write("debug", text);
    }
    void write(const char* level, const std::string& text) const {
        if (file_.empty()) return;
        const std::string line = json_ ? nlohmann::json{{"level", level}, {"msg", text}, {"time", now_text()}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                                       : cat("time=\"", now_text(), "\" level=", level, " msg=\"", escaped(text), "\"");
        try {
            sys::write_all(sys::open(file_, O_WRONLY | O_CREAT | O_APPEND, 0644).get(), line + "\n", file_);
        } catch (const Error& e) { // what is to be told is told on standard error, too
            print_notice(cat("ctl-oci: cannot write the log: ", escaped(e.what())));
        }
    }

private:
    std::string file_;
    bool json_ = false;
    bool debug_ = false;
};

const CommandSpec& oci_spec() { return *find_command(oci_command); }

/// Programs of containers are made here, from what is our own file.
bool enters_containers(std::string_view name) { return name == "oci create" || name == "oci run" || name == "oci exec" || name == "oci start"; }

int run_member(const ParsedCommand& options, const Log& log, char* const argv[]) {
    const std::string name = cat(oci_command, " ", options.arguments.front());
    const CommandSpec* spec = find_command(name);
    if (spec == nullptr) throw Error("unknown command ", options.arguments.front(), "; see ctl oci --help");
    ParsedCommand command = parse_command(*spec, {options.arguments.begin() + 1, options.arguments.end()});
    command.called_as = name;
    if (command.is_on("help")) {
        print(help_text(*spec));
        return 0;
    }
    if (enters_containers(name)) lib::ensure_sealed_self(argv);
    log.debug(name);
    Globals globals;
    globals.oci = &options;
    return find_command_function(name)(command, globals);
}

/// Engines look for these words when they tell a missing program (127) from other failures.
std::string text_of(const Error& error) {
    return error.exit_code == exit_code::not_found ? cat(error.what(), ": No such file or directory") : std::string(error.what());
}

/// What the command exits with: those who run a program of the container tell its kind of failure.
int exit_code_for(const ParsedCommand& options, const Error& error) {
    const std::string& command = options.arguments.front();
    const bool runs = command == "exec" || command == "run";
    if (runs && (error.exit_code == exit_code::not_found || error.exit_code == exit_code::not_executable)) return error.exit_code;
    return command == "exec" ? 255 : 1; // as runc
}

} // namespace

bool is_oci_call(std::string_view argv0) { return argv0.substr(argv0.rfind('/') + 1) == "ctl-oci"; }

int run_oci(const std::vector<std::string>& words, char* const argv[]) {
    ParsedCommand options(oci_spec());
    try {
        options = parse_command(oci_spec(), words);
        if (options.is_on("version")) {
            print(cat("ctl-oci version ", ctl_version, "\nspec: 1.2.0\n"));
            return 0;
        }
        if (options.is_on("help") || options.arguments.empty()) {
            print(help_text(oci_spec()));
            return options.is_on("help") ? 0 : 1;
        }
    } catch (const Error& e) {
        print_notice(cat("ctl-oci: ", escaped(e.what())));
        return 1;
    }
    try {
        const Log log(options);
        try {
            return run_member(options, log, argv);
        } catch (const Error& e) {
            log.write("error", text_of(e));
            throw;
        }
    } catch (const Error& e) {
        print_notice(cat("ctl-oci: ", escaped(text_of(e))));
        return exit_code_for(options, e);
    }
}

std::string absolute_path(const ParsedCommand& command, std::string_view option) {
    const auto path = command.find(option);
    return path && !path->empty() ? std::filesystem::absolute(*path).string() : std::string();
}

int preserve_count(const ParsedCommand& command) {
    const std::string text = command.find("preserve-fds").value_or("0");
    const std::int64_t count = parse_integer("preserve-fds", text, 0);
    if (count > 1024) throw Error("--preserve-fds ", text, ": at most 1024 are possible");
    return static_cast<int>(count);
}

lib::runtime::Runtime make_runtime(const Globals& globals) {
    const ParsedCommand& options = *globals.oci;
    lib::runtime::Runtime runtime;
    const std::string root = options.find("root").value_or("");
    runtime.root = root.empty() ? lib::runtime::default_root() : std::filesystem::absolute(root).lexically_normal().string();
    const std::string manager = options.find("cgroup-manager").value_or("cgroupfs");
    using rootless::CgroupManager;
    if (manager != "cgroupfs" && manager != "systemd" && manager != "disabled")
        throw Error("--cgroup-manager ", manager, ": there are cgroupfs, systemd and disabled");
    runtime.manager = manager == "disabled" ? CgroupManager::none
                      : manager == "systemd" || options.is_on("systemd-cgroup") ? CgroupManager::systemd : CgroupManager::cgroupfs;
    runtime.warn = [log = Log(options)](const std::string& text) {
        log.write("warning", text);
        print_notice(cat("ctl-oci: warning: ", escaped(text)));
    };
    return runtime;
}

} // namespace cli
