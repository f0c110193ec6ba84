// ctl commit.
#include "base/error.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/commit.h"

#include <fcntl.h>

namespace cli {

int cmd_commit(const ParsedCommand& command, const Globals& globals) {
    lib::CommitRequest request;
    request.container = command.arguments.front();
    if (command.arguments.size() > 1) request.name = command.arguments[1];
    request.author = command.find("author").value_or("");
    request.message = command.find("message").value_or("");
    request.changes = command.list("change");
    request.config_file = command.find("config");
    const std::string format = command.find("format").value_or("oci");
    if (format != "oci" && format != "docker") throw Error("--format ", format, ": known are oci and docker");
    request.format = format == "docker" ? lib::ImageFormat::docker : lib::ImageFormat::oci;
    request.squash = command.is_on("squash");
    request.pause = command.is_on("pause");
    request.include_volumes = command.is_on("include-volumes");
    const bool quiet = command.is_on("quiet");
    lib::Engine engine = globals.make_engine();
    const std::string id = lib::commit_container(engine, request, [&](const std::string& sentence) {
        if (!quiet) print_notice(sentence);
    });
    if (const auto file = command.find("iidfile")) files::write_atomic(AT_FDCWD, *file, "sha256:" + id, 0644, files::Durability::none);
    print(id + "\n");
    return 0;
}

} // namespace cli
