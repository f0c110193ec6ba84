// The streams of a process without a terminal; see lib/container_stdio.h.
#include "lib/container_stdio.h"

#include "base/sys.h"

#include <fcntl.h>

#include <utility>

namespace lib {

StdioPair make_stdio_pipes(StdinKind in) {
    StdioPair pair;
    const auto output = [](UniqueFd& ours, UniqueFd& theirs) {
        Pipe pipe = sys::pipe();
        ours = std::move(pipe.read);
        theirs = std::move(pipe.write);
    };
    output(pair.ours.out, pair.theirs[1]);
    output(pair.ours.err, pair.theirs[2]);
    if (in == StdinKind::pipe) {
        Pipe pipe = sys::pipe();
        pair.ours.in = std::move(pipe.write);
        pair.theirs[0] = std::move(pipe.read);
    } else {
        pair.theirs[0] = sys::open("/dev/null", O_RDONLY);
    }
    return pair;
}

} // namespace lib
