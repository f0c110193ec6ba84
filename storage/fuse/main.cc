// ctl-fuse: our overlay file system, for where the kernel's does not work. A program of its own because ctl links statically
// and libfuse is a shared library. Runs as root of the store's user namespace, with /dev/fuse opened and mounted by itself.
//
//   ctl-fuse mount [--lower DIR]... [--upper DIR --work DIR] [OPTION]... TARGET
//
// The first --lower is the topmost one. Without --upper the file system is read-only. Returns when it is mounted; a process
// behind it answers the kernel until it is unmounted. Exit 0, or 1 with one line on stderr.
//   --lower-fd N, --upper-fd N, --work-fd N   a descriptor in place of a directory's name
//   --foreground                              do not leave a process behind, answer in this one
//   --ready-fd N                              write a byte there when mounted, and close it
//   --threads N                               how many answer, instead of one for each processor and at most 4
//   --volatile                                fsync does nothing
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/fuse/session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using storage::fuse::MountOptions;

struct Arguments {
    storage::fuse::Sources sources;
    MountOptions mount;
    bool foreground = false;
    UniqueFd ready;
};

int number(std::string_view option, std::string_view text, int least) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least) throw Error("bad number '", text, "' for ", option);
    return value;
}

UniqueFd given(std::string_view option, std::string_view text) {
    const int fd = number(option, text, 3);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) throw SysError{errno, cat(option, " ", text)};
    return UniqueFd(fd);
}

Arguments parse(std::span<char*> words) {
    Arguments arguments;
    storage::fuse::Sources& sources = arguments.sources;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string word = words[i];
        const auto value = [&] {
            if (i + 1 == words.size()) throw Error(word, " needs a value");
            return std::string(words[++i]);
        };
        if (word == "--lower") sources.lowers.push_back(files::open_dir(value()));
        else if (word == "--lower-fd") sources.lowers.push_back(given(word, value()));
        else if (word == "--upper") sources.upper = files::open_dir(value());
        else if (word == "--upper-fd") sources.upper = given(word, value());
        else if (word == "--work") sources.work = files::open_dir(value());
        else if (word == "--work-fd") sources.work = given(word, value());
        else if (word == "--volatile") sources.is_volatile = true;
        else if (word == "--foreground") arguments.foreground = true;
        else if (word == "--ready-fd") arguments.ready = given(word, value());
        else if (word == "--threads") arguments.mount.threads = static_cast<unsigned>(number(word, value(), 1));
        else if (word.starts_with("-")) throw Error("unknown option ", word);
        else if (!arguments.mount.target.empty()) throw Error("more than one target");
        else arguments.mount.target = word;
    }
    if (arguments.mount.target.empty()) throw Error("no target");
    if (static_cast<bool>(sources.upper) != static_cast<bool>(sources.work)) throw Error("--upper and --work go together");
    arguments.mount.read_only = !sources.upper;
    return arguments;
}

/// Tells whoever waits.
void say_ready(UniqueFd& ready) {
    if (ready) sys::write_all(ready.get(), "+", "whoever waits for the mount");
    ready.reset();
}

/// Serves in a child, which has left the caller's session, and returns when that answers.
void serve_behind(storage::fuse::Overlay& overlay, UniqueFd device, Arguments& arguments) {
    Pipe answering = sys::pipe();
    const pid_t child = ::fork();
    if (child < 0) throw SysError{errno, "fork"};
    if (child != 0) {
        answering.write.reset();
        char byte = 0;
        if (::read(answering.read.get(), &byte, 1) != 1) throw Error("the process behind the file system ended at once");
        say_ready(arguments.ready);
        return;
    }
    answering.read.reset();
    arguments.ready.reset();
    sys::leave_session();
    ::umask(0);
    storage::fuse::serve(overlay, std::move(device), arguments.mount, [&] { say_ready(answering.write); });
    std::_Exit(0);
}

int run(std::span<char*> words) {
    if (words.size() < 2 || std::string_view(words[1]) != "mount") throw Error("usage: ctl-fuse mount [OPTION]... TARGET");
    Arguments arguments = parse(words.subspan(2));
    if (arguments.mount.target.front() != '/') arguments.mount.target = cat("/proc/self/cwd/", arguments.mount.target);
    arguments.sources.before_slow_work = storage::fuse::let_others_read;
    storage::fuse::Overlay overlay(std::move(arguments.sources));
    UniqueFd device = storage::fuse::mount_fuse(arguments.mount);
    if (arguments.foreground) storage::fuse::serve(overlay, std::move(device), arguments.mount, [&] { say_ready(arguments.ready); });
    else serve_behind(overlay, std::move(device), arguments);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ctl-fuse: %s\n", e.what());
        return 1;
    }
}
