// The journald driver; see lib/output_log.h.
#include "lib/output_log.h"

#include "base/error.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

/// How long a record waits for a journal that does not read. Then it is lost: the container comes first.
constexpr int patience_ms = 1000;

iovec vector_of(std::string_view text) noexcept { return {const_cast<char*>(text.data()), text.size()}; }

/// A value with a newline would need the protocol's other form; none of ours has one.
std::string field(const char* name, std::string value) {
    std::erase(value, '\n');
    return cat(name, "=", value, "\n");
}

} // namespace

JournalLog::JournalLog(const std::string& socket_path, const TagSubject& container, const std::string& tag)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) throw SysError{errno, "make a socket for the journal"};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path) throw Error("the journal's socket ", socket_path, " has too long a name");
    std::copy(socket_path.begin(), socket_path.end(), address.sun_path);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw SysError{errno, cat("--log-driver=journald: connect to the journal at ", socket_path,
                                  " (is systemd-journald running? --log-driver=k8s-file needs none)")};
    const std::string short_id = container.id.substr(0, 12);
    fields_ = field("CONTAINER_ID", short_id) + field("CONTAINER_ID_FULL", container.id) + field("CONTAINER_NAME", container.name) +
              field("IMAGE_NAME", container.image) + field("SYSLOG_IDENTIFIER", tag.empty() ? container.name : tag);
    if (!tag.empty()) fields_ += field("CONTAINER_TAG", tag);
}

void JournalLog::append(LogStream stream, std::span<const std::byte> bytes) noexcept {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!text.empty()) {
        const auto newline = text.substr(0, max_record_text + 1).find('\n');
        const std::size_t size = newline == text.npos ? std::min(text.size(), max_record_text) : newline;
        send(stream, text.substr(0, size), newline != text.npos);
        text.remove_prefix(size + (newline == text.npos ? 0 : 1));
    }
}

void JournalLog::send(LogStream stream, std::string_view text, bool ends_line) noexcept {
    std::array<iovec, 5> vectors{vector_of("MESSAGE="), vector_of(text),
                                 vector_of(stream == LogStream::out ? "\nPRIORITY=6\n" : "\nPRIORITY=3\n"), vector_of(fields_),
                                 vector_of(ends_line ? "" : "CONTAINER_PARTIAL_MESSAGE=true\n")};
    send_all(vectors);
}

/// Of the lowest priority, since the journal drops too much of one priority and leaves the others alone.
JournalLog::~JournalLog() {
    std::array<iovec, 2> vectors{vector_of("CTL_LOG_END=1\nPRIORITY=7\n"), vector_of(fields_)};
    send_all(vectors);
}

void JournalLog::send_all(std::span<iovec> vectors) noexcept {
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = vectors.size();
    while (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        pollfd ready{socket_.get(), POLLOUT, 0};
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
        if (errno != EINTR && (!full || ::poll(&ready, 1, patience_ms) <= 0)) return;
    }
}

} // namespace lib
