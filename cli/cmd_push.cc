// ctl push, ctl save.
#include "base/error.h"
#include "base/replacement.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/push_options.h"
#include "cli/registry_options.h"
#include "lib/copy_stream.h"
#include "lib/push.h"

#include <unistd.h>

namespace cli {
namespace {

lib::SaveFormat save_format(const std::string& text) {
    if (text == "docker-archive") return lib::SaveFormat::docker_archive;
    if (text == "oci-archive") return lib::SaveFormat::oci_archive;
    if (text == "oci-dir") return lib::SaveFormat::oci_dir;
    if (text == "docker-dir") return lib::SaveFormat::docker_dir;
    throw Error("save: --format: \"", text, "\" is not one of docker-archive, oci-archive, oci-dir, docker-dir");
}

/// Writes the archive where --output says.
void save_archive(lib::Engine& engine, lib::SaveRequest request, const std::string& output, const lib::Callbacks& callbacks) {
    if (output.empty() || output == "-") {
        lib::refuse_terminal(STDOUT_FILENO, "use --output FILE, or send standard output to a file or a pipe");
        request.fd = STDOUT_FILENO;
        return lib::save_images(engine, request, callbacks);
    }
    files::Replacement file(output, 0666);
    request.fd = file.fd();
    lib::save_images(engine, request, callbacks);
    file.commit();
}

} // namespace

int cmd_push(const ParsedCommand& command, const Globals& globals) {
    lib::PushRequest request;
    request.image = command.arguments.front();
    request.destination = command.arguments.size() > 1 ? command.arguments[1] : "";
    request.packing = packing_options(command);
    if (command.is_on("compress")) {
        if (!request.destination.starts_with("dir:")) throw Error("push: --compress is for destinations that begin with dir:");
        request.packing.fallback = "gzip";
    }
    request.registry = registry_options(command);
    request.signing = sign_options(command);
    lib::Engine engine = globals.make_engine();
    const bool quiet = command.is_on("quiet");
    const lib::PushResult result = lib::push_image(engine, request, make_callbacks(quiet));
    write_digest_file(command, result.digest);
    if (!quiet) print_notice(cat("pushed ", escaped(result.destination), " with ", result.changed ? "the new " : "", "digest ", result.digest));
    return 0;
}

int cmd_save(const ParsedCommand& command, const Globals& globals) {
    lib::SaveRequest request;
    request.format = save_format(command.find("format").value_or("docker-archive"));
    request.images = command.arguments;
    if (!command.is_on("multi-image-archive") && request.images.size() > 1) {
        request.names.assign(request.images.begin() + 1, request.images.end());
        request.images.resize(1);
    }
    const bool is_docker_archive = request.format == lib::SaveFormat::docker_archive;
    if (command.is_on("multi-image-archive") && !is_docker_archive) throw Error("save: --multi-image-archive is for the format docker-archive");
    const bool oci = request.format == lib::SaveFormat::oci_archive || request.format == lib::SaveFormat::oci_dir;
    if (command.is_on("compress") && request.format != lib::SaveFormat::docker_dir) throw Error("save: --compress is for the format docker-dir");
    if (command.is_on("uncompressed") && !oci) throw Error("save: --uncompressed is for the formats oci-archive and oci-dir");
    if (request.format == lib::SaveFormat::docker_dir) request.packing.compression = command.is_on("compress") ? "gzip" : "none";
    if (command.is_on("uncompressed")) request.packing.compression = "none";
    const std::string output = command.find("output").value_or("");
    lib::Engine engine = globals.make_engine();
    const lib::Callbacks callbacks = make_callbacks(command.is_on("quiet"));
    if (is_docker_archive || request.format == lib::SaveFormat::oci_archive) {
        save_archive(engine, std::move(request), output, callbacks);
        return 0;
    }
    if (output.empty()) throw Error("save: the format is a directory: say with --output which");
    request.path = output;
    lib::save_images(engine, request, callbacks);
    return 0;
}

} // namespace cli
