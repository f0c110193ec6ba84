// ctl-fuse: our overlay file system, for where the kernel's does not work. A program of its own, so that what a container's processes
// make it do happens where nothing else of ours is. Runs as root of the store's user namespace, and mounts by itself or is given what is mounted.
//
//   ctl-fuse mount [--lower DIR]... [--upper DIR --work DIR] [OPTION]... TARGET
//
// The first --lower is the topmost one. Without --upper the file system is read-only. Returns when it is mounted; a process
// behind it, which is in no mount namespace where it is, answers the kernel until it is unmounted. Exit 0, or 1 with one line on
// stderr.
//   --lower-fd N, --upper-fd N, --work-fd N   a descriptor in place of a directory's name
//   --foreground                              do not leave a process behind, answer in this one
//   --ready-fd N                              write a byte there when mounted, and close it
//   --threads N                               how many answer, instead of one for each processor and at most 4
//   --volatile                                fsync does nothing
//   --shift TEXT                              the owners of what is in the lower directories (storage/owner_shift.h)
//   --pointer PLACE                           for the lower directory of the same number: where the kernel's overlay above finds its files
//                                             (Sources::pointers; "" for nowhere)
//   --top DIR                                 a lower directory above the others whose owners are as they are
//
//   ctl-fuse serve --device-socket N [OPTION]...
//
// For a container: its first process has mounted the file system and sends the device through the socket. Takes the same options
// but --foreground and --ready-fd, and no target.
#include "base/denied_calls.h"
#include "base/error.h"
#include "base/files.h"
#include "base/landlock.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "storage/fuse/session.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
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
    UniqueFd device_socket;
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
    UniqueFd top;
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
        else if (word == "--top") top = files::open_dir(value());
        else if (word == "--shift") sources.shift = storage::parse_id_shift(value());
        else if (word == "--pointer") sources.pointers.push_back(value());
        else if (word == "--foreground") arguments.foreground = true;
        else if (word == "--ready-fd") arguments.ready = given(word, value());
        else if (word == "--device-socket") arguments.device_socket = given(word, value());
        else if (word == "--threads") arguments.mount.threads = static_cast<unsigned>(number(word, value(), 1));
        else if (word.starts_with("-")) throw Error("unknown option ", word);
        else if (!arguments.mount.target.empty()) throw Error("more than one target");
        else arguments.mount.target = word;
    }
    if ((sources.top_as_is = static_cast<bool>(top))) sources.lowers.insert(sources.lowers.begin(), std::move(top));
    if (static_cast<bool>(sources.upper) != static_cast<bool>(sources.work)) throw Error("--upper and --work go together");
    arguments.mount.read_only = !sources.upper;
    sources.before_wait = storage::fuse::let_others_read;
    sources.slow_work = storage::fuse::do_slow_work;
    return arguments;
}

/// Tells whoever waits.
void say_ready(UniqueFd& ready) {
    if (ready) sys::write_all(ready.get(), "+", "whoever waits for the mount");
    ready.reset();
}

/// A mount namespace of our own, in which nothing is mounted from now on: where we stayed in the caller's, its last process would
/// leave us there, and us the mount.
void leave_mounts() {
    if (::unshare(CLONE_NEWNS) != 0) throw SysError{errno, "make a mount namespace"};
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw SysError{errno, "separate the mounts"};
}

/// Two processes must not serve one upper directory; who served it before may be about to end. The descriptor is to be kept.
UniqueFd lock_work(const storage::fuse::Sources& sources) {
    if (!sources.work) return {};
    UniqueFd lock = sys::dup(sources.work.get());
    for (int tries = 0; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
        if (errno != EWOULDBLOCK) throw SysError{errno, "lock the work directory"};
        if (tries == 100) throw Error("another process serves this upper directory still: somebody is using files of the last run");
        ::usleep(50'000);
    }
    return lock;
}

/// What was changed is all there, but under some of its names only.
void settle_links(storage::fuse::Overlay& overlay) {
    if (const int error = overlay.settle_links()) throw SysError{error, "give changed files all of their names"};
}

[[noreturn]] void answer_behind(storage::fuse::Overlay& overlay, UniqueFd device, const Arguments& arguments, UniqueFd& answering) {
    try {
        leave_mounts();
        sys::leave_session();
        ::umask(0);
        sys::write_all(answering.get(), "+", "whoever mounts"); // may mount now
        auto locator = storage::fuse::Locator::start();
        locator.await_start();
        storage::fuse::serve(overlay, std::move(device), arguments.mount, locator, [&] { say_ready(answering); });
        settle_links(overlay);
        ::_exit(0);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ctl-fuse: %s\n", e.what());
    }
    ::_exit(1);
}

/// Serves in a child, and returns when that answers.
void serve_behind(storage::fuse::Overlay& overlay, UniqueFd device, Arguments& arguments) {
    Pipe answering = sys::pipe();
    const pid_t child = ::fork();
    if (child < 0) throw SysError{errno, "fork"};
    if (child == 0) {
        answering.read.reset();
        arguments.ready.reset();
        answer_behind(overlay, std::move(device), arguments, answering.write);
    }
    answering.write.reset();
    const auto await = [&] {
        char byte = 0;
        if (::read(answering.read.get(), &byte, 1) != 1) throw Error("the process behind the file system ended at once");
    };
    try {
        await();
        storage::fuse::mount_device(device.get(), arguments.mount);
    } catch (const Error&) {
        sys::kill_and_reap(child);
        throw;
    }
    device.reset();
    await();
    say_ready(arguments.ready);
}

void mount(Arguments arguments) {
    if (arguments.mount.target.empty()) throw Error("no target");
    if (arguments.mount.target.front() != '/') arguments.mount.target = cat("/proc/self/cwd/", arguments.mount.target);
    const UniqueFd lock = lock_work(arguments.sources);
    storage::fuse::Overlay overlay(std::move(arguments.sources));
    if (!arguments.foreground) return serve_behind(overlay, storage::fuse::open_device(), arguments);
    auto locator = storage::fuse::Locator::start(); // before there is a device that it would hold for a moment
    UniqueFd device = storage::fuse::open_device();
    storage::fuse::mount_device(device.get(), arguments.mount);
    storage::fuse::serve(overlay, std::move(device), arguments.mount, locator, [&] { say_ready(arguments.ready); });
    settle_links(overlay);
}

/// All but those for work on files of any owner.
void drop_capabilities() {
    constexpr unsigned kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP};
    std::uint32_t mask = 0;
    for (const unsigned capability : kept) mask |= 1U << capability;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{mask, mask, 0}, {0, 0, 0}};
    if (::syscall(SYS_capset, &header, data) != 0) throw SysError{errno, "drop capabilities"};
}

/// What a container's processes make us do must not lead anywhere but into its own layers.
void confine(const storage::fuse::Sources& sources) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SysError{errno, "give up new privileges"};
    Reach reach{{"/proc/self"}, {"/dev/fuse"}};
    for (const UniqueFd& lower : sources.lowers) reach.read_fds.push_back(lower.get());
    reach.write_fds = {sources.upper.get(), sources.work.get()};
    (void)confine_files(reach);
    drop_capabilities();
    deny_calls(dangerous_calls());
    deny_calls(network_calls());
}

void serve(Arguments arguments) {
    if (!arguments.device_socket) throw Error("serve needs --device-socket");
    if (!arguments.mount.target.empty() || arguments.foreground || arguments.ready) throw Error("serve mounts nothing itself");
    ::umask(0);
    auto locator = storage::fuse::Locator::start(); // before there is a device that it would hold for a moment
    UniqueFd device = sys::receive_fd(std::exchange(arguments.device_socket, {}).get());
    if (!device) return; // the container could not get that far, and says why
    const UniqueFd lock = lock_work(arguments.sources);
    confine(arguments.sources);
    storage::fuse::Overlay overlay(std::move(arguments.sources));
    storage::fuse::serve(overlay, std::move(device), arguments.mount, locator, [] {});
    settle_links(overlay);
}

/// `words` are gone afterwards where they were the process's own.
void run(std::span<char*> words) {
    const std::string command = words.size() < 2 ? "" : words[1];
    if (command != "mount" && command != "serve") throw Error("usage: ctl-fuse mount [OPTION]... TARGET, or ctl-fuse serve [OPTION]...");
    Arguments arguments = parse(words.subspan(2));
    if (command == "mount") return mount(std::move(arguments));
    set_process_title(std::string(words[0])); // whose it is, and nothing else
    serve(std::move(arguments));
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    remember_process_title(argc, argv);
    try {
        run({argv, static_cast<std::size_t>(argc)});
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ctl-fuse: %s\n", e.what());
        return 1;
    }
}
