// ctl image sync.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/copy_options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/copy_image.h"
#include "lib/sync.h"

#include <fcntl.h>

#include <optional>

namespace cli {
namespace {

std::string required(const ParsedCommand& command, const char* option, const char* values) {
    const auto value = command.find(option);
    if (!value) throw Error("image sync: --", option, " is missing: it says what kind of place it is, ", values);
    return *value;
}

lib::SyncRequest sync_request(const ParsedCommand& command) {
    lib::SyncRequest request;
    request.source_transport = required(command, "src", "docker, dir or yaml");
    request.source = command.arguments[0];
    request.destination_transport = required(command, "dest", "docker or dir");
    request.destination = command.arguments[1];
    request.scoped = command.is_on("scoped");
    request.append_suffix = command.find("append-suffix").value_or("");
    request.source_registry = side_registry_options(command, "src");
    return request;
}

} // namespace

int cmd_image_sync(const ParsedCommand& command, const Globals& globals) {
    const lib::SyncRequest request = sync_request(command);
    lib::ImageCopyRequest copy;
    copy.packing = look_options_of(command);
    copy.images = command.is_on("all") ? lib::IndexCopy::all : lib::IndexCopy::one;
    copy.destination_registry = side_registry_options(command, "dest");
    lib::Engine engine = globals.make_engine();
    const bool dry = command.is_on("dry-run"), keep_going = command.is_on("keep-going");
    std::optional<UniqueFd> digests;
    if (const auto file = command.find("digestfile"); file && !dry) digests = sys::open(*file, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0644);
    std::vector<Error> errors;
    const std::vector<lib::SyncItem> items = lib::plan_sync(engine, request, make_callbacks(false));
    for (const lib::SyncItem& item : items) {
        print_notice(cat(dry ? "would copy " : "copying ", escaped(item.source), " to ", escaped(item.destination)));
        if (dry) continue;
        copy.source = item.source;
        copy.destination = item.destination;
        copy.source_registry = item.source_registry;
        try {
            const lib::ImageCopyResult result = lib::copy_image(engine, copy, make_callbacks(false));
            if (digests) sys::write_all(digests->get(), cat(result.digest, " ", item.destination, "\n"), "--digestfile");
        } catch (const Error& e) {
            if (!keep_going) throw;
            errors.push_back(e);
        }
    }
    print_notice(cat(dry ? "would have copied " : "copied ", items.size() - errors.size(), " of ", items.size(), " images"));
    throw_errors(std::move(errors));
    return 0;
}

} // namespace cli
