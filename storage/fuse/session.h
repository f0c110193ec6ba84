// The connection to the kernel: mounted by ourselves, messages read and answered by a few threads.
#pragma once

#include "base/unique_fd.h"
#include "storage/fuse/locator.h"
#include "storage/fuse/overlay.h"

#include <csignal>
#include <cstdint>
#include <functional>
#include <string>

namespace storage::fuse {

struct MountOptions {
    std::string target;
    bool read_only = false;
    unsigned threads = 0; ///< 0: the number of processors, at most 4
};

/// The kernel's end of a file system to be. Throws Error naming the cause.
UniqueFd open_device();

/// mount(2) of what `device` is to answer for, in the caller's user namespace, in which the device must have been opened. Throws
/// Error naming the cause.
void mount_device(int device, const MountOptions& options);

/// To a process that serves: leave those alone who use the file system still, and come to the end. To be sent again until it does.
inline constexpr int end_signal = SIGUSR1;

/// Answers until the file system is unmounted, which it may be already, or end_signal comes. `ready` is called when the kernel's first message has been answered. Throws Error
/// where it cannot begin. `device`: mounted, or about to be. `locator` says where callers run; without, nobody is followed (readers.h).
void serve(Overlay& overlay, UniqueFd device, const MountOptions& options, Locator& locator, const std::function<void()>& ready);

/// Whether the request that this thread is answering comes from somebody who may not keep set-user-ID and set-group-ID bits of
/// what is written to or cut (FUSE_HANDLE_KILLPRIV_V2, which libfuse 3.14 does not hand on).
bool request_drops_set_ids() noexcept;

/// Before the request that this thread is answering takes long: another thread reads the next ones meanwhile.
void let_others_read() noexcept;

/// What takes long of that request: another thread reads the next ones meanwhile, and it is done at ordinary priority.
int do_slow_work(const std::function<int()>& work);

/// Answers that request, a read, with what `file` has there, where it has all that, in memory, and it is much. False: it is still to be answered.
bool answer_with_file(int file, std::size_t size, off_t offset) noexcept;

/// Makes the kernel ask for the attributes of a node again. For use while a request is being answered.
void notify_attributes_changed(std::uint64_t number) noexcept;

} // namespace storage::fuse
