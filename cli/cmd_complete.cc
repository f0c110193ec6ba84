// ctl __complete: names for the completion scripts. Reads the records, takes no lock, and never prints an error.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/artifacts.h"
#include "lib/containers.h"
#include "lib/images.h"

namespace cli {
namespace {

/// A name that a shell would have to be told how to read is left out: nobody is to complete into an escape sequence.
void append_line(std::string& lines, const std::string& name) {
    if (escaped(name) == name) lines += name + "\n";
}

void append_containers(std::string& lines, const lib::Engine& engine, Running running) {
    for (const auto& container : lib::list_containers(engine, running == Running::or_not)) append_line(lines, container.name);
}

void append_images(std::string& lines, const lib::Engine& engine) {
    for (const auto& image : lib::list_images(engine))
        for (const std::string& name : image.names) append_line(lines, name);
}

void append_artifacts(std::string& lines, lib::Engine& engine) {
    for (const auto& artifact : lib::list_artifacts(engine)) append_line(lines, artifact.name);
}

} // namespace

int complete(const std::vector<std::string>& words, const Globals& globals) {
    const std::string kind = words.empty() ? "" : words.front();
    std::string lines;
    try {
        lib::Engine engine = globals.make_engine();
        if (kind == "containers" || kind == "objects") append_containers(lines, engine, Running::or_not);
        if (kind == "running") append_containers(lines, engine, Running::only);
        if (kind == "images" || kind == "objects") append_images(lines, engine);
        if (kind == "artifacts") append_artifacts(lines, engine);
    } catch (const Error&) {
        return exit_code::engine_error; // a shell in the middle of a line is no place for words
    }
    print(lines);
    return 0;
}

} // namespace cli
