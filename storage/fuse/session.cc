// See storage/fuse/session.h.
//
// The messages are read here and not by libfuse's loops for three reasons: each thread has a clone of the device
// (FUSE_DEV_IOC_CLONE) and sends its replies through that, as the kernel wants it; FUSE_TMPFILE and FUSE_HANDLE_KILLPRIV_V2 are
// newer than Debian 12's libfuse (3.14); and another transport (io_uring) can take the same place.
//
// One thread reads at a time and goes on reading, because a process that waits for each answer is served several times faster
// by one thread that is awake than by threads that take turns sleeping (measured: 2000 renames 0.09 s, with two readers 0.47 s).
// It lets another one read when more requests are waiting already, and before what takes long: reading what is not in the page
// cache, copying a file up, syncing. Which one reads next: readers.h.
#include "storage/fuse/session.h"

#include "base/error.h"
#include "base/sys.h"
#include "storage/fuse/follower.h"
#include "storage/fuse/operations.h"
#include "storage/fuse/readers.h"
#include "storage/fuse/splice.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <thread>
#include <vector>

namespace storage::fuse {
namespace {

constexpr const char* device_path = "/dev/fuse";
constexpr std::size_t buffer_size = (1U << 20) + 65536; // the largest write and its header

/// What the thread is answering.
struct Current {
    pid_t thread = ::gettid();
    int fd = -1;
    std::uint32_t opcode = 0;
    std::uint64_t unique = 0; ///< the request's number
    bool drops_set_ids = false;
    bool offers_killpriv = false; ///< of FUSE_INIT
    Readers* readers = nullptr;
    Readers::Kind kind = Readers::Kind::any;
    bool has_turn = false; ///< to read
    Helper* helper = nullptr; ///< the follower's
};
thread_local Current current;

struct SessionDeleter {
    void operator()(fuse_session* session) const noexcept { fuse_session_destroy(session); }
};
using Session = std::unique_ptr<fuse_session, SessionDeleter>;

/// `size` bytes of the message as a structure of the kernel's.
template <class Part>
Part part_of(std::span<const std::byte> message, std::size_t offset) {
    Part part{};
    if (message.size() >= offset) std::memcpy(&part, message.data() + offset, std::min(sizeof part, message.size() - offset));
    return part;
}

void note(std::span<const std::byte> message, const fuse_in_header& header) {
    current.opcode = header.opcode;
    current.unique = header.unique;
    current.drops_set_ids = false;
    if (header.opcode == FUSE_WRITE) {
        current.drops_set_ids = (part_of<fuse_write_in>(message, sizeof header).write_flags & FUSE_WRITE_KILL_SUIDGID) != 0;
    } else if (header.opcode == FUSE_SETATTR) {
        current.drops_set_ids = (part_of<fuse_setattr_in>(message, sizeof header).valid & FATTR_KILL_SUIDGID) != 0;
    } else if (header.opcode == FUSE_INIT) {
        current.offers_killpriv = (part_of<fuse_init_in>(message, sizeof header).flags & FUSE_HANDLE_KILLPRIV_V2) != 0;
    }
}

/// libfuse's way out. The answer to FUSE_INIT says what libfuse 3.14 has no name for.
ssize_t send(int, iovec* parts, int count, void*) {
    fuse_init_out reply{};
    std::array<iovec, 2> changed;
    if (current.opcode == FUSE_INIT && count == 2 && current.offers_killpriv && parts[1].iov_len >= sizeof(std::uint32_t) * 4) {
        std::memcpy(&reply, parts[1].iov_base, std::min(sizeof reply, parts[1].iov_len));
        reply.flags |= FUSE_HANDLE_KILLPRIV_V2;
        changed = {parts[0], iovec{&reply, std::min(sizeof reply, parts[1].iov_len)}};
        parts = changed.data();
    }
    return ::writev(current.fd, parts, count);
}

/// Not used: the messages come through fuse_session_process_buf.
ssize_t receive(int fd, void* buffer, std::size_t size, void*) { return ::read(fd, buffer, size); }

fuse_attr attributes_of(const struct stat& st) {
    fuse_attr attributes{};
    attributes.ino = st.st_ino;
    attributes.size = static_cast<std::uint64_t>(st.st_size);
    attributes.blocks = static_cast<std::uint64_t>(st.st_blocks);
    attributes.atime = static_cast<std::uint64_t>(st.st_atim.tv_sec);
    attributes.mtime = static_cast<std::uint64_t>(st.st_mtim.tv_sec);
    attributes.ctime = static_cast<std::uint64_t>(st.st_ctim.tv_sec);
    attributes.atimensec = static_cast<std::uint32_t>(st.st_atim.tv_nsec);
    attributes.mtimensec = static_cast<std::uint32_t>(st.st_mtim.tv_nsec);
    attributes.ctimensec = static_cast<std::uint32_t>(st.st_ctim.tv_nsec);
    attributes.mode = st.st_mode;
    attributes.nlink = static_cast<std::uint32_t>(st.st_nlink);
    attributes.uid = st.st_uid;
    attributes.gid = st.st_gid;
    attributes.blksize = static_cast<std::uint32_t>(st.st_blksize);
    return attributes;
}

constexpr std::uint32_t tmpfile_opcode = 51; // FUSE_TMPFILE, protocol 7.37 (kernel 6.2)

/// O_TMPFILE: the request is FUSE_CREATE's with no use for the name, and so is the reply.
void answer_tmpfile(Overlay& overlay, std::span<const std::byte> message, const fuse_in_header& header) {
    const auto request = part_of<fuse_create_in>(message, sizeof header);
    Node& dir = header.nodeid == FUSE_ROOT_ID ? overlay.root() : *reinterpret_cast<Node*>(header.nodeid);
    Found found;
    int error = ENOMEM;
    try {
        error = overlay.make_unnamed(dir, request.mode, {header.uid, header.gid, request.umask}, found);
    } catch (const std::bad_alloc&) {
        error = ENOMEM;
    }
    struct {
        fuse_out_header header;
        fuse_entry_out entry;
        fuse_open_out open;
    } reply{};
    reply.header.unique = header.unique;
    reply.header.error = -error;
    reply.header.len = static_cast<std::uint32_t>(error != 0 ? sizeof reply.header : sizeof reply);
    if (error == 0) {
        reply.entry.nodeid = reinterpret_cast<std::uint64_t>(found.node);
        reply.entry.entry_valid = reply.entry.attr_valid = static_cast<std::uint64_t>(keep_for);
        reply.entry.attr = attributes_of(found.st);
        reply.open.open_flags = FOPEN_KEEP_CACHE;
    }
    if (::write(current.fd, &reply, reply.header.len) < 0 && error == 0) overlay.forget(*found.node, 1);
}

/// Who waits for a message, for the handler of end_signal.
std::atomic<pid_t> reader{0};
std::atomic<bool> is_to_end{false};

/// Ends the reader's wait. One that is about to begin is missed, and ended when the signal is sent again.
void end_serving(int) noexcept {
    const int error = errno;
    is_to_end = true;
    if (const pid_t waiting = reader; waiting != 0 && waiting != ::gettid()) ::syscall(SYS_tgkill, ::getpid(), waiting, end_signal);
    errno = error;
}

void obey_end_signal() {
    struct sigaction action {};
    action.sa_handler = end_serving; // without SA_RESTART: read(2) is to return
    if (::sigaction(end_signal, &action, nullptr) != 0) throw SysError{errno, "handle a signal"};
}

enum class Went { on, to_its_end };

bool is_more_waiting() noexcept {
    if (!current.has_turn || current.kind == Readers::Kind::follower) return false; // what is more is nothing that anybody waits for
    pollfd device{current.fd, POLLIN, 0};
    return ::poll(&device, 1, 0) > 0;
}

/// Not much content, so that who asked waits for an answer that comes at once.
bool is_quick(std::span<const std::byte> message, const fuse_in_header& header) {
    constexpr std::uint32_t little = 65536;
    if (header.opcode == FUSE_READ) return part_of<fuse_read_in>(message, sizeof header).size <= little;
    return message.size() <= little;
}

/// Who is to read from now on.
void choose_reader(std::span<const std::byte> message, const fuse_in_header& header, Follower* follower) {
    if (!current.has_turn) return;
    const auto advice = current.readers->callers.note(static_cast<pid_t>(header.pid), is_quick(message, header));
    if (follower != nullptr) follower->note(advice);
    else if (advice == Callers::Advice::look && !current.readers->call_follower()) current.readers->callers.leave();
}

/// One message.
Went answer_one(Overlay& overlay, fuse_session* session, std::span<std::byte> buffer, Follower* follower = nullptr) {
    if (is_to_end) return Went::to_its_end;
    reader = current.thread;
    if (follower != nullptr) follower->wait();
    const ssize_t got = ::read(current.fd, buffer.data(), buffer.size());
    if (got < 0) return errno == ENODEV || errno == EBADF ? Went::to_its_end : Went::on; // ENOENT: interrupted meanwhile
    const auto message = buffer.first(static_cast<std::size_t>(got));
    const auto header = part_of<fuse_in_header>(message, 0);
    note(message, header);
    choose_reader(message, header, follower);
    if (is_more_waiting()) let_others_read();
    if (header.opcode == tmpfile_opcode) {
        answer_tmpfile(overlay, message, header);
        return Went::on;
    }
    fuse_buf whole{};
    whole.size = message.size();
    whole.mem = buffer.data();
    fuse_session_process_buf(session, &whole);
    return Went::on;
}

/// Answers in turn with others until it is over.
void answer_all(Overlay& overlay, fuse_session* session, int fd, Readers& readers, Follower* follower = nullptr) {
    const auto memory = std::make_unique_for_overwrite<std::byte[]>(buffer_size); // most of which is never touched
    const std::span buffer(memory.get(), buffer_size);
    current.fd = fd;
    current.readers = &readers;
    current.kind = follower != nullptr ? Readers::Kind::follower : Readers::Kind::any;
    const auto next = [&readers, follower] {
        if (current.has_turn && readers.stays(current.kind)) return true;
        if (current.has_turn) readers.give();
        current.has_turn = readers.take(current.kind);
        if (current.has_turn && follower != nullptr) follower->begin();
        return current.has_turn;
    };
    while (next() && answer_one(overlay, session, buffer, follower) == Went::on) {
    }
    readers.finish();
    current.readers = nullptr;
}

/// The thread that follows who asks, where there are more processors than one.
void answer_as_follower(Overlay& overlay, fuse_session* session, int fd, Readers& readers, Locator& locator, Helper& helper) {
    try {
        Follower follower(readers, locator);
        current.helper = &helper;
        answer_all(overlay, session, fd, readers, &follower);
    } catch (const Error&) {
        // The policy is refused: the others answer everything.
    }
}

/// The connection through a descriptor of its own; the first one where that is not possible.
UniqueFd clone_device(int device) {
    UniqueFd clone(::open(device_path, O_RDWR | O_CLOEXEC));
    std::uint32_t master = static_cast<std::uint32_t>(device);
    if (clone && ::ioctl(clone.get(), FUSE_DEV_IOC_CLONE, &master) == 0) return clone;
    return sys::dup(device);
}

/// Returns at the end of the file system.
void answer_by_threads(Overlay& overlay, fuse_session* session, int fd, unsigned threads_wanted, Locator& locator) {
    const unsigned processors = std::max(std::thread::hardware_concurrency(), 1U);
    const unsigned wanted = threads_wanted != 0 ? threads_wanted : std::min(processors, 4U);
    const bool follows = processors > 1 && locator;
    Readers readers;
    Helper helper;
    std::vector<UniqueFd> clones;
    std::vector<std::jthread> threads; // joined before the clones are closed
    clones.reserve(wanted);
    const auto clone = [&] {
        clones.push_back(clone_device(fd));
        return clones.back().get();
    };
    for (unsigned i = 1; i < wanted; ++i) threads.emplace_back([&, own = clone()] { answer_all(overlay, session, own, readers); });
    if (follows) {
        threads.emplace_back([&] { helper.serve(); });
        threads.emplace_back([&, own = clone()] {
            answer_as_follower(overlay, session, own, readers, locator, helper);
            helper.finish();
        });
    }
    answer_all(overlay, session, fd, readers);
}

} // namespace

bool request_drops_set_ids() noexcept { return current.drops_set_ids; }

void let_others_read() noexcept {
    if (!current.has_turn) return;
    if (current.kind == Readers::Kind::follower) {
        current.readers->callers.leave();
        current.readers->dismiss_follower();
    }
    current.readers->give();
    current.has_turn = false;
}

bool answer_with_file(int file, std::size_t size, off_t offset) noexcept {
    static Splicer splicer;
    return splicer.send(current.fd, current.unique, file, size, offset);
}

int do_slow_work(const std::function<int()>& work) {
    let_others_read();
    return current.helper != nullptr ? current.helper->run(work) : work();
}

void notify_attributes_changed(std::uint64_t number) noexcept {
    struct {
        fuse_out_header header;
        fuse_notify_inval_inode_out inode;
    } message{};
    message.header.len = sizeof message;
    message.header.error = FUSE_NOTIFY_INVAL_INODE;
    message.inode.ino = number;
    message.inode.off = -1; // attributes alone, which takes no lock that the waiting request could hold
    // Refused where the kernel has forgotten the node, which is as good.
    if (::write(current.fd, &message, sizeof message) < 0) return;
}

UniqueFd open_device() {
    UniqueFd device(::open(device_path, O_RDWR | O_CLOEXEC));
    if (!device) throw SysError{errno, cat("open ", device_path)};
    return device;
}

void mount_device(int device, const MountOptions& options) {
    const std::string data = cat("fd=", device, ",rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other");
    const unsigned long flags = static_cast<unsigned long>(MS_NODEV) | (options.read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL);
    if (::mount("ctl-fuse", options.target.c_str(), "fuse.ctl", flags, data.c_str()) != 0)
        throw SysError{errno, cat("mount a FUSE file system on ", options.target)};
}

void serve(Overlay& overlay, UniqueFd device, const MountOptions& options, Locator& locator, const std::function<void()>& ready) {
    std::array<char, 9> program{"ctl-fuse"};
    std::array<char*, 2> arguments{program.data(), nullptr};
    fuse_args args = FUSE_ARGS_INIT(1, arguments.data());
    const Session session(fuse_session_new(&args, &operations, sizeof operations, &overlay));
    fuse_opt_free_args(&args); // libfuse makes a copy
    if (!session) throw Error("libfuse refuses to make a session");
    fuse_custom_io io{};
    io.writev = send;
    io.read = receive;
    const int fd = device.get();
    if (const int error = fuse_session_custom_io(session.get(), &io, fd)) throw SysError{-error, "give libfuse the device"};
    static_cast<void>(device.release()); // the session closes it
    obey_end_signal();
    // The first message is FUSE_INIT, and nothing else is sent before it is answered.
    const auto first = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
    current.fd = fd;
    if (answer_one(overlay, session.get(), {first.get(), buffer_size}) != Went::on) return; // unmounted already: whoever mounted it went no further
    ready();
    answer_by_threads(overlay, session.get(), fd, options.threads, locator);
}

} // namespace storage::fuse
