// ctl export.
#include "base/on_exit.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "lib/copy_stream.h"
#include "lib/export.h"

#include <fcntl.h>
#include <unistd.h>

namespace cli {

int cmd_export(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::string& container = command.arguments.front();
    const auto output = command.find("output");
    if (!output || *output == "-") {
        lib::refuse_terminal(STDOUT_FILENO, "use --output FILE, or send standard output to a file or a pipe");
        lib::export_container(engine, container, STDOUT_FILENO, "standard output");
        return 0;
    }
    const UniqueFd file = sys::open(*output, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0666);
    const bool regular = S_ISREG(sys::fstat(file.get(), *output).st_mode);
    OnExit undo([&] {
        if (regular) ::unlink(output->c_str()); // a part of an archive is of no use
    });
    lib::export_container(engine, container, file.get(), *output);
    undo.disarm();
    return 0;
}

} // namespace cli
