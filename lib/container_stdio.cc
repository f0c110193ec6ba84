// The streams of a process without a terminal; see lib/container_stdio.h.
#include "lib/container_stdio.h"

#include "base/sys.h"

#include <fcntl.h>

#include <utility>

namespace lib {

StdioPair make_stdio_pipes(StdinKind in, Pipe input) {
    StdioPair pair;
    const auto output = [](UniqueFd& ours, UniqueFd& theirs) {
        Pipe pipe = sys::pipe();
        ours = std::move(pipe.read);
        theirs = std::move(pipe.write);
    };
    output(pair.ours.out, pair.theirs[1]);
    output(pair.ours.err, pair.theirs[2]);
    if (in == StdinKind::pipe) {
        if (!input.read) input = sys::pipe();
        pair.ours.in = std::move(input.write);
        pair.theirs[0] = std::move(input.read);
    } else {
        pair.theirs[0] = sys::open("/dev/null", O_RDONLY);
    }
    return pair;
}

} // namespace lib
