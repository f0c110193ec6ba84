// ctl's main: finds the command, calls it, prints its errors. The only `catch` that prints.
#include "base/error.h"
#include "base/paths.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/conf_defaults.h"
#include "cli/oci_main.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "cli/targets.h"
#include "lib/config/storage_conf.h"
#include "lib/image_stores.h"
#include "lib/sealed_self.h"
#include "lib/storage_driver.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace cli {
namespace {

bool wants_single_id(const ParsedCommand& program) {
    const char* variable = std::getenv("CTL_SINGLE_ID");
    return program.is_on("single-id", variable != nullptr && std::string_view(variable) == "1");
}

/// Whoever closed one of our three streams wanted no input or output. Left open, its number would go to the next descriptor
/// we make, which then were taken for the stream.
void fill_closed_streams() {
    for (int fd = 0; fd < 3; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        if (sys::open("/dev/null", O_RDWR).release() != fd || ::fcntl(fd, F_SETFD, 0) != 0) // helpers inherit it
            throw SysError{errno, cat("open /dev/null in place of the closed descriptor ", fd)};
    }
}

/// For all that follows, helpers included.
void choose_driver(const ParsedCommand& program) {
    if (const auto driver = program.find("storage-driver")) ::setenv(lib::storage_driver_variable, driver->c_str(), 1);
}

/// For all that follows, helpers included.
void choose_places(const ParsedCommand& program) {
    for (const auto& [option, variable] :
         {std::pair("root", root_variable), {"runroot", runroot_variable}, {"imagestore", imagestore_variable}, {"tmpdir", tmpdir_variable}}) {
        const auto dir = program.find(option);
        if (!dir) continue;
        if (dir->empty()) throw Error("--", option, ": a directory is needed");
        ::setenv(variable, std::filesystem::absolute(*dir).lexically_normal().c_str(), 1);
    }
    if (program.is_on("transient-store")) ::setenv(transient_variable, "1", 1);
    else if (program.find("transient-store")) ::unsetenv(transient_variable);
}

/// For all that follows, helpers included.
void set_storage_options(const ParsedCommand& program) {
    for (const std::string& option : program.list("storage-opt")) {
        const auto equals = option.find('=');
        std::string key = option.substr(0, equals);
        if (key.starts_with("overlay.")) key.erase(0, 8);
        const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
        if (key == "additionalimagestore" && !value.empty()) {
            const char* before = std::getenv(image_stores_variable);
            const std::string dir = std::filesystem::absolute(value).lexically_normal();
            lib::check_image_stores(dir, "--storage-opt additionalimagestore");
            ::setenv(image_stores_variable, cat(before != nullptr ? before : "", ":", dir).c_str(), 1);
        } else if (key == "force_mask" && value == "shared") {
            ::setenv(force_mask_variable, "shared", 1);
        } else {
            throw Error("--storage-opt ", option, ": there are additionalimagestore=DIR and force_mask=shared");
        }
    }
}

/// storage.conf, and what stores the environment or it names. What an option names is checked with the option.
void read_storage_conf() {
    const bool by_variable = std::getenv(image_stores_variable) != nullptr;
    lib::config::apply_storage_conf();
    if (const char* stores = std::getenv(image_stores_variable))
        lib::check_image_stores(stores, by_variable ? image_stores_variable : lib::config::find_storage_conf());
}

int report(const Error& error) {
    print_notice(cat("ctl: ", escaped(error.what())));
    return error.exit_code;
}

/// The commands that make processes in containers, and so bring our own program into their reach.
bool enters_containers(std::string_view name) { return name == "run" || name == "start" || name == "restart" || name == "exec"; }

/// The command that the words name, and its own words behind that. Of a group without a member: the group.
struct Call {
    const CommandSpec* spec;
    std::string name;
    std::vector<std::string> words;
};

Call find_call(const std::vector<std::string>& words) {
    Call call{find_command(words.front()), words.front(), {words.begin() + 1, words.end()}};
    while (call.spec != nullptr && call.spec->is_group && !call.words.empty() && !call.words.front().starts_with('-')) {
        call.name += " " + call.words.front();
        call.words.erase(call.words.begin());
        call.spec = find_command(call.name);
    }
    if (call.spec == nullptr) throw_unknown_command(call.name);
    return call;
}

/// Reads containers.conf where the command wants it or a module is named, and makes its values the command's defaults.
std::vector<ConfDefault> read_conf(const ParsedCommand& program, ParsedCommand& command, Globals& globals) {
    const std::vector<std::string> modules = program.list("module");
    if (modules.empty() && !reads_containers_conf(command.spec().name)) return {};
    globals.conf = lib::config::ContainersConf::load(lib::config::ConfPlaces::detect(modules));
    apply_engine_environment(globals.conf);
    if (const auto& warnings = globals.conf.warnings(); !warnings.empty())
        print_warnings(lib::config::not_yet_told(warnings, globals.make_engine().paths.runtime));
    return apply_conf_defaults(command, globals.conf);
}

int run(const std::vector<std::string>& words, char* const argv[]) {
    if (is_oci_call(argv[0])) return run_oci(words, argv);
    const ParsedCommand program = parse_command(program_spec, words);
    if (program.is_on("version")) {
        print(cat("ctl version ", ctl_version, "\n"));
        return 0;
    }
    if (program.is_on("help") || program.arguments.empty()) {
        print(help_text(program_spec));
        return program.is_on("help") ? 0 : exit_code::engine_error;
    }
    read_storage_conf();
    choose_places(program);
    choose_driver(program);
    set_storage_options(program);
    Globals globals{.single_id = wants_single_id(program), .runtime = program.find("runtime").value_or(""),
                    .runtime_flags = program.list("runtime-flag"), .conf = {}};
    if (program.arguments.front() == complete_command)
        return complete({program.arguments.begin() + 1, program.arguments.end()}, globals);
    if (program.arguments.front() == oci_command) return run_oci({program.arguments.begin() + 1, program.arguments.end()}, argv);
    const Call call = find_call(program.arguments);
    ParsedCommand command = parse_command(*call.spec, call.words);
    command.called_as = call.name;
    if (command.is_on("help") || call.spec->is_group) {
        print(help_text(*call.spec));
        return command.is_on("help") ? 0 : exit_code::engine_error;
    }
    if (enters_containers(call.spec->name)) lib::ensure_sealed_self(argv);
    const std::vector<ConfDefault> defaults = read_conf(program, command, globals);
    try {
        return find_command_function(call.spec->name)(command, globals);
    } catch (Error& e) {
        name_source(e, defaults);
        throw;
    }
}

} // namespace
} // namespace cli

int main(int argc, char** argv) {
    // A closed pipe is an error of write() like any other: the monitor must not die of it, and ours is told by cli::print.
    ::signal(SIGPIPE, SIG_IGN);
    try {
        cli::fill_closed_streams();
        remember_process_title(argc, argv);
        return cli::run({argv + 1, argv + argc}, argv);
    } catch (const cli::OutputClosed&) {
        return exit_code::signal_base + SIGPIPE;
    } catch (const Error& e) {
        return cli::report(e);
    } catch (const cli::SeveralErrors& e) {
        int code = 0; // the gravest: `rm` tells a missing container (1), a running one (2) and everything else (125) apart
        for (const Error& error : e.errors()) code = std::max(code, cli::report(error));
        return code;
    } catch (const std::exception& e) { // not ours: a defect, or no memory
        cli::print_notice(cat("ctl: internal error: ", cli::escaped(e.what())));
        return exit_code::engine_error;
    }
}
