// ctl load.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "lib/load.h"

#include <unistd.h>

namespace cli {

int cmd_load(const ParsedCommand& command, const Globals& globals) {
    const std::string path = command.find("input").value_or("-");
    if (path == "-" && ::isatty(STDIN_FILENO) == 1)
        throw Error("load: standard input is a terminal; give an archive with -i FILE or through a pipe");
    lib::Engine engine = globals.make_engine();
    const lib::LoadResult result = lib::load_images(engine, {.path = path, .signature_policy = command.find("signature-policy").value_or("")}, make_callbacks(command.is_on("quiet")));
    for (const lib::LoadResult::Loaded& image : result.images) {
        for (const std::string& name : image.names) print(cat("Loaded image: ", escaped(name), "\n"));
        if (image.names.empty()) print(cat("Loaded image: sha256:", image.image_id, "\n"));
    }
    return 0;
}

} // namespace cli
