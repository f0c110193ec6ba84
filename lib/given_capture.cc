// See lib/given_capture.h.
#include "lib/given_capture.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/ask_monitor.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace lib {
namespace {

constexpr Question capture_question{"capture", "capture-answer"};
constexpr const char* pipe_file = "capture-pipe";
constexpr int pipe_size = 1 << 20; ///< what a user may have (pipe-max-size): some milliseconds of a fast connection

} // namespace

UniqueFd hand_over_capture(const ContainerDir& dir, const ContainerRecord& record, std::uint32_t snap_length) {
    sys::unlink_at(dir.fd(), pipe_file); // of somebody who was killed
    if (::mkfifoat(dir.fd(), pipe_file, 0600) != 0) throw SysError{errno, cat("make a pipe in ", dir.path())};
    OnExit remove([&] { ::unlinkat(dir.fd(), pipe_file, 0); });
    UniqueFd pipe = sys::open_at(dir.fd(), pipe_file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    ::fcntl(pipe.get(), F_SETPIPE_SZ, pipe_size); // a smaller one loses more
    ask_monitor(dir, record, capture_question, std::to_string(snap_length));
    return pipe;
}

std::optional<GivenCapture> take_given_capture(const ContainerDir& dir) {
    const auto text = take_question(dir, capture_question);
    if (!text) return std::nullopt;
    GivenCapture given;
    std::from_chars(text->data(), text->data() + text->size(), given.snap_length);
    auto pipe = sys::try_open_at(dir.fd(), pipe_file, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    if (!pipe) return std::nullopt;
    given.pipe = std::move(*pipe);
    return given;
}

void answer_given_capture(const ContainerDir& dir, const std::string& problem) { answer_question(dir, capture_question, problem); }

} // namespace lib
